"""Pieces of tensors in main memory: apart from each other, whole, and where they were when they are fetched again."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from lowering.layers import layer, lowered, small

import simulator
from simulator.hardware.organisations.stationary import Stationary
from simulator.lowering.addresses import PAGE, TENSORS, Regions, Transfer
from simulator.lowering.stationary_layer import StationaryLayer
from simulator.lowering.stationary_transfers import regions
from simulator.plan import Program
from simulator.plan.check import problems

COUNT = 24


@cache
def told(seed: int) -> StationaryLayer:
    machine = small(simulator.load("highlight"), seed)
    return lowered(machine, layer(machine, seed), seed, chosen=seed % 3 == 0)


def programs(found: StationaryLayer) -> dict[str, Program]:
    (dram,) = [part for part in found.plan.components if part.name == "dram"]
    return {program.name: program for program in dram.programs}


def spans(found: StationaryLayer, tensor: str) -> list[tuple[int, int]]:
    """First and last byte of every burst, in the order they are moved."""
    program = programs(found)[tensor]
    assert program.access is not None
    items = [item for chunk in program.chunks() for item in chunk.items()]
    addresses = list(program.access.addresses())
    return [(address, address + item[0] - 1) for address, item in zip(addresses, items, strict=True)]


def test_every_item_has_an_address() -> None:
    for seed in range(COUNT):
        assert problems(told(seed).plan) == []


def test_outputs_write_and_the_others_read() -> None:
    writes = {name: program.access.write for name, program in programs(told(0)).items() if program.access}
    assert writes == {"weights": False, "inputs": False, "outputs": True}


def test_tensors_and_pieces_lie_apart() -> None:
    again = 0
    for seed in range(COUNT):
        found = told(seed)
        begin = 0
        for tensor in TENSORS:
            moved = spans(found, tensor)
            apart = sorted(set(moved))
            again += len(moved) - len(apart)
            assert all(a[1] < b[0] for a, b in pairwise(apart))
            if apart:
                assert begin <= apart[0][0] == -(-begin // PAGE) * PAGE
                begin = apart[-1][1] + 1
    assert again > 100, "no case fetches a piece again"


def test_what_is_moved_is_the_traffic() -> None:
    for seed in range(COUNT):
        found = told(seed)
        for tensor in TENSORS:
            moved = sum(last + 1 - first for first, last in spans(found, tensor))
            assert (
                found.traffic["dram"][tensor]
                <= moved
                <= found.traffic["dram"][tensor] + len(found.context.visits)
            )


def test_a_piece_is_consecutive_bursts() -> None:
    found = told(1)
    places, burst = regions(found.context, found.outputs), found.context.machine.components.dram.burst.value
    for tensor in TENSORS:
        tables = [row for table in places.runs(tensor) for row in table.tolist()]
        assert {base for _, base, _ in tables} == set(places.bases[tensor].values())
        assert {stride for _, _, stride in tables} == {burst}


def test_pieces_lie_in_the_order_of_their_names_and_parts_of_a_piece_overlap() -> None:
    dram = simulator.load_machine("highlight", Stationary).components.dram
    burst = dram.burst.value
    moved = [Transfer((1,), 2), Transfer((0,), 2, 3), Transfer((0,), 4, 1), Transfer((1,), 2)]
    places = Regions(dram, {"weights": lambda: moved, "inputs": list, "outputs": lambda: [moved[0]]})
    assert places.bases == {"weights": {(0,): 0, (1,): 5 * burst}, "inputs": {}, "outputs": {(1,): PAGE}}
    (table,) = places.runs("weights")
    assert table.tolist() == [
        [2, 5 * burst, burst],
        [2, 3 * burst, burst],
        [4, burst, burst],
        [2, 5 * burst, burst],
    ]
    assert [places.access(tensor).write for tensor in TENSORS] == [False, False, True]
