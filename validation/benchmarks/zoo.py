"""How fast every machine of hwconfigs/ is simulated: ``python -m validation.benchmarks.zoo [--page docs/speed.md] [NAME...]``.

The same three layers on every machine: a dense product, the product with three quarters of the weights and half of the inputs zero,
and a convolution with as many zeros. Warm, CPU time of one core, medians; `engine` is plan in, outcome out, `whole call` adds
lowering and energy (no functional check). The reference engine runs smaller layers of the same kinds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import simulator
from simulator import InfeasibleError, InputError, Layer
from simulator.hardware import load, names
from simulator.lowering import lower
from simulator.registry import resolve
from simulator.sparsity.patterns import parse
from validation import markdown

PATTERN = "C1(4:8)->C0(2:4)"
LARGE, SMALL = 256, 64
RUNS, ENOUGH = 5, 10.0
"""Most runs of a median; no more are begun after so many seconds."""
HEADING = (
    "machine", "layer", "cycles", "engine, M cycles/s", "engine, G dense MAC/s", "whole call, G dense MAC/s",
    "reference, k cycles/s", "fast / reference",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A layer in two sizes.

    Attributes
    ----------
    name : str
    make : callable
        Draws it, large or small.
    """

    name: str
    make: Callable[[bool], Layer]


def product(weights: str, inputs: str, large: bool) -> Layer:
    """A product of square matrices."""
    size = LARGE if large else SMALL
    a = parse(weights).generate((size, size), axis=-1, seed=1)
    return simulator.gemm(a, parse(inputs).generate((size, size), axis=0, seed=2))


def convolution(large: bool) -> Layer:
    """3 x 3, as many channels in as out: 128 on 14 x 14, or 32 on 6 x 6."""
    channels, size = (128, 14) if large else (32, 6)
    flat = parse(PATTERN).generate((channels, 9 * channels), axis=-1, seed=1)
    kernel = np.ascontiguousarray(flat.reshape(channels, 3, 3, channels).transpose(0, 3, 1, 2))
    images = parse("unstructured(1/2)").generate((1, channels, size, size), axis=1, seed=2)
    return simulator.conv2d(kernel, images, padding=1)


KINDS = (
    Kind("product, dense", lambda large: product("dense", "dense", large)),
    Kind("product, sparse", lambda large: product(PATTERN, "unstructured(1/2)", large)),
    Kind("convolution, sparse", convolution),
)


def median(call: Callable[[], object]) -> float:
    """Median CPU seconds of a call, after one that is not counted."""
    call()
    times: list[float] = []
    while len(times) < RUNS and sum(times) < ENOUGH:
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def row(name: str, kind: Kind) -> list[str]:
    """One machine on one kind of layer."""
    machine, layer = load(name), kind.make(True)
    plan, fast = lower(machine, layer).plan, resolve("engine", "fast")
    cycles, macs = fast(plan).cycles, layer.einsum.macs
    engine = median(lambda: fast(plan))
    whole = median(lambda: simulator.simulate(machine, layer, verify=False))
    slow = reference(name, kind)
    numbers = [
        cycles / engine / 1e6,
        macs / engine / 1e9,
        macs / whole / 1e9,
        slow / 1e3,
        cycles / engine / slow,
    ]
    return [name, kind.name, f"{cycles:,}", *(f"{float(f'{value:.3g}'):,g}" for value in numbers)]


def reference(name: str, kind: Kind) -> float:
    """Cycles per second of the reference engine on the small layer, from one run."""
    plan, run = lower(load(name), kind.make(False)).plan, resolve("engine", "reference")
    start = time.process_time()
    return float(run(plan).cycles / (time.process_time() - start))


def main() -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.benchmarks.zoo")
    options.add_argument(
        "names", nargs="*", metavar="NAME", help="machines; all of hwconfigs/ when none is given"
    )
    options.add_argument(
        "--page", type=Path, help="page whose table is replaced, or with NAMEs those rows of it"
    )
    chosen = options.parse_args()
    rows, refused = [], []
    for name in chosen.names or names():
        for kind in KINDS:
            sys.stderr.write(f"{name}, {kind.name}\n")
            try:
                rows.append(row(name, kind))
            except (InfeasibleError, InputError) as error:
                refused.append(f"`{name}` runs no {kind.name}: {error}.")
    sys.stdout.write(told(rows, refused) + "\n")
    if chosen.page:
        if chosen.names:
            rows, refused = beside(chosen.page.read_text(encoding="utf-8"), chosen.names, rows, refused)
        markdown.rewrite(chosen.page, told(rows, refused))


def told(rows: list[list[str]], refused: list[str]) -> str:
    """The table, and what was refused."""
    return "\n".join([*markdown.table([HEADING, *rows], text=2), *(f"\n{line}" for line in refused)])


def beside(
    page: str, measured: list[str], rows: list[list[str]], refused: list[str]
) -> tuple[list[list[str]], list[str]]:
    """Rows and refusals of some machines, and what the page says of the others of hwconfigs/, in the order of machines."""
    others = set(names()) - set(measured)
    lines = page.splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    kept = [row for row in cells if row[0] in others and len(row) == len(HEADING)]
    said = [line for line in lines if any(line.startswith(f"`{name}` runs no ") for name in others)]
    return sorted(kept + rows, key=lambda row: row[0]), sorted(said + refused)


if __name__ == "__main__":
    main()
