"""How the cost of a simulation grows: ``python -m validation.benchmarks.scaling [--picture docs/pictures/scaling.png]``.

HighLight on products, one quantity changed at a time: M, N, K, density of the inputs (compressed), arrays; and levels of memory
of a design point on one multiplier. CPU time of the engine (plan in, outcome out) and of the lowering (every run told), medians;
the slope is that of log(time) over log(quantity), least squares.
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
from simulator.frontend import timeloop
from simulator.hardware import load, override
from simulator.lowering import lower, nest
from simulator.plan import Plan
from simulator.registry import resolve
from simulator.report.colours import BLUE, ORANGE, SOFT
from simulator.report.picture import WIDTH, picture
from simulator.sparsity.patterns import parse
from validation.benchmarks.speed.products import HSS
from validation.benchmarks.speed.rows import medians

BASE = 512
SIZES = (256, 512, 1024, 2048, 4096)
RUNS = 1
LEVELS = (1, 2, 3, 4, 5, 6)
NESTED = 64
"""Sides of the product whose loops are shared among levels of memory: a power of two."""


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


def highlight(described: Machine, layer: Layer) -> Callable[[], Plan]:
    """Lowers a layer on a machine."""
    return lambda: lower(described, layer).plan


def nested(levels: int) -> Callable[[], Plan]:
    """Lowers a dense product with its loops of two shared among so many levels of memory, the outermost gets the first.

    Every level moves a word a cycle of each tensor, and buffers hold all they are asked to: counts and cycles depend on the loops
    alone. Energies are placeholders.
    """
    names = [f"L{level}" for level in range(levels)]
    loops = [dimension for _ in range(NESTED.bit_length() - 1) for dimension in "MNK"]
    shares = [[str(d) for d in part] for part in np.array_split(loops, levels)]
    nodes = [
        f"  - !Component {{name: {name}, class: {'storage' if level else 'DRAM'}, attributes: {{width: 8, datawidth: 8"
        + (f", depth: {3 * NESTED**2}" if level else "")
        + ", read_bandwidth: 3, write_bandwidth: 3}}"
        for level, name in enumerate(names)
    ]
    mapping = [
        f"- {{target: {name}, type: temporal, permutation: [M, N, K], factors: "
        f"{' '.join(f'{d}={2 ** share.count(d)}' for d in 'MNK')}}}"
        for name, share in zip(names, shares, strict=True)
    ]
    shape = (
        "{name: matmul, dimensions: [M, N, K], data_spaces: [{name: A, projection: [[[M]], [[K]]]}, "
        "{name: B, projection: [[[K]], [[N]]]}, {name: Z, projection: [[[M]], [[N]]], read_write: true}]}"
    )
    energies = [
        f"  - {{name: {name}, actions: [{{name: read, energy: 1}}, {{name: write, energy: 1}}]}}"
        for name in names
    ]
    text = "\n".join(
        [
            "architecture:\n  version: 0.4\n  nodes:\n  - !Container {name: chip}",
            *nodes,
            "  - !Component {name: MAC, class: compute, attributes: {datawidth: 8}}",
            f"problem:\n  shape: {shape}\n  instance: {{M: {NESTED}, N: {NESTED}, K: {NESTED}}}\nmapping:",
            *mapping,
            "ERT:\n  version: 0.4\n  tables:",
            *energies,
            "  - {name: MAC, actions: [{name: compute, energy: 1}]}",
        ]
    )
    point = timeloop.loads(text, f"{levels} levels")
    tensors, _ = nest.drawn(point, 0)
    return lambda: nest.lower(point, tensors).plan


SWEEPS: dict[str, tuple[Sequence[float], Callable[[float], Callable[[], Plan]]]] = {
    "M": (SIZES, lambda size: highlight(load("highlight"), product(m=int(size)))),
    "K": (SIZES, lambda size: highlight(load("highlight"), product(k=int(size)))),
    "N": (SIZES, lambda size: highlight(load("highlight"), product(n=int(size)))),
    "density": (
        (0.1, 0.2, 0.4, 0.8),
        lambda part: highlight(load("highlight"), product(512, 512, 512, part)),
    ),
    "arrays": ((1, 2, 4, 8), lambda count: highlight(machine(int(count)), product(512, 512, 512))),
    "levels": (LEVELS, lambda levels: nested(int(levels))),
}
"""The values of each quantity, and what makes the plan of the work at one of them."""


def sweep(name: str) -> Sweep:
    """Measure one quantity."""
    values, made = SWEEPS[name]
    spans = [spent(made(value)) for value in values]
    engine, lowering = zip(*spans, strict=True)
    return Sweep(name, tuple(map(float, values)), engine, lowering)


def spent(lowered: Callable[[], Plan]) -> tuple[float, float]:
    """Seconds of the engine and of the lowering, every run told."""
    plan, fast = lowered(), resolve("engine", "fast")

    def told() -> int:
        return sum(c.told for part in lowered().components for p in part.programs for c in p.chunks())

    engine, lowering = medians([lambda: fast(plan), told], RUNS)
    return engine, lowering


def slope(values: Sequence[float], seconds: Sequence[float]) -> float:
    """Exponent of the power law that fits best."""
    return float(np.polyfit(np.log(values), np.log(seconds), 1)[0])


def draw(found: Sequence[Sweep], path: Path) -> None:
    """CPU time over each quantity, on logarithmic axes."""
    gap, left = 0.3, 0.75
    width = (WIDTH - left - 0.25 - gap * (len(found) - 1)) / len(found)
    most = 1e4 * max(max(each.engine + each.lowering) for each in found)
    least = 5e2 * min(min(each.engine + each.lowering) for each in found)
    with picture(path, 4.0) as page:
        page.head(
            "How the cost of a simulation grows",
            "HighLight; levels: a design point on one multiplier  ·  CPU time, engine solid, lowering dashed",
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
            shown = each.values[::2] if max(each.values) >= 1000 else each.values
            axes.set_xticks(shown, [f"{value:g}" for value in shown], fontsize=7)
            axes.set_yticks((10, 100, 1000), ("10", "100", "1000") if not number else ("", "", ""))
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
