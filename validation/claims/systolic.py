"""Systolic arrays: the cycles of SCALE-Sim and of STONNE's output-stationary mesh, and a case where a closed form is wrong.

With unlimited memories, an R x C array and ceil(rows / R) ceil(columns / C) folds of T steps, rows and columns of the outputs and
T = K (os), or K by the columns of the operand that stays and T the length of the other (ws, is), SCALE-Sim counts

    os          T + R + C - 2 per fold           (its code; sums leave while the last ones are made)
    ws, is    2 R + C + T - 2 per fold           (its paper gives this for os too: sums shift out down the columns)

and its report shows one cycle less, the index of the last cycle. Here nothing is added up: the busy cycles are those in which
the engine saw the array step, or an operand that stays pushed in, fill and drain included, and no cycle is lost between. STONNE
waits for a tile's outputs before the next tile; with R' and C' the rows and columns a tile uses it needs

    K + R' + C' + 3 per tile                     one less when R' or C' is 1

of which T + R' + C' - 2 are steps and 5 its way from the array to memory and back (``array.latency``, ``array.output_buffers: 1``).

Where an edge needs more values per cycle than its memory reads, no such form holds. The expected count is then of an array moved
register by register behind ports of that rate (validation/oracles/systolic.py), and both engines must give it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import numpy as np

import simulator
from simulator import Layer
from simulator.record.result import Result
from simulator.record.states import STATES
from validation.claims import Claim, information, within
from validation.oracles.systolic import Case, count

SCALE_SIM = "SCALE-Sim v3 at commit 1d62b68, run for this table: its reported compute cycles + 1"
PAPER = "Samajdar et al., SCALE-Sim, ISPASS 2020: 2 R + C + T - 2 per fold"
STONNE = "STONNE at commit 22634b8, -mn_type=OS_MESH, run for this table: cycles it prints"
ORACLE = "validation/oracles/systolic.py: registers and ports, cycle by cycle"

FREE = {
    "dram.bandwidth": "unlimited",
    "dram.latency": "1 cycle",
    "dram.burst": "64 KiB",
    "drain.bandwidth": "unlimited",
    "sram.inputs.write_bandwidth": "unlimited",
    "sram.weights.write_bandwidth": "unlimited",
    "sram.inputs.read_bandwidth": "unlimited",
    "sram.weights.read_bandwidth": "unlimited",
}
SHAPES = (
    (4, 4, 4, 4, 4),
    (16, 16, 64, 8, 8),
    (32, 24, 64, 16, 8),
    (20, 10, 36, 8, 8),
    (32, 32, 64, 16, 16),
    (50, 40, 100, 16, 16),
    (1, 1, 5, 4, 4),
)
"""SCALE-Sim's (M, N, K) and array: its M are positions (here N), its N filters (here M)."""
REPORTED = {
    "os": (9, 311, 515, 299, 375, 1559, 10),
    "ws": (13, 607, 839, 419, 623, 2015, 21),
    "is": (13, 607, 991, 479, 623, 2407, 21),
}
TILES = {
    (4, 4, 16, 4): 27,
    (4, 4, 1, 4): 12,
    (8, 8, 32, 8): 51,
    (8, 4, 16, 8): 31,
    (3, 2, 16, 4): 24,
    (16, 16, 256, 16): 291,
    (50, 40, 100, 16): 1546,
}
"""STONNE's (M, N, K) on a square mesh: cycles."""


def claims() -> Iterator[Claim]:
    """All claims about systolic arrays."""
    for dataflow, reported in REPORTED.items():
        for shape, cycles in zip(SHAPES, reported, strict=True):
            yield from _scale_sim(dataflow, shape, cycles)
    for shape in SHAPES[1:]:
        yield _paper(shape)
    for case, cycles in TILES.items():
        yield _stonne(case, cycles)
    for bandwidth in (12, 8):
        yield from contention(bandwidth)


def _layer(m: int, n: int, k: int) -> Layer:
    """Another tool's M x K by K x N: its rows of outputs are positions here."""
    return simulator.gemm(np.ones((n, k), dtype=bool), np.ones((k, m), dtype=bool))


