"""How the cost of a simulation grows: ``python -m validation.benchmarks.scaling [--picture docs/pictures/scaling.png]``.

HighLight on products, one quantity changed at a time: M, N, K, density of the inputs (compressed), arrays. CPU time of the engine
(plan in, outcome out) and of the lowering (every run told), medians; the slope is that of log(time) over log(quantity),
least squares.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import simulator
from simulator import Layer, Machine
from simulator.hardware import load, override
from simulator.lowering import lower
from simulator.registry import resolve
from simulator.report.colours import BLUE, ORANGE, SOFT
from simulator.report.picture import WIDTH, picture
from simulator.sparsity.patterns import parse
from validation.benchmarks.speed.products import HSS, told
from validation.benchmarks.speed.rows import medians

BASE = 512
SIZES = (256, 512, 1024, 2048, 4096)
RUNS = 1


@dataclass(frozen=True)
class Sweep:
    """One quantity at several values: seconds of the engine and of the lowering."""

    name: str
    values: tuple[float, ...]
    engine: tuple[float, ...]
    lowering: tuple[float, ...]


def product(m: int = BASE, k: int = BASE, n: int = BASE, density: float = 1.0) -> Layer:
    """Weights of the pattern, inputs of the density."""
    weights = parse(HSS).generate((m, k), seed=1)
    inputs = np.random.default_rng(2).random((k, n)) < density
    return simulator.gemm(weights, inputs)


def machine(arrays: int) -> Machine:
    """HighLight with so many arrays."""
    return override(load("highlight"), {"array.arrays": str(arrays)})


SWEEPS: dict[str, tuple[Sequence[float], Callable[[float], tuple[Machine, Layer]]]] = {
    "M": (SIZES, lambda size: (load("highlight"), product(m=int(size)))),
    "K": (SIZES, lambda size: (load("highlight"), product(k=int(size)))),
    "N": (SIZES, lambda size: (load("highlight"), product(n=int(size)))),
    "density": ((0.1, 0.2, 0.4, 0.8), lambda part: (load("highlight"), product(512, 512, 512, part))),
    "arrays": ((1, 2, 4, 8), lambda count: (machine(int(count)), product(512, 512, 512))),
}
"""The values of each quantity, and the work at one of them."""


def sweep(name: str) -> Sweep:
    """Measure one quantity."""
    values, made = SWEEPS[name]
    spans = [spent(*made(value)) for value in values]
    engine, lowering = zip(*spans, strict=True)
    return Sweep(name, tuple(map(float, values)), engine, lowering)


def spent(described: Machine, layer: Layer) -> tuple[float, float]:
    """Seconds of the engine and of the lowering."""
    plan, fast = lower(described, layer).plan, resolve("engine", "fast")
    engine, lowering = medians([lambda: fast(plan), lambda: told(described, layer)], RUNS)
    return engine, lowering


def slope(values: Sequence[float], seconds: Sequence[float]) -> float:
    """Exponent of the power law that fits best."""
    return float(np.polyfit(np.log(values), np.log(seconds), 1)[0])


def draw(found: Sequence[Sweep], path: Path) -> None:
    """CPU time over each quantity, on logarithmic axes."""
    gap, left = 0.3, 0.75
    width = (WIDTH - left - 0.25 - gap * (len(found) - 1)) / len(found)
    most = 2e3 * max(max(each.engine + each.lowering) for each in found)
    least = 5e2 * min(min(each.engine + each.lowering) for each in found)
    with picture(path, 4.0) as page:
        page.head(
            "How the cost of a simulation grows", "HighLight, CPU time  ·  engine solid, lowering dashed"
        )
        for number, each in enumerate(found):
            axes = page.axes(left + number * (width + gap), 0.9, width, 2.4)
            for colour, marker, line, seconds in (
                (BLUE, "o", "-", each.engine),
                (ORANGE, "s", "--", each.lowering),
            ):
                label = f"slope {slope(each.values, seconds):.2f}"
                axes.plot(
                    each.values,
                    [1e3 * s for s in seconds],
                    color=colour,
                    marker=marker,
                    ms=4,
                    ls=line,
                    label=label,
                )
            axes.set(xscale="log", yscale="log", xlabel=each.name, ylim=(least, most))
            axes.set_xticks(each.values, [f"{value:g}" for value in each.values], fontsize=7)
            axes.set_yticks((10, 100), ("10", "100") if not number else ("", ""))
            axes.minorticks_off()
            axes.legend(loc="upper left", fontsize=7.5, labelcolor=SOFT)
            axes.set_ylabel("CPU time (ms)" if not number else "")
        page.description = " ".join(
            f"{each.name}: engine slope {slope(each.values, each.engine):.2f}, lowering {slope(each.values, each.lowering):.2f}."
            for each in found
        )


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, draw."""
    options = argparse.ArgumentParser(prog="python -m validation.benchmarks.scaling", description=__doc__)
    options.add_argument("--picture", type=Path, help="PNG to draw")
    chosen = options.parse_args(arguments)
    found = [sweep(name) for name in SWEEPS]
    table = Table(title="highlight: how CPU time grows")
    for heading in ("quantity", "values", "engine, ms", "slope", "lowering, ms", "slope"):
        table.add_column(heading)
    for each in found:
        cells = [each.name, " ".join(f"{value:g}" for value in each.values)]
        for seconds in (each.engine, each.lowering):
            cells += [" ".join(f"{1e3 * s:.3g}" for s in seconds), f"{slope(each.values, seconds):.2f}"]
        table.add_row(*cells)
    Console(width=140).print(table)
    if chosen.picture:
        draw(found, chosen.picture)


if __name__ == "__main__":
    main()
