"""Pieces in the global buffer: read where they were written, and never where another piece still is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from lowering.test_addresses import COUNT, told

from simulator.lowering.slots import TENSORS, Slots
from simulator.lowering.stationary_layer import StationaryLayer
from simulator.mapping import Tile
from simulator.plan import Program
from simulator.plan.check import problems

Span = tuple[int, int]


def programs(found: StationaryLayer, component: str) -> dict[str, Program]:
    (part,) = [part for part in found.plan.components if part.name == component]
    return {program.name: program for program in part.programs}


def spans(program: Program) -> Iterator[Span]:
    """Bytes [first, beyond) of every item."""
    assert program.access is not None
    items = (item for chunk in program.chunks() for item in chunk.items())
    for item, address in zip(items, program.access.addresses(), strict=True):
        yield address, address + item[0]


def filled(found: StationaryLayer, tensor: str) -> list[Span]:
    """Bytes each piece was written to, in the order they were fetched."""
    burst, writes = (
        found.context.machine.components.dram.burst.value,
        spans(programs(found, "glb.write")[tensor]),
    )
    pieces: list[Span] = []
    sizes = found.context.pieces(tensor)[0].tolist()
    for tile, size in zip(found.context.tiles, sizes, strict=True):
        if tile.fetch[TENSORS.index(tensor)]:
            bursts = max(1, -(-size // burst))
            moved = [next(writes) for _ in range(bursts)]
            assert all(a[1] == b[0] for a, b in pairwise(moved)), "a piece is filled from its first byte on"
            pieces.append((moved[0][0], moved[-1][1]))
    assert next(writes, None) is None
    return pieces


def test_every_item_has_an_address() -> None:
    for seed in range(COUNT):
        assert problems(told(seed).plan) == []


def test_pieces_are_written_whole_and_apart_from_those_still_in_use() -> None:
    together = 0
    for seed in range(COUNT):
        found = told(seed)
        live: dict[tuple[str, int], Span] = {}
        pieces = {tensor: iter(enumerate(filled(found, tensor))) for tensor in TENSORS}
        slots = {tensor: Slots(found.context).uses(tensor) for tensor in TENSORS}
        held = {tensor: dict[tuple[int, ...], int]() for tensor in TENSORS}
        for tile in found.context.tiles:
            for which, tensor in enumerate(TENSORS):
                key = tile.group, (tile.row, tile.column)[which], tile.first_window
                if tile.fetch[which]:
                    number, span = next(pieces[tensor])
                    assert all(span[1] <= a or b <= span[0] for a, b in live.values())
                    live[tensor, number], held[tensor][key] = span, number
                assert next(slots[tensor])[1] == live[tensor, held[tensor][key]][0]
            together = max(together, len(live))
            for which, tensor in enumerate(TENSORS):
                key = tile.group, (tile.row, tile.column)[which], tile.first_window
                if tile.last[which]:
                    del live[tensor, held[tensor].pop(key)]
    assert together > 4


def read_items(found: StationaryLayer, tile: Tile, name: str) -> int:
    """Items that read what a visit uses."""
    context = found.context
    if name != "weights":
        flow = context.streams(tile)[name == "inputs_metadata"]
        assert flow is not None
        return flow.rows
    count = 0
    for window in range(tile.first_window, tile.first_window + tile.windows):
        for bits in context.operands.weight_bits(tile.row, window):
            count += -(-bits // context.widths.row)
    return count


def test_what_is_read_was_written() -> None:
    visits = 0
    for seed in range(COUNT):
        found = told(seed)
        for name, program in programs(found, "glb.read").items():
            tensor = name.removesuffix("_metadata")
            reads = spans(program)
            written = iter(filled(found, tensor))
            held: dict[tuple[int, ...], Span] = {}
            for tile in found.context.tiles:
                which = TENSORS.index(tensor)
                key = tile.group, (tile.row, tile.column)[which], tile.first_window
                if tile.fetch[which]:
                    held[key] = next(written)
                read = [next(reads) for _ in range(read_items(found, tile, name))]
                assert all(a[1] <= b[0] for a, b in pairwise(read))
                assert held[key][0] <= read[0][0]
                assert read[-1][1] <= held[key][1]
                assert name == "inputs_metadata" or read[0][0] == held[key][0]
                visits += not tile.fetch[which]
            assert next(reads, None) is None
    assert visits > 100, "no case reads a piece again"
