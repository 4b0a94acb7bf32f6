"""Pieces are in their memory when they are read, never more of them than fit, and every value is fetched that is used."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, Machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.systolic.layer import SystolicLayer
from simulator.lowering.systolic.pieces import Operand


def lowered(machine: Machine, m: int, k: int, n: int) -> SystolicLayer:
    found = lower(machine, simulator.gemm(np.ones((m, k), dtype=bool), np.ones((k, n), dtype=bool)))
    assert isinstance(found, SystolicLayer)
    return found


def small(dataflow: str, capacity: int, outer: str = "columns") -> Machine:
    sizes = {f"sram.{tensor}.capacity": f"{capacity} B" for tensor in ("weights", "inputs")}
    array = {"array.rows": "4", "array.columns": "3", "array.accumulators": "8", "array.dataflow": dataflow}
    return override(simulator.load("systolic"), {**sizes, **array, "mapping.outer": outer})


@pytest.mark.parametrize("outer", ["columns", "others"])
@pytest.mark.parametrize("capacity", [32, 48, 100, 200, 4096])
@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_memories_hold_what_is_read(dataflow: str, capacity: int, outer: str) -> None:
    case = lowered(small(dataflow, capacity, outer), 10, 21, 18)
    for operand in case.operands.values():
        walk(operand, capacity)


def walk(operand: Operand, capacity: int) -> None:
    """Fetch in order as late as possible: what a fold reads is the oldest of what is there, or about to be fetched."""
    there: list[object] = []
    for visit in operand.visits:
        pieces = operand.pieces(visit.use)
        values = {(k, x) for piece in pieces for k in range(*piece.slab.k) for x in range(*piece.slab.x)}
        assert values == {(k, x) for k in range(*visit.use.slab.k) for x in range(*visit.use.slab.x)}
        assert sum(piece.width * piece.steps for piece in pieces) == len(values)
        for i, piece in enumerate(pieces):
            if visit.fetch:
                there.append(piece.slab)
            assert piece.slab in there
            if visit.last and i:  # a skewed edge still reads the end of the piece before
                there.remove(pieces[i - 1].slab)
            assert len(there) <= operand.slots
        if visit.last:
            assert there[0] == pieces[-1].slab, "let go in the order they were fetched"
            there.pop(0)
    assert there == []
    assert operand.slots * operand.largest.width * min(operand.largest.steps, operand.chunk) <= capacity


@pytest.mark.parametrize(
    ("capacity", "weights", "inputs"),
    [(4096, 10 * 21, 21 * 18), (100, 10 * 21, 4 * 21 * 18), (48, 5 * 10 * 21, 4 * 21 * 18)],
)
def test_what_stays_is_fetched_once(capacity: int, weights: int, inputs: int) -> None:
    """OS, 4 tiles of 3 filters outermost, 5 of 4 positions: all fits; a filter's slab fits; nothing does."""
    traffic = lowered(small("os", capacity), 10, 21, 18).traffic["dram"]
    assert (traffic["weights"], traffic["inputs"], traffic["outputs"]) == (weights, inputs, 10 * 18)


def test_a_memory_too_small_for_its_edge_is_refused() -> None:
    assert lowered(small("os", 24), 10, 21, 18).operands["inputs"].chunk == 3
    with pytest.raises(
        InfeasibleError, match=r"sram\.inputs\.capacity is 23 B, too small for 2 pieces of 4 x 3"
    ):
        lowered(small("os", 23), 10, 21, 18)


def test_the_queue_to_dram_holds_the_bursts_of_a_step() -> None:
    tight = {"dram.burst": "1 B", "drain.queue": "2"}
    with pytest.raises(InfeasibleError, match=r"fill 3 bursts of 1 B, drain\.queue is 2; raise"):
        lowered(override(small("ws", 4096), tight), 10, 21, 18)
    assert lowered(override(small("ws", 4096), {**tight, "drain.queue": "3"}), 10, 21, 18).plan
