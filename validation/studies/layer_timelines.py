"""``python -m validation.studies.layer_timelines [NAME...]``: the pictures of whole layers on the machines' pages, drawn anew.

Seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

import simulator
from simulator import Layer
from simulator.record.result import Result
from simulator.report import timeline
from simulator.sparsity.patterns import parse
from validation.claims import dstc, stc
from validation.studies.worked_examples import DOCS


def half() -> Layer:
    """2:4 weights, dense inputs: the first layer of the structured tensor cores' claims."""
    return stc.made(stc.HALF, stc.LAYERS[0], compressed=False)


def unstructured() -> Layer:
    """The layer whose cycles the artifact's shared memory limits, half of the weights."""
    m, k, n, hundredths = dstc.THROTTLED
    rng = np.random.default_rng(0)
    return simulator.gemm(rng.random((m, k)) < 1 / 2, rng.random((k, n)) < hundredths / 100)


def bounded() -> Layer:
    """4:8 weights, inputs bound to 3 of 8."""
    inputs = parse("3:8").generate((1280, 512), axis=0, seed=2)
    return simulator.gemm(parse("4:8").generate((128, 1280), seed=1), inputs)


def alternating() -> Layer:
    """2:4 weights, inputs with 2 of 5 blocks."""
    inputs = parse("C1(2:5)->C0(4:4)").generate((1280, 512), axis=0, seed=2)
    return simulator.gemm(parse("2:4").generate((128, 1280), seed=1), inputs)


def rows() -> Layer:
    """32 dense rows, 64 of 2:4, 128 of 1:4."""
    kinds = (("4:4", 32), ("2:4", 64), ("1:4", 128))
    weights = np.concatenate([parse(text).generate((count, 1280), seed=1) for text, count in kinds])
    return simulator.gemm(weights, np.ones((1280, 512), dtype=bool))


def terms() -> Layer:
    """One outlier of int8 and six inliers of fp4 in every block of 8."""
    rule = parse("1:8 int8 + 6:8 fp4")
    inputs = np.ones((2560, 512), dtype=bool)
    return simulator.gemm(rule.generate((256, 2560), seed=1), inputs, pattern=rule.text)


LAYERS: dict[str, Callable[[], Layer]] = {
    "stc": half,
    "dstc": unstructured,
    "s2ta": bounded,
    "highlight_dsso": alternating,
    "vegeta": rows,
    "sdq_tc": terms,
}
"""By machine, whose name the picture has."""


def run(name: str) -> Result:
    """The layer of a machine on it."""
    made = LAYERS[name]()
    m, k = made.weights.shape
    layer = replace(made, name=f"{m} x {k} x {made.inputs.shape[1]}")
    return simulator.simulate(name, layer, verify=False)


def picture(name: str) -> Path:
    """Where the picture of a machine is."""
    return DOCS / "pictures" / f"{name}.png"


def main() -> None:
    """Draw what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.layer_timelines")
    options.add_argument(
        "names", nargs="*", metavar="NAME", help="machines; all that have one when none is given"
    )
    names = options.parse_args().names or list(LAYERS)
    if unknown := sorted(set(names) - set(LAYERS)):
        options.error(f"no layer of {', '.join(unknown)}; choices: {', '.join(LAYERS)}")
    for name in names:
        result = run(name)
        timeline(result, path=picture(name))
        sys.stdout.write(f"{name}: {result.cycles:,} cycles\n")


if __name__ == "__main__":
    main()
