"""Simulation against estimation on the sparse cores of the artifact's figure 15: the real Sparseloop's time, our own model's, ours.

Published: one evaluation of these products by Sparseloop took 0.036 to 0.59 CPU seconds, median 0.14, for the structured cores and
0.083 to 0.79 (eight timed, typical) with both operands compressed; process start, parsing and printing included, on the same kind
of machine. Our model and the simulator are timed here, in turn; both are warm and read no file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy

from simulator import InfeasibleError, InputError, Layer, Machine, api
from simulator.hardware import load, override
from simulator.lowering import lower
from simulator.registry import resolve
from validation.benchmarks.speed.rows import Row, medians
from validation.claims.stc import CORES, HALF, LAYERS, QUARTER, THIRD, made

MEDIAN, FASTEST = 0.14, 0.036
DUAL_FASTEST, DUAL_SLOWEST = 0.083, 0.79
POINTS = (
    ("STC", HALF), ("STC flexible CP", HALF), ("STC flexible CP", THIRD), ("STC flexible CP", QUARTER),
    ("STC flexible dualCompress CP", HALF), ("STC flexible dualCompress CP", QUARTER),
)  # fmt: skip


def artifact() -> Iterator[Row]:
    """Geometric means over the points."""
    ours: dict[bool, list[float]] = {False: [], True: []}
    models: list[float] = []
    pairs: list[float] = []
    for name, pattern in POINTS:
        core = CORES[name]
        machine = override(load(core.machine), core.overrides)
        for layer in (made(pattern, shape, core.compressed) for shape in LAYERS):
            simulated, estimated = times(machine, layer)
            ours[core.compressed].append(simulated)
            if estimated is not None:
                models.append(estimated)
                pairs.append(estimated / simulated)
    single, dual = mean(ours[False]), mean(ours[True])
    yield ratio("structured, against Sparseloop's median", MEDIAN / single, single, f"published {MEDIAN} s")
    yield ratio(
        "structured, against Sparseloop's fastest", FASTEST / single, single, f"published {FASTEST} s"
    )
    between = math.sqrt(DUAL_FASTEST * DUAL_SLOWEST)
    both = "both compressed, against Sparseloop's middle"
    yield ratio(both, between / dual, dual, f"of published {DUAL_FASTEST} to {DUAL_SLOWEST} s")
    note = (
        f"ours {mean(models) * 1e3:.2f} ms an estimate, geometric mean of {len(pairs)} points"
        if pairs
        else "none"
    )
    if pairs:
        yield Row("STC family", "simulation against our own analytical model", mean(pairs), "x", note=note)


def ratio(which: str, value: float, seconds: float, published: str) -> Row:
    """How many times faster the simulation is."""
    note = f"{published} (read, not timed here); ours {seconds * 1e3:.2f} ms"
    return Row(
        "STC family of the artifact",
        f"engine and lowering, {which}",
        value,
        "x",
        10,
        True,
        note,
    )


def times(machine: Machine, layer: Layer) -> tuple[float, float | None]:
    """CPU seconds of a simulation (lowering and engine) and of our estimate, None where there is no such description."""
    fast = resolve("engine", "fast")

    def simulate() -> object:
        return fast(lower(copy(machine), layer).plan)  # of which nothing is known yet

    try:
        points = list(api.design_points(machine, layer))
    except (InputError, InfeasibleError):
        return medians([simulate], 3)[0], None
    model = resolve("model", "sparseloop")
    simulated, estimated = medians([simulate, lambda: [model(point) for point in points]], 3)
    return simulated, estimated


def mean(values: list[float]) -> float:
    """Geometric."""
    return math.exp(sum(map(math.log, values)) / len(values))
