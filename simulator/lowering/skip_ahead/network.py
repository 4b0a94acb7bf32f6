"""The network of a skip-ahead machine, and its programs above DRAM.

::

    dram --> llb.write --> [pieces] --> llb.intersect --> llb.read --> element.e --> [tile] --> drain --> dram

The unit above the elements intersects the blocks of K of a tile of weights with those of a tile of inputs; the pairs of tiles that
both have are read and sent to the element the tile of outputs is dealt to. An element intersects the fibers of a pair, row by
column.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import skip_ahead
from simulator.errors import InfeasibleError
from simulator.lowering import pieces
from simulator.lowering.addresses import Regions, Transfer, bursts
from simulator.lowering.blocks import gather, plain
from simulator.lowering.network import Network, rate
from simulator.lowering.pieces import at, told
from simulator.lowering.skip_ahead.strips import Output, Strips
from simulator.plan import Chunk, Plan

TENSORS = ("weights", "inputs")
REGISTER = 8
"""Bits of an operand register (fixes the unit of `operand_read` and `operand_write`)."""
ACTIONS = ["mac", "operand_read", "operand_write", "psum_read", "psum_write"]


def build(strips: Strips) -> Plan:
    """The network of one layer, every program told lazily."""
    network, parts = Network(), strips.machine.components
    _check_bursts(strips)
    names = [f"element.{e}" for e in range(parts.elements.count.value)]
    _channels(network, strips, names)
    _memories(network, strips, names)
    for number, name in enumerate(names):
        program = network.program(
            "pairs",
            [f"{name}.pairs", f"{name}.space"],
            [f"{name}.tile"],
            ACTIONS,
            partial(products, strips, number),
        )
        network.component(name, "elements", "server", [program])
    drain = network.program(
        "outputs",
        [f"{name}.tile" for name in names],
        [*(f"{name}.space" for name in names), "dram.outputs"],
        ["drain_word"],
        partial(drains, strips),
    )
    network.component("drain", "drain", "server", [drain], rate(parts.drain.bandwidth.value))
    return network.plan()


def _check_bursts(strips: Strips) -> None:
    parts = strips.machine.components
    most = max(
        int(_lines(strips, *shape)[1].max()) for shape in {(o.rows, o.columns) for o in strips.outputs}
    )
    if most > parts.drain.queue.value:
        raise InfeasibleError(
            f"the outputs of a column end {most} bursts of {parts.dram.burst.value} B at once, drain.queue is "
            f"{parts.drain.queue.value}; raise drain.queue"
        )


def _channels(network: Network, strips: Strips, names: list[str]) -> None:
    parts = strips.machine.components
    for tensor in TENSORS:
        network.channel(f"dram.{tensor}", parts.dram.arrival + 2, parts.dram.arrival)
        network.channel(f"{tensor}.ready", strips.slots(tensor))
        network.space(f"{tensor}.space", strips.slots(tensor))
    network.channel("matched", parts.elements.queue.value)
    for name in names:
        network.channel(f"{name}.pairs", parts.elements.operand_buffers.value, parts.llb.read_latency.value)
        network.space(f"{name}.space", parts.elements.output_buffers.value)
        network.channel(f"{name}.tile", parts.elements.output_buffers.value, parts.elements.latency.value)
    network.channel("dram.outputs", parts.drain.queue.value)


def _memories(network: Network, strips: Strips, names: list[str]) -> None:
    llb, dram = strips.machine.components.llb, strips.machine.components.dram
    burst, loads, fills, places = dram.burst.value, [], [], regions(strips)
    for tensor in TENSORS:
        moved = strips.pieces(tensor)
        fetch, fill = (
            partial(pieces.dram_reads, moved, burst),
            partial(pieces.fills, moved, burst, llb.row.value, 1),
        )
        arrived, access = [f"dram.{tensor}"], places.access(tensor)
        loads.append(network.program(tensor, [f"{tensor}.space"], arrived, ["dram_read"], fetch, access))
        actions = ["sram_write", "metadata_write"]
        fills.append(network.program(tensor, [f"dram.{tensor}"], [f"{tensor}.ready"], actions, fill))
    stores = network.program(
        "outputs",
        ["dram.outputs"],
        [],
        ["dram_write"],
        lambda: pieces.dram_writes(strips.written(), burst),
        places.access("outputs"),
    )
    ready, spaces = ([f"{tensor}.{what}" for tensor in TENSORS] for what in ("ready", "space"))
    match = network.program("blocks", ready, ["matched"], ["sram_read"], partial(blocks, strips))
    onwards = [*(f"{name}.pairs" for name in names), *spaces]
    read = network.program("pairs", ["matched"], onwards, ["sram_read", "noc_byte"], partial(reads, strips))
    network.main_memory(dram, strips.machine.clock.value, [*loads, stores])
    network.component("llb.write", "llb.write", "memory", fills, rate(llb.write_bandwidth.value))
    network.component("llb.intersect", "llb.intersect", "server", [match])
    network.component("llb.read", "llb.read", "memory", [read], rate(llb.read_bandwidth.value))


def regions(strips: Strips) -> Regions:
    """Where the pieces of a layer lie: weights by group and row of tiles, inputs by strip, outputs by tile."""
    dram = strips.machine.components.dram
    burst = dram.burst.value

    def loads(tensor: str) -> Iterator[Transfer]:
        for name, piece in zip(strips.piece_names(tensor), strips.pieces(tensor), strict=True):
            yield Transfer(name, bursts(piece.dram, burst))

    def stores() -> Iterator[Transfer]:
        for output, size in zip(strips.outputs, strips.written(), strict=True):
            yield Transfer((output.group, output.i, output.j), bursts(size, burst))

    return Regions(dram, {**{tensor: partial(loads, tensor) for tensor in TENSORS}, "outputs": stores})


def blocks(strips: Strips) -> Iterator[Chunk]:
    """Items: a tile of outputs. Fields: demand, work, take weights, inputs, releases, put matched, sram_read."""
    row, window = (
        strips.machine.components.llb.row.value,
        strips.machine.components.elements.window.value,
    )

    def item(output: Output) -> tuple[int, ...]:
        pair, at_tiles = strips.stored[output.group], (output.i, output.j)
        held = [np.flatnonzero(each.held[t]) for each, t in zip(pair, at_tiles, strict=True)]
        cycles = max(1, skip_ahead.blocks(held[0], held[1], window)[0])
        rows = sum(-(-int(strips.heads(each)[t]) // row) for each, t in zip(pair, at_tiles, strict=True))
        fetch, last = (tuple(int(use) for use in uses) for uses in (output.fetch, output.last))
        return (1, cycles, cycles, *fetch, *last, 1, rows)

    return gather(plain([item(output)]) for output in strips.outputs)


def reads(strips: Strips) -> Iterator[Chunk]:
    """Items: a pair of tiles, one without operands where no block matched; the tiles of a wave take turns. Fields: demand, work,
    take matched, release, put to each element, put space of weights, of inputs, sram_read, noc_byte.
    """
    row, count = strips.machine.components.llb.row.value, strips.machine.components.elements.count.value

    def block(wave: tuple[Output, ...]) -> Chunk:
        sizes = [pairs(strips, output) for output in wave]
        lengths = [each.shape[1] for each in sizes]
        turn, place = (np.concatenate(each) for each in _turns(lengths))
        order = np.lexsort((place, turn))
        both = np.concatenate(sizes, axis=1)[:, order]
        size, rows = both.sum(axis=0), (-(-both // row)).sum(axis=0)
        element = np.array([output.element for output in wave])[place[order]]
        items, demand = len(size), np.maximum(1, size)
        puts = [(element == e).astype(np.int64) for e in range(count)]
        spaces = [at(items, -1, sum(output.last[side] for output in wave)) for side in (0, 1)]
        first = (turn[order] == 0).astype(np.int64)
        return told([demand, demand, first, first, *puts, *spaces, rows, size], items, 1, count + 2)

    return gather(block(wave) for wave in strips.waves())


def pairs(strips: Strips, output: Output) -> NDArray[np.int64]:
    """Bytes of both tiles of every matched block, shape (2, pairs); one pair of none when no block matched."""
    matched = strips.matched(output)
    a, b = strips.stored[output.group]
    sizes = np.stack([a.sizes[output.i, matched], b.sizes[output.j, matched]])
    return sizes if len(matched) else np.zeros((2, 1), dtype=np.int64)


def _turns(lengths: list[int]) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    """Per tile of a wave: the turns of its pairs, and its place in the wave."""
    return [np.arange(n) for n in lengths], [np.full(n, i) for i, n in enumerate(lengths)]


def products(strips: Strips, element: int) -> Iterator[Chunk]:
    """Items: a pair of tiles. Fields: demand, work, take pair, room, releases, put tile, then :data:`ACTIONS`."""
    coordinate = -(-strips.machine.components.llb.coordinate.value // REGISTER)

    def block(output: Output) -> Chunk:
        matched, found = strips.matched(output), strips.service[output.group]
        a, b = strips.stored[output.group]
        tables = (found.cycles, found.products, found.scanned, found.sums)
        cycles, macs, scanned, sums = (table[output.i, output.j, matched] for table in tables)
        written = a.sizes[output.i, matched] + b.sizes[output.j, matched]
        if not len(matched):
            cycles, macs, scanned, sums, written = np.zeros((5, 1), dtype=np.int64)
        items, demand = len(cycles), np.maximum(1, cycles)
        first, last = at(items, 0), at(items, -1)
        actions = [macs, 2 * macs + coordinate * scanned, written, sums, sums]
        return told([demand, demand, 1, first, 1, first, last, *actions], items, 2, 1)

    return gather(block(output) for output in strips.outputs if output.element == element)


def drains(strips: Strips) -> Iterator[Chunk]:
    """Items: at most a burst of a column of a tile's outputs. Fields: demand, work, take tiles, releases, put spaces, put bursts,
    drain_word.
    """
    bits, count = (
        strips.machine.value_bits.outputs.value,
        strips.machine.components.elements.count.value,
    )
    known: dict[tuple[int, int, int], Chunk] = {}

    def block(element: int, rows: int, columns: int) -> Chunk:
        values, put = _lines(strips, rows, columns)
        items, size = len(values), -(-values * bits // 8)
        take, release = ([at(items, place) if e == element else 0 for e in range(count)] for place in (0, -1))
        return told([size, size, *take, *release, *release, put, values], items, count, count + 1)

    def chunks() -> Iterator[Chunk]:
        for output in strips.outputs:
            key = output.element, output.rows, output.columns
            if key not in known:
                known[key] = block(*key)
            yield known[key]

    return gather(chunks())


def _lines(strips: Strips, rows: int, columns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    burst, bits = strips.machine.components.dram.burst.value, strips.machine.value_bits.outputs.value
    return pieces.lines(rows, columns, bits, burst)
