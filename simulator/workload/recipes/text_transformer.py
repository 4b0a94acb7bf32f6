"""A small transformer that predicts the next character of a manual, at four degrees of weight sparsity, in int8.

Data: the Python Language Reference, which every Python ships as text in pydoc_data.topics (Python Software Foundation
License Version 2; Copyright Python Software Foundation), every paragraph once; every tenth group of eight paragraphs
is held out. The text differs a little between versions of Python: the attributes say which it was, and its SHA-256.

Network: decoder only, width 96, 3 heads of 32, 2 blocks, hidden width 384, GELU, sequences of 64 characters of 96;
249 thousand parameters. Trained once dense; for each degree the products of the blocks are pruned by magnitude along
K and fine-tuned with the masks fixed. The product that gives the scores of the next character (head) stays dense at
every degree, as is usual.

int8: symmetric per-tensor scales, zero points 0, from running 64 sequences of the training text; normalisation,
softmax, GELU and residual sums in floating point. Perplexity per character on the held-out text, each with at least
32 characters before it, is in the attributes: in floating point and in int8.

Recorded are the operands of every product on the first characters held out, attention as two layers with a group per
head: scores hold the keys and stream the queries, context holds the values and streams the probabilities, which are
zero for later positions. Layers are named degree/layer.

The dense parameters (rounded to half precision, as everything above uses them), the held-out and the calibration text
are written to the file that the option `weights` names; traces/text_transformer.npz is that file of the committed
trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.packages import package
from simulator.workload.layer import Layer
from simulator.workload.model import Trace
from simulator.workload.networks import text
from simulator.workload.networks.transformer import Shape, Transformer, perplexity
from simulator.workload.networks.transformer_file import Trained, save
from simulator.workload.networks.transformer_int8 import Int8, calibrate, layers
from simulator.workload.recipes.torch_training import versions
from simulator.workload.recipes.transformer_training import TransformerTrainer

OPTIONS: dict[str, Any] = {
    "seed": 0,
    "tokens": 32,
    "steps": 2000,
    "finetune_steps": 500,
    "activation": "gelu",
    "weights": "",
}

DEGREES = {
    "dense": "dense",
    "s50": "2:4",
    "s75": "C1(4:8)->C0(2:4)",
    "u75": "unstructured(1/4)",
}
"""Name of each degree and the pattern of the weights that are pruned."""

_CALIBRATION = 64


@dataclass(frozen=True)
class Result:
    """What training gives.

    Attributes
    ----------
    networks : dict of str to Transformer
        By degree, in floating point.
    corpus : Corpus
    calibration : ndarray of uint8, shape (sequences, context)
        From seeded places of the training text.
    """

    networks: dict[str, Transformer]
    corpus: text.Corpus
    calibration: text.Tokens


def train(
    options: dict[str, Any],
    progress: Callable[[int, int], None],
    degrees: dict[str, str] | None = None,
    trained: Transformer | None = None,
) -> Result:
    """Train dense, then prune and fine-tune to each degree.

    Parameters
    ----------
    options : dict
        As :data:`OPTIONS`.
    progress : callable
        Called with (steps done, steps in all).
    degrees : dict, optional
        Name and pattern of each degree; :data:`DEGREES` if not given. The first is the dense network.
    trained : Transformer, optional
        The dense network, where it is known.

    Raises
    ------
    InputError
        PyTorch is not installed, or no such activation.
    """
    package("torch", "train")
    first, *others = (degrees or DEGREES).items()
    steps, done = options["finetune_steps"] * len(others), 0
    if trained is None:
        steps += options["steps"]

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, steps)

    corpus, shape = text.corpus(), Shape(activation=options["activation"])
    trainer = TransformerTrainer(corpus.train, shape, options["seed"], step)
    dense = trainer.train(options["steps"]) if trained is None else trained
    networks = {first[0]: dense}
    networks |= {
        degree: trainer.prune(dense, pattern, options["finetune_steps"]) for degree, pattern in others
    }
    places = np.random.default_rng(options["seed"]).integers(
        0, len(corpus.train) - shape.context, _CALIBRATION
    )
    return Result(networks, corpus, corpus.train[places[:, None] + np.arange(shape.context)])


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Train, prune, quantise and record; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        PyTorch is not installed, no such activation, no or too many tokens, or weights that cannot be written.
    """
    longest = Shape().context
    if not 1 <= options["tokens"] <= longest:
        raise InputError(f"tokens={options['tokens']}: must be 1 to {longest}, the longest sequence")
    found = train(options, progress)
    held = found.corpus.held_out
    made: list[Layer] = []
    floats, integers = {}, {}
    for degree, network in found.networks.items():
        scales = calibrate(network, found.calibration)
        floats[degree] = perplexity(network, held)
        integers[degree] = perplexity(network, held, Int8(scales))
        made += layers(network, scales, held[: options["tokens"]], f"{degree}/")
    attrs = _attrs(found, options, floats, integers)
    if options["weights"]:
        notes = {**attrs, "perplexity_float": floats["dense"], "perplexity_int8": integers["dense"]}
        keep(found, notes, options["weights"])
    return Trace("text_transformer", tuple(made), attrs)


def keep(found: Result, notes: dict[str, Any], path: str | Path) -> None:
    """Write the dense parameters with the texts they are measured and calibrated on.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    save(Trained(found.networks["dense"], found.corpus.held_out, found.calibration, notes), path)


def _attrs(
    found: Result, options: dict[str, Any], floats: dict[str, float], integers: dict[str, float]
) -> dict[str, Any]:
    return {
        **{key: value for key, value in options.items() if key != "weights"},
        "recipe": "text_transformer",
        "description": str(__doc__).strip(),
        "data": text.SOURCE,
        "data_licence": text.LICENCE,
        "data_sha256": found.corpus.sha256,
        "train_characters": len(found.corpus.train),
        "held_out_characters": len(found.corpus.held_out),
        "degrees": list(DEGREES),
        "patterns": list(DEGREES.values()),
        "perplexity_float": [floats[degree] for degree in DEGREES],
        "perplexity_int8": [integers[degree] for degree in DEGREES],
        "versions": versions("numpy", "torch"),
    }
