"""Programs above the buffer: blocks intersected, pairs of tiles read and multiplied, outputs drained.

They are told for many tiles of outputs at a time, as arrays over their pairs: the blocks of K that both tiles of one hold, in
order, and one pair without operands for a tile of outputs of which no block matched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import skip_ahead
from simulator.lowering import pieces
from simulator.lowering.blocks import VALUES
from simulator.lowering.kinds import kinds
from simulator.lowering.skip_ahead.strips import Strips
from simulator.plan import Chunk, RunWriter, Visits
from simulator.plan.runs import PERIOD

Integers = NDArray[np.int64]
REGISTER = 8
"""Bits of an operand register (fixes the unit of `operand_read` and `operand_write`)."""
CELLS = 1 << 20
"""Cells of a table that is told at a time, about."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of some tiles of outputs.

    Attributes
    ----------
    counts : ndarray of int64, shape (outputs,)
        Pairs of each, at least one.
    output, block : ndarray of int64, shape (pairs,)
        Of which of the outputs, and which block of K.
    real : ndarray of bool, shape (pairs,)
        Whether it has operands.
    sizes : ndarray of int64, shape (2, pairs)
        Bytes of the tile of weights and of inputs.
    """

    counts: Integers
    output: Integers
    block: Integers
    real: NDArray[np.bool_]
    sizes: Integers

    @property
    def first(self) -> Integers:
        """First pair of each of the outputs."""
        ends: Integers = np.cumsum(self.counts)
        return ends - self.counts


def pairs(strips: Strips, outputs: Integers) -> Pairs:
    """The pairs of some tiles of outputs, given by their numbers."""
    order = strips.order
    at = [(order.group[outputs], tile[outputs]) for tile in (order.i, order.j)]
    found = strips.held[0][at[0]] & strips.held[1][at[1]]
    none = np.count_nonzero(found, axis=1) == 0
    found[none, 0] = True
    output, block = np.nonzero(found)
    real = ~none[output]
    sides = zip(strips.sizes, at, strict=True)
    sizes = np.stack([real * each[group[output], tile[output], block] for each, (group, tile) in sides])
    return Pairs(np.count_nonzero(found, axis=1).astype(np.int64), output, block, real, sizes)


def _batches(outputs: Integers, cells: int) -> Iterator[Integers]:
    """Some of the outputs at a time, of so many cells each."""
    step = max(1, CELLS // cells)
    for begin in range(0, len(outputs), step):
        yield outputs[begin : begin + step]


def blocks(strips: Strips) -> Iterator[Chunk]:
    """Items: a tile of outputs. Fields: demand, work, take weights, inputs, releases, put matched, sram_read."""
    parts, order = strips.machine.components, strips.order
    row, window, count = parts.llb.row.value, parts.elements.window.value, strips.held[0].shape[-1]
    cycles = [
        skip_ahead.service(
            skip_ahead.compress(a, count), skip_ahead.compress(b, count), (1, 1), window
        ).cycles
        for a, b in zip(*strips.held, strict=True)
    ]
    heads = [np.stack([-(-strips.heads(pair[side]) // row) for pair in strips.stored]) for side in (0, 1)]
    demand = np.maximum(1, np.stack(cycles)[order.group, order.i, order.j, 0])
    rows = heads[0][order.group, order.i] + heads[1][order.group, order.j]
    table = np.ones((len(rows), 10), dtype=np.int64)
    table[:, 2], table[:, 3] = demand, demand
    table[:, 4:6], table[:, 6:8] = order.fetch.T, order.last.T
    table[:, 9] = rows
    for part in _batches(np.arange(len(rows)), 10):
        runs = table[part]
        yield Chunk(runs, np.zeros(runs.shape, dtype=np.uint8), np.zeros(0, dtype=np.int32))


def reads(strips: Strips) -> Iterator[Chunk]:
    """Items: a pair of tiles, one without operands where no block matched; the tiles of a wave take turns. Fields: demand, work,
    take matched, release, put to each element, put space of weights, of inputs, sram_read, noc_byte.
    """
    row, count = strips.machine.components.llb.row.value, strips.machine.components.elements.count.value
    writer, known, values = RunWriter(1, count + 2, 2), dict[bytes, list[slice]](), 0
    for begin, end in strips.waves:
        wave = np.arange(begin, end)
        told = pairs(strips, wave)
        turn = np.arange(len(told.output)) - told.first[told.output]
        order = np.lexsort((told.output, turn))
        sizes, element = told.sizes[:, order], strips.order.element[wave][told.output[order]]
        key = element.tobytes()
        if key not in known:
            known[key] = [writer.vector(element == e) for e in range(count)]
            values += count * len(element)
        demand = _field(writer, np.maximum(1, sizes.sum(axis=0)))
        first = _field(writer, turn[order] == 0)
        spaces = [_field(writer, pieces.at(len(turn), -1, n)) for n in strips.order.last[:, wave].sum(axis=1)]
        moved = [_field(writer, each) for each in ((-(-sizes // row)).sum(axis=0), sizes.sum(axis=0))]
        writer.add(len(turn), demand, demand, [first], puts=[*known[key], *spaces], actions=moved)
        values += 6 * len(turn)
        if values >= VALUES:
            yield writer.chunk()
            known, values = {}, 0
    if len(writer):
        yield writer.chunk()


def _field(writer: RunWriter, values: NDArray[np.generic]) -> slice | int:
    """A field of a run: one integer if all are equal."""
    return int(values[0]) if (values == values[0]).all() else writer.vector(values.astype(np.int32))


class Products:
    """Items of every element: a pair of tiles. Fields: demand, work, take pair, room, releases, put tile, mac, operand_read,
    operand_write, psum_read, psum_write. The first and the last pair of a tile of outputs are runs by themselves.

    Elements are told together where all are few enough.
    """

    def __init__(self, strips: Strips) -> None:
        self._strips = strips

    def __call__(self, element: int) -> Iterator[Chunk]:
        """The items of one element."""
        order, cells = self._strips.order, 5 * self._strips.held[0].shape[-1]
        if len(order.element) * cells <= CELLS:
            if len((own := self._together[element]).runs):
                yield own
            return
        for outputs in _batches(np.flatnonzero(order.element == element), cells):
            yield from _products(self._strips, outputs, np.array([0, len(outputs)]))

    @cached_property
    def _together(self) -> list[Chunk]:
        """One chunk per element."""
        element, count = self._strips.order.element, self._strips.machine.components.elements.count.value
        outputs = np.argsort(element, kind="stable")
        return _products(self._strips, outputs, np.searchsorted(element[outputs], np.arange(count + 1)))


def _products(strips: Strips, outputs: Integers, cuts: Integers) -> list[Chunk]:
    """The pairs of some tiles of outputs, a chunk for those between two cuts."""
    told, order = pairs(strips, outputs), strips.order
    coordinate = -(-strips.machine.components.llb.coordinate.value // REGISTER)
    at = outputs[told.output]
    tile = order.group[at], order.i[at], order.j[at], told.block
    cycles, macs, scanned, sums = (told.real * table[tile] for table in strips.tables)
    values = np.stack(
        [np.maximum(1, cycles), macs, 2 * macs + coordinate * scanned, told.sizes.sum(axis=0), sums]
    )
    runs = np.zeros((len(outputs), 3, 14), dtype=np.int64)
    varies = np.zeros(runs.shape, dtype=np.uint8)
    runs[:, 0, :2] = runs[:, 2, :2] = 1
    runs[:, 1, :2] = np.maximum(0, told.counts - 2)[:, None]
    alone = told.counts == 1
    runs[alone, 2, 0] = 0
    runs[:, :, 4] = runs[:, :, 6] = 1
    runs[:, 0, 5] = 1
    runs[:, 2, 7:9] = 1
    runs[alone, 0, 7:9] = 1
    fields, ends = np.array([2, 3, 9, 10, 11, 12, 13]), np.cumsum(told.counts)
    row = np.array([0, 0, 1, 2, 3, 4, 4])
    for place, item in ((0, told.first), (2, ends - 1)):
        runs[:, place, fields] = values[row, item[:, None]]
    edges, chunk = (
        np.append(told.first, len(told.output))[cuts],
        np.repeat(np.arange(len(cuts) - 1), np.diff(cuts)),
    )
    begin, long = edges[:-1][chunk], np.diff(edges)[chunk]
    runs[:, 1, fields] = (told.first + 1 - begin)[:, None] + row * long[:, None]
    varies[:, 1, fields] = 1
    _level(runs[:, 1], varies[:, 1], told.first + 1, values[0])
    kept, vectors = runs[:, :, 0] > 0, values.astype(np.int32)
    rows = np.append(0, np.cumsum(np.count_nonzero(kept, axis=1)))[cuts]
    table, flags = runs[kept], varies[kept]
    return [
        Chunk(table[a:b], flags[a:b], vectors[:, first:last].ravel())
        for (a, b), (first, last) in zip(pairwise(rows.tolist()), pairwise(edges.tolist()), strict=True)
    ]


def _level(runs: Integers, varies: NDArray[np.uint8], first: Integers, demand: Integers) -> None:
    """Tell demand and work of runs of equal items, the first of which is given, as one integer."""
    some = np.flatnonzero(runs[:, 0] > 0)
    if not len(some):
        return
    begin = first[some]
    edges = np.stack([begin, begin + runs[some, PERIOD]], axis=1).ravel()
    padded = np.append(demand, demand[-1])
    least, most = (each.reduceat(padded, edges)[::2] for each in (np.minimum, np.maximum))
    level = some[least == most]
    runs[level, 2:4] = least[least == most, None]
    varies[level, 2:4] = 0


def drains(strips: Strips) -> Iterator[Chunk]:
    """Items: at most a burst of a column of a tile's outputs. Fields: demand, work, take tiles, releases, put spaces, put bursts,
    drain_word. The first and the last of a tile are runs by themselves; tiles of one shape from one element are told once.
    """
    order = strips.order
    visits, first = kinds(order.element, order.rows, order.columns)
    told = _Drains(strips, strips.machine.components.elements.count.value)
    yield told.chunk(first, visits)


class _Drains:
    """A table of runs of the drain for kinds of tiles of outputs, over one copy of the vectors of every shape of tile."""

    def __init__(self, strips: Strips, count: int) -> None:
        self._strips, self._count = strips, count
        self._vectors: list[NDArray[np.int32]] = []
        self._size = 0

    def chunk(self, outputs: Integers, visits: Integers) -> Chunk:
        """The runs of the outputs given by their numbers, visited in that order."""
        order, count = self._strips.order, self._count
        runs = np.zeros((len(outputs), 3, 6 + 3 * count), dtype=np.int64)
        varies = np.zeros(runs.shape, dtype=np.uint8)
        element, number = order.element[outputs], np.arange(len(outputs))
        for shape in shapes(self._strips):
            chosen = (order.rows[outputs] == shape[0]) & (order.columns[outputs] == shape[1])
            if chosen.any():
                place = np.ix_(chosen, [0, 1, 2], [0, 1, 2, 3, -2, -1])
                runs[place], varies[place] = self._shape(*shape)
        last = np.where(runs[:, 2, 0] > 0, 2, 0)
        runs[number, 0, 4 + element] = 1
        for first in (4 + count, 4 + 2 * count):
            runs[number, last, first + element] = 1
        kept = runs[:, :, 0] > 0
        vectors = np.concatenate(self._vectors) if self._vectors else np.zeros(0, dtype=np.int32)
        told = Visits(np.count_nonzero(kept, axis=1), visits)
        return Chunk(runs[kept], varies[kept], vectors, told)

    def _shape(self, rows: int, columns: int) -> tuple[Integers, NDArray[np.uint8]]:
        """Count, period, demand, work, put bursts and drain_word of the three runs of a tile, and which of them vary."""
        bits = self._strips.machine.value_bits.outputs.value
        values, put = lines(self._strips, rows, columns)
        size = -(-values * bits // 8)
        runs, varies = np.zeros((3, 6), dtype=np.int64), np.zeros((3, 6), dtype=np.uint8)
        for place, part in enumerate((slice(0, 1), slice(1, -1), slice(max(1, len(values) - 1), None))):
            items = len(values[part])
            runs[place, :2] = items
            if items:
                fields = (size[part], size[part], put[part], values[part])
                for column, field in enumerate(fields, start=2):
                    runs[place, column], varies[place, column] = self._field(field)
        return runs, varies

    def _field(self, values: Integers) -> tuple[int, int]:
        """One integer if all are equal, otherwise where they are; and whether they vary."""
        if (values == values[0]).all():
            return int(values[0]), 0
        self._vectors.append(values.astype(np.int32))
        self._size += len(values)
        return self._size - len(values), 1


def shapes(strips: Strips) -> set[tuple[int, int]]:
    """Rows and columns of the tiles of outputs."""
    codes = np.unique(strips.order.rows << 32 | strips.order.columns).tolist()
    return {(code >> 32, code & ((1 << 32) - 1)) for code in codes}


def lines(strips: Strips, rows: int, columns: int) -> tuple[Integers, Integers]:
    """Outputs of every item of a tile of so many, and the bursts it fills."""
    burst, bits = strips.machine.components.dram.burst.value, strips.machine.value_bits.outputs.value
    return pieces.lines(rows, columns, bits, burst)