def _run(layer: Layer, rows: int, columns: int, engine: str = "fast", **changes: str) -> Result:
    array = {"array.rows": str(rows), "array.columns": str(columns)}
    named = {name.replace("__", "."): text for name, text in changes.items()}
    return simulator.simulate("systolic", layer, engine=engine, verify=False, overrides=FREE | array | named)


def _scale_sim(dataflow: str, shape: tuple[int, ...], reported: int) -> Iterator[Claim]:
    m, n, k, rows, columns = shape
    result = _run(_layer(m, n, k), rows, columns, array__dataflow=dataflow, array__drain="direct")
    what = f"{dataflow}, {m} x {k} x {n} on {rows} x {columns}"
    busy = result.busy["array"] + result.busy.get("push", 0)
    yield within(f"busy cycles, {what}", reported + 1, busy, "cycles", 0, SCALE_SIM)
    yield within(f"first step to last, {what}", reported + 1, _span(result), "cycles", 0, SCALE_SIM)


def _paper(shape: tuple[int, ...]) -> Claim:
    m, n, k, rows, columns = shape
    result = _run(_layer(m, n, k), rows, columns, array__drain="shift")
    expected = -(-m // rows) * -(-n // columns) * (2 * rows + columns + k - 2)
    name = f"busy cycles, os, sums shifted out, {m} x {k} x {n} on {rows} x {columns}"
    return within(name, expected, result.busy["array"], "cycles", 0, PAPER)


def _stonne(case: tuple[int, int, int, int], cycles: int) -> Claim:
    """Cycles the layer adds when it is run twice in a row: what surrounds the tiles is the same."""
    m, n, k, size = case
    mesh = {
        "array__drain": "direct",
        "array__crossing": "used",
        "array__output_buffers": "1",
        "array__latency": "5 cycle",
        "mapping__outer": "others",
    }
    once, twice = (_run(_groups(m, n, k, times), size, size, **mesh).cycles for times in (1, 2))
    name = f"cycles of {m} x {k} x {n} on a mesh of {size} x {size}"
    return within(name, cycles, twice - once, "cycles", 0, STONNE)


def _groups(m: int, n: int, k: int, times: int) -> Layer:
    """So many equal products in a row, as the groups of a convolution."""
    weights, inputs = np.ones((times * n, k, 1, 1), dtype=bool), np.ones((1, times * k, m, 1), dtype=bool)
    return simulator.conv2d(weights, inputs, groups=times)


def contention(bandwidth: int) -> Iterator[Claim]:
    """The left edge of 16 rows behind a memory that reads fewer values per cycle."""
    shape = 32, 32, 64, 16, 16
    layer, what = _layer(*shape[:3]), f"os, left edge reads {bandwidth} of 16 values per cycle"
    expected = _counted(bandwidth)
    rate = {"sram__inputs__read_bandwidth": f"{bandwidth} B/cycle", "array__drain": "direct"}
    for engine in ("fast", "reference"):
        result = _run(layer, 16, 16, engine, **rate)
        yield within(
            f"cycles from first step to last, {what}, {engine} engine",
            expected,
            _span(result),
            "cycles",
            0,
            ORACLE,
        )
    form = 4 * (64 + 16 + 16 - 2)
    note = "the closed form does not see the memory"
    yield information(f"closed form beside the truth, {what}", form, "cycles", SCALE_SIM, expected, note)


@cache
def _counted(bandwidth: int) -> int:
    case = Case("os", 16, 16, drain="direct", west=Fraction(8 * bandwidth), west_from=3, north_from=2)
    ones = np.ones((32, 64), dtype=np.int64)
    return count(case, ones, ones.T).cycles


def _span(result: Result) -> int:
    """Cycles from the first step of the array, or push of the operand that stays, to the last."""
    parts = [part for part in result.layers[0].components if part.name in ("array", "push")]
    if {part.intervals.width for part in parts} != {1}:
        raise ValueError("the run is too long for a timeline cycle by cycle")
    busy = np.flatnonzero(sum(part.intervals.counts[STATES.index("busy")] for part in parts))
    return int(busy[-1] - busy[0] + 1)
