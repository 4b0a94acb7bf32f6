"""Cycles, work, reads and outputs of random arrays equal those of an array moved register by register."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import simulator
from simulator.hardware import override
from simulator.lowering import lower
from simulator.record.outcome import ComponentOutcome, Outcome
from simulator.record.states import STATES
from simulator.registry import resolve
from validation.oracles.systolic import Case, count

COUNT = 120
FREE = {
    "dram.bandwidth": "unlimited",
    "dram.latency": "1 cycle",
    "dram.burst": "64 KiB",
    "drain.bandwidth": "unlimited",
    "drain.queue": "64",
    "sram.inputs.write_bandwidth": "unlimited",
    "sram.weights.write_bandwidth": "unlimited",
}
"""Operands are in their memories when the first step needs them, one burst each, outputs are taken at once."""


def random(seed: int) -> tuple[Case, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    dataflow = ("os", "ws", "is")[seed % 3]
    rates = [None, Fraction(8), Fraction(24), Fraction(20), Fraction(100)]
    first = (
        (3, 2) if dataflow == "is" else (2, 3)
    )  # a cycle each in DRAM and in the write port; weights go first
    m, k, n = (int(x) for x in rng.integers(1, 14, 3))
    rows, columns = (int(x) for x in rng.integers(1, 6, 2))
    if min(rows, k) == min(columns, m, n) == 1:
        rows, k = 2, k + 1  # folds of a step would need two pieces in a cycle, which DRAM does not give
    case = Case(
        dataflow,
        rows,
        columns,
        drain=str(rng.choice(["shift", "direct"])),
        crossing=str(rng.choice(["whole", "used"])),
        outer=str(rng.choice(["columns", "others"])),
        accumulators=int(rng.integers(1, 9)),
        operand_buffers=int(rng.integers(1, 4)),
        output_buffers=int(rng.integers(1, 3)),
        queue=int(rng.integers(1, 6)),
        latency=int(rng.integers(1, 7)),
        west=rates[int(rng.integers(5))],
        north=rates[int(rng.integers(5))],
        west_latency=int(rng.integers(1, 4)),
        north_latency=int(rng.integers(1, 4)),
        west_from=first[1],
        north_from=first[0],
    )
    return case, rng.integers(-4, 5, (m, k)), rng.integers(-4, 5, (k, n))


def described(case: Case) -> simulator.Machine:
    """The machine of a case."""
    west, north = ("weights", "inputs") if case.dataflow == "is" else ("inputs", "weights")
    changes = {
        f"array.{name}": str(getattr(case, name))
        for name in (
            "rows",
            "columns",
            "dataflow",
            "drain",
            "crossing",
            "accumulators",
            "operand_buffers",
            "output_buffers",
            "queue",
        )
    }
    changes |= {"array.latency": f"{case.latency} cycle", "mapping.outer": case.outer}
    for edge, rate, latency in (
        (west, case.west, case.west_latency),
        (north, case.north, case.north_latency),
    ):
        changes[f"sram.{edge}.read_bandwidth"] = "unlimited" if rate is None else f"{rate} b/cycle"
        changes[f"sram.{edge}.read_latency"] = f"{latency} cycle"
    return override(simulator.load("systolic"), FREE | changes)


def span(outcome: Outcome) -> int:
    """Cycles from the first step of the array, or push into it, to the last."""
    parts = [part for part in outcome.components if part.name in ("array", "push")]
    assert {part.intervals.width for part in parts} == {1}
    busy = np.flatnonzero(sum(part.intervals.counts[STATES.index("busy")] for part in parts))
    return int(busy[-1] - busy[0] + 1)


def component(outcome: Outcome, name: str) -> ComponentOutcome:
    (found,) = [part for part in outcome.components if part.name == name]
    return found


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_random_array(seed: int) -> None:
    case, weights, inputs = random(seed)
    expected = count(case, weights, inputs)
    assert np.array_equal(expected.outputs, weights @ inputs)
    layer = simulator.gemm(weights.astype(np.int8), inputs.astype(np.int8))
    outcome = resolve("engine", "reference")(lower(described(case), layer).plan)
    array = component(outcome, "array")
    assert (array.demand, array.work) == (expected.steps, expected.macs)
    assert array.actions == {
        "mac": expected.macs,
        "mac_gated": 0,
        "operand_read": 2 * expected.macs,
        "operand_write": expected.latched - expected.pushed,
        "psum_read": expected.psum_reads,
        "psum_write": expected.psum_writes,
    }
    assert component(outcome, "drain").actions["drain_word"] == expected.outputs.size
    if case.dataflow != "os":
        push = component(outcome, "push")
        assert (push.demand, push.actions["operand_write"]) == (expected.pushes, expected.pushed)
    west, north = ("weights", "inputs") if case.dataflow == "is" else ("inputs", "weights")
    for edge, values in ((west, expected.west), (north, expected.north)):
        assert component(outcome, f"sram.{edge}.read").demand == values * case.bits
    assert span(outcome) == expected.cycles


@pytest.mark.parametrize("dataflow", ["ws", "is"])
def test_a_second_set_of_registers_hides_all_pushes_but_the_first(dataflow: str) -> None:
    rows, columns, steps, folds = 4, 3, 9, 5
    kept, streamed = np.ones((columns, rows * folds), dtype=bool), np.ones((rows * folds, steps), dtype=bool)
    pair = (kept, streamed) if dataflow == "ws" else (streamed.T, kept.T)
    spans = [
        span(resolve("engine", "reference")(lower(described(case), simulator.gemm(*pair)).plan))
        for case in (Case(dataflow, rows, columns, operand_buffers=sets) for sets in (1, 2))
    ]
    wave = steps + rows + columns - 2
    assert spans == [folds * (rows + wave), rows + folds * wave]


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_pieces_of_nothing_but_padding_are_fetched_as_a_byte(dataflow: str) -> None:
    rng = np.random.default_rng(3)
    layer = simulator.conv2d(
        rng.integers(-4, 5, (3, 2, 3, 3)).astype(np.int8),
        rng.integers(-4, 5, (1, 2, 4, 4)).astype(np.int8),
        padding=1,
    )
    small = {"array.rows": "2", "array.columns": "2", "array.accumulators": "2"}
    small |= {"array.dataflow": dataflow, "sram.inputs.capacity": "16 B"}
    machine = override(simulator.load("systolic"), small)
    lowered = lower(machine, layer)
    inputs = lowered.operands["inputs"]
    pieces = list(inputs.fetched)
    raw = [inputs.view.unique_inputs(0, *piece.slab.k, *piece.slab.x)[0] for piece in pieces]
    assert 0 in raw, "no piece is all padding"
    assert lowered.traffic["dram"]["inputs"] == sum(max(1, elements) for elements in raw)
    results = [
        simulator.simulate(machine, layer, engine=engine, verify=True) for engine in ("reference", "fast")
    ]
    assert results[0].digest == results[1].digest
    assert component(resolve("engine", "reference")(lowered.plan), "dram").demand == sum(
        lowered.traffic["dram"].values()
    )
