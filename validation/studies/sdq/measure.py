"""What the study measures: perplexity of decomposed networks, and cycles of their products.

The block products (qkv, proj, fc1, fc2) are decomposed; head and embeddings stay fp16, as is usual. Calibration activations are
those of the dense network on text of its training. Perplexity is over all text held out, everything outside the products in
float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import simulator
from simulator.paths import data_path
from simulator.sparsity.patterns import parse
from simulator.transform import sdq
from simulator.workload.networks.transformer import Transformer, perplexity
from simulator.workload.networks.transformer_file import Trained, load
from validation.studies.sdq.training import FOLDER

MACHINE = "sdq_tc"
WIDE = dict.fromkeys(("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth"), "128 B/cycle")
"""A machine whose memories keep up: two windows of any format per cycle."""

TOKENS = 512
"""Activations of a product when cycles are counted."""

LLAMA = (4096, 4096)
"""M, K of the attention projections of LLaMA-7B (Touvron et al., arXiv 2302.13971, table 2)."""

NAMES = (
    "dense",
    "S-W4:8",
    "S-S4:8",
    "S-W2:4",
    "S-S2:4",
    "Q-W8A8",
    "Q-W4A16",
    "Q-W4A4",
    "Q-Wfp4Afp4",
    "SDQ-W8:8-1:8int8-7:8fp4",
    "SDQ-W7:8-1:8int8-6:8fp4",
    "SDQ-S7:8-1:8int8-6:8fp4",
    "SDQ-S7:8-1:8int8-6:8int4",
    "SDQ-S6:8-2:8int8-4:8fp4",
    "SDQ-S6:8-1:8int8-5:8fp4",
)
"""Dense, sparsified only, quantised only, both."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """A configuration.

    Attributes
    ----------
    config : Config
    perplexity : tuple of float
        Of each network.
    rise : tuple of float
        Over the same network's dense perplexity, less 1.
    speedup : dict of str to float
        Cycles of dense fp16 over its own, by workload and memories.
    """

    config: sdq.Config
    perplexity: tuple[float, ...]
    rise: tuple[float, ...]
    speedup: dict[str, float]


def networks() -> dict[int, Path]:
    """Files of trained networks by seed: the committed one of the recipe, and the study's own."""
    others = {int(path.stem.removeprefix("seed")): path for path in sorted(FOLDER.glob("seed*.npz"))}
    return {0: Path(data_path("traces", "text_transformer.npz"))} | others


def products(network: Transformer) -> list[str]:
    """Names of the products that are decomposed."""
    return [name for name in network.shape.linears if name != "head"]


def activations(trained: Trained) -> dict[str, Floats]:
    """Inputs of every product on the calibration text, shape (samples, K)."""
    found: dict[str, list[Floats]] = {name: [] for name in products(trained.network)}

    def record(name: str, a: Floats, b: Floats) -> Floats:
        if name in found:
            found[name].append(b.swapaxes(1, 2).reshape(-1, b.shape[1]).astype(np.float64))
        return a @ b

    trained.network.logits(trained.calibration, record)
    return {name: np.concatenate(some) for name, some in found.items()}


def decomposed(
    network: Transformer, name: str, known: dict[str, sdq.Calibration]
) -> dict[str, sdq.Decomposition]:
    """Every product of a network by a configuration."""
    return {each: sdq.decompose(network.weight(each), name, known[each]) for each in products(network)}


def quality(trained: Trained, made: dict[str, sdq.Decomposition], characters: int | None) -> float:
    """Perplexity with the products decomposed, on the first characters held out, or all."""

    def multiply(name: str, a: Floats, b: Floats) -> Floats:
        if name not in made:
            return a @ b
        batch, depth, tokens = b.shape
        columns = b.swapaxes(0, 1).reshape(depth, batch * tokens)
        outputs = made[name].outputs(columns).astype(np.float32)
        return outputs.reshape(len(outputs), batch, tokens).swapaxes(0, 1)

    return perplexity(trained.network, trained.held_out[:characters], multiply)


def measure(
    names: Iterable[str], seeds: dict[int, Path], told: Callable[[str], None], characters: int | None = None
) -> list[Row]:
    """All configurations on all networks.

    Parameters
    ----------
    names : iterable of str
        Of configurations.
    seeds : mapping of int to Path
        Networks; cycles are those of the first.
    told : callable
        Called with what is done next.
    characters : int, optional
        Of the text held out; all if not given.
    """
    found: dict[str, list[float]] = {name: [] for name in ("dense", *names)}
    cycles: dict[str, dict[str, int]] = {}
    for seed, path in seeds.items():
        trained = load(path)
        inputs = activations(trained)
        known = {name: sdq.Calibration.of(some) for name, some in inputs.items()}
        for name in found:
            told(f"seed {seed}, {name}")
            made = decomposed(trained.network, name, known)
            found[name].append(quality(trained, made, characters))
            if seed == next(iter(seeds)):
                cycles[name] = counted(made, inputs)
    dense = found["dense"]
    return [
        Row(
            sdq.parse(name),
            tuple(some),
            tuple(p / base - 1 for p, base in zip(some, dense, strict=True)),
            {key: cycles["dense"][key] / value for key, value in cycles[name].items()},
        )
        for name, some in found.items()
    ]


def counted(made: dict[str, sdq.Decomposition], inputs: dict[str, Floats]) -> dict[str, int]:
    """Cycles of all products of the network, and of one of LLaMA-7B's, by memories."""
    config = next(iter(made.values())).config
    layers = [each.layer(inputs[name][:TOKENS].T, name) for name, each in made.items()]
    found = {}
    for memories, overrides in (("described", {}), ("wide", WIDE)):
        machine = simulator.load_machine(MACHINE, overrides=overrides)
        runs = (simulator.simulate(machine, layer, verify=True) for layer in layers)
        found[f"ours, {memories}"] = sum(run.cycles for run in runs)
        large = simulator.simulate(machine, projection(config.pattern), verify=False)
        found[f"LLaMA-7B, {memories}"] = large.cycles
    return found


@cache
def projection(pattern: str) -> simulator.Layer:
    """A product of LLaMA-7B's size whose weights satisfy a pattern, seeded."""
    rule, (m, k) = parse(pattern), LLAMA
    depth = k * (pattern.count("+") + 1)
    weights = rule.generate((m, depth), seed=1)
    return simulator.gemm(weights, np.ones((depth, TOKENS), dtype=bool), pattern=pattern)
