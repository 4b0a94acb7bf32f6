"""How many mappings the Sparseloop-class model evaluates a second: ``python -m validation.benchmarks.analytical
[--page docs/analytical.md]``.

A product of 256^3 on DRAM, a buffer and 256 register files with a multiplier each; random mappings that share its
description, dense and with compressed operands, skipping and gating. One at a time and as arrays, CPU time of one
core, medians, after one call that is not counted. Then an estimate against a simulation (plan in, result out) of the
same layer, on machines that are also design points.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

import simulator
from simulator import api
from simulator.analytical.sparseloop import MODES, estimate
from simulator.analytical.sparseloop.batch import Mappings, evaluate, nest_of
from simulator.errors import InfeasibleError
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Nest
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product, access
from validation import markdown
from validation.benchmarks.zoo import KINDS

SIZE, LANES, MAPPINGS, SINGLE, RUNS = 256, 16, 5000, 200, 5
MACHINES = ("tc", "stc", "highlight", "dstc")
HEADING = ("design point", "mode", "evaluations/s, one at a time", "evaluations/s, as arrays")
AGAINST = ("machine", "layer", "layer to design point, ms", "its estimate, ms", "simulation, ms")
Names = frozenset({"A", "B", "Z"})


def point(sparse: bool) -> DesignPoint:
    """The product on three memories, dense or with features at all of them."""
    sizes = dict.fromkeys("MNK", SIZE)
    a, b, z = (_tensor(name, ranks, sizes) for name, ranks in (("A", "MK"), ("B", "KN"), ("Z", "MN")))
    rate = Fraction(16)
    storage = (
        Storage(
            "DRAM", "DRAM", "DRAM", 1, 1, 1, 16, read_bandwidth=rate, write_bandwidth=rate, metadata_bits=64
        ),
        Storage(
            "Buffer", "Buffer", "SRAM", 1, 1, 1, 16, capacity=65536, read_bandwidth=2 * rate, metadata_bits=64
        ),
        Storage(
            "Register", "Register", "regfile", LANES**2, LANES, LANES, 16, capacity=256, metadata_bits=64
        ),
    )
    nest = Nest(tuple(LevelNest(memory.name, (), (), Names) for memory in storage))
    compute = Compute("MAC", "MAC", LANES**2, LANES, LANES, 16)
    made = DesignPoint(
        "product",
        Product("gemm", tuple(sizes.items()), (a, b), z),
        Hierarchy("three", storage, compute),
        nest,
    )
    return replace(made, features=_features(), occupancy=_densities()) if sparse else made


def _tensor(name: str, ranks: str, sizes: dict[str, int]) -> Access:
    return access(name, tuple(((rank, 1),) for rank in ranks), sizes)


def _features() -> Features:
    listed = tuple(
        Representation(name, (RankFormat("UOP", payload_bits=8), RankFormat("CP", 8))) for name in "AB"
    )
    skip = Rule("skipping", (Condition("B", ("A",)),))
    gate = Rule("gating", (Condition("A", ("B",)),))
    return Features(
        {
            "DRAM": LevelFeatures(listed),
            "Buffer": LevelFeatures(listed, (skip,)),
            "Register": LevelFeatures(listed, (gate,)),
        },
        ("skipping",),
    )


def _densities() -> dict[str, Occupancy]:
    return {
        "A": Occupancy("hypergeometric", Fraction(1, 4)),
        "B": Occupancy("hypergeometric", Fraction(1, 2)),
    }


def mappings(number: int, seed: int = 1) -> Mappings:
    """Powers of two of every rank over time and space of three memories, at random."""
    rng = np.random.default_rng(seed)
    shape = (number, 3, 3)
    temporal, x, y = (np.ones(shape, np.int64) for _ in range(3))
    powers = SIZE.bit_length() - 1
    rows, ranks = np.repeat(np.arange(number), 3), np.tile(np.arange(3), number)
    for _ in range(powers):
        level, place = rng.integers(3, size=3 * number), rng.integers(6, size=3 * number)
        for target, chosen in ((x, place == 0), (y, place == 1), (temporal, place > 1)):
            target[rows[chosen], level[chosen], ranks[chosen]] *= 2
    return Mappings(temporal, np.argsort(rng.random(shape), axis=2), x, y)


def median(call: Callable[[], object]) -> float:
    """Median CPU seconds of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def rates(number: int = MAPPINGS, single: int = SINGLE) -> list[tuple[str, str, float, float | None]]:
    """Evaluations a second of the dense and the sparse point, per mode, one at a time and as arrays."""
    rows: list[tuple[str, str, float, float | None]] = []
    many = mappings(number)
    for sparse in (False, True):
        base = point(sparse)
        points = _feasible(base, many, single)
        for mode in MODES if not sparse else ("default",):
            alone = len(points) / median(lambda points=points, mode=mode: [estimate(p, mode) for p in points])
            batched = number / median(lambda base=base: evaluate(base, many)) if mode == "default" else None
            rows.append(("sparse" if sparse else "dense", mode, alone, batched))
    return rows


def _feasible(base: DesignPoint, many: Mappings, number: int) -> list[DesignPoint]:
    """The first mappings that fit, as design points."""
    fits = np.flatnonzero(evaluate(base, many).fits)
    points = [replace(base, nest=nest_of(base, many, int(i))) for i in fits[:number]]
    if not points:
        raise InfeasibleError(f"none of {len(many)} mappings fits; draw more")
    return points


def against_simulation() -> list[list[str]]:
    """Milliseconds to make a design point of a layer, to estimate it, and to simulate the layer (not verified)."""
    rows = []
    for name in MACHINES:
        machine, kind = simulator.load_machine(name), KINDS[1]
        layer = kind.make(True)
        made = api.design_point(machine, layer)
        seconds = (
            median(lambda machine=machine, layer=layer: api.design_point(machine, layer)),
            median(lambda made=made: estimate(made)),
            median(lambda machine=machine, layer=layer: simulator.simulate(machine, layer, verify=False)),
        )
        rows.append([name, kind.name, *(f"{1e3 * each:.1f}" for each in seconds)])
    return rows


def main() -> None:
    """Measure, print, and write what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m validation.benchmarks.analytical")
    parser.add_argument("--page", type=Path, help="page whose tables are replaced")
    asked = parser.parse_args()
    told = [[*row[:2], f"{row[2]:,.0f}", "" if row[3] is None else f"{row[3]:,.0f}"] for row in rates()]
    lines = [
        *markdown.table([HEADING, *told], text=2),
        "",
        *markdown.table([AGAINST, *against_simulation()], text=2),
    ]
    text = "\n".join(lines)
    sys.stdout.write(text + "\n")
    if asked.page:
        markdown.rewrite(asked.page, text)


if __name__ == "__main__":
    main()
