"""Visits that are alike, told once: a kind per distinct row of keys, and the order kinds come in.

Blocks of all kinds lie in one table, which is told once with the order of the visits. Visits are cut in parts of whole turns of the
loops where there are very many, or where blocks have more values than a chunk should.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart
from simulator.lowering.blocks import VALUES
from simulator.plan import Chunk, Visits
from simulator.plan.runs import COUNT, PERIOD

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
MOST = 1 << 16
"""Visits of a chunk, but for a turn of the loops, which may have 16 times as many."""
_DENSE = 1 << 16
_STRETCHES = 1 << 10


def kinds(*keys: NDArray[Any]) -> tuple[Ints, list[int]]:
    """(Kind of every place, first place of every kind) of columns of integers; kinds are numbered by value."""
    columns = np.array(keys, dtype=np.int64)
    least = columns.min(axis=1)
    sizes = columns.max(axis=1) - least + 1
    span = math.prod(sizes.tolist())
    if span > _DENSE:
        _, first, order = np.unique(_code(columns, least, sizes), return_index=True, return_inverse=True)
        return order, first.tolist()
    order = np.empty(columns.shape[1], dtype=np.int64)
    places, first = np.zeros(span, dtype=np.int32), np.empty(min(span, len(order)), dtype=np.int64)
    flat, count = columns.reshape(-1), len(order)
    number = _numbered(flat, least, sizes, len(least), count, span, places, order, first)
    return order, first[:number].tolist()


def _code(columns: Ints, least: Ints, sizes: Ints) -> Ints:
    """A number for every place, in the order of its keys, the first key first."""
    code, span = np.zeros(columns.shape[1], dtype=np.int64), 1
    for column, low, size in zip(columns - least[:, None], least.tolist(), sizes.tolist(), strict=True):
        if span * size >= 1 << 62:
            _, code = np.unique(code, return_inverse=True)
            span = int(code.max()) + 1
        if span * size >= 1 << 62:
            _, column = np.unique(column + low, return_inverse=True)
            size = int(column.max()) + 1
        code, span = code * size + column, span * size
    return code


@apart
def _numbered(
    columns: Ints,
    least: Ints,
    sizes: Ints,
    keys: int,
    count: int,
    codes: int,
    places: Vector,
    order: Ints,
    first: Ints,
) -> int:
    """Kinds whose codes are few: `places`, zeros, gets one more than the first place of every code; returns how many there are.

    There are so many keys, of `count` places each, and codes.
    """
    for i in range(count):
        order[i] = 0
    for key in range(keys):
        low, size, column = least[key], sizes[key], key * count
        for i in range(count):
            order[i] = order[i] * size + columns[column + i] - low
    for i in range(count):
        if places[order[i]] == 0:
            places[order[i]] = i + 1
    number = 0
    for code in range(codes):
        if places[code] > 0:
            first[number] = places[code] - 1
            places[code] = number
            number += 1
    for i in range(count):
        order[i] = places[order[i]]
    return number


Row = tuple[int, ...]
"""A run without vectors: how many items, and their fields."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of every kind.

    Attributes
    ----------
    runs, varies : ndarray of int64 and uint8, shape (R, F)
        As in a chunk, block after block; offsets count from the first vector value of the block.
    counts : ndarray of int64, shape (kinds,)
        Runs of each block.
    vectors : ndarray of int32, shape (V,)
        Block after block.
    values : ndarray of int64, shape (kinds,)
        Vector values of each block.
    """

    runs: Ints
    varies: NDArray[np.uint8]
    counts: Ints
    vectors: NDArray[np.int32]
    values: Ints

    @classmethod
    def of(cls, blocks: Sequence[Chunk]) -> Blocks:
        """Blocks given one by one."""
        return cls(
            np.concatenate([block.runs for block in blocks]),
            np.concatenate([block.varies for block in blocks]),
            np.array([len(block.runs) for block in blocks]),
            np.concatenate([block.vectors for block in blocks]),
            np.array([len(block.vectors) for block in blocks]),
        )

    @classmethod
    def plain(cls, blocks: Iterable[Iterable[Row]]) -> Blocks:
        """Blocks whose items have the same fields throughout a run; runs of no items are left out."""
        rows, counts = list[Row](), list[int]()
        for block in blocks:
            before = len(rows)
            rows += [row for row in block if row[0] > 0]
            counts.append(len(rows) - before)
        given = np.array(rows, dtype=np.int64)
        table = np.ones((len(given), given.shape[1] + 1), dtype=np.int64)
        table[:, COUNT], table[:, PERIOD + 1 :] = given[:, 0], given[:, 1:]
        none = np.zeros(len(counts), dtype=np.int64)
        return cls(
            table, np.zeros(table.shape, dtype=np.uint8), np.array(counts), np.zeros(0, np.int32), none
        )

    def gather(self, order: Ints, actions: Ints | None = None) -> Chunk:
        """The blocks of some visits, one after the other, and what each counts besides its block."""
        if actions is None and not len(self.vectors) and (self.counts == 1).all():
            runs, varies = _merged(self.runs, self.varies, order)
            return Chunk(runs, varies, self.vectors)
        runs, varies, vectors, counts = self.runs, self.varies, self.vectors, self.counts
        used = np.bincount(order, minlength=len(counts)) > 0 if len(vectors) else None
        if used is not None and used.all():
            moved = np.cumsum(self.values) - self.values
            runs = np.add(runs, np.repeat(moved, counts)[:, None] * varies, dtype=np.int64)
        elif used is not None:
            kept = np.repeat(used, counts)
            begin = np.cumsum(self.values) - self.values
            vectors = _pieces(vectors, begin[used], self.values[used])
            moved = np.cumsum(self.values[used]) - self.values[used]
            runs, varies, counts = runs[kept], varies[kept], counts[used]
            runs += np.repeat(moved, counts)[:, None] * varies
            order = (np.cumsum(used) - 1)[order]
        return Chunk(runs, varies, vectors, Visits(counts, order, actions))

    def fits(self, order: Ints) -> bool:
        """Whether the vectors of some visits are few enough for a chunk."""
        if not len(self.vectors):
            return True
        used = np.flatnonzero(np.bincount(order, minlength=len(self.counts)))
        return len(order) == 1 or int(self.values[used].sum()) <= VALUES


def some_runs(table: Ints, varies: NDArray[np.uint8], vectors: NDArray[np.int32], values: Ints) -> Blocks:
    """Blocks that have a few runs each, some of which may be empty, shape (kinds, runs, F)."""
    some = table[:, :, COUNT] > 0
    return Blocks(table[some], varies[some], some.sum(axis=1), vectors, values)


def _pieces(vectors: NDArray[np.int32], starts: Ints, counts: Ints) -> NDArray[np.int32]:
    """Pieces of vectors one after the other; those that follow one another where they are, as they mostly do, in one go."""
    new = np.flatnonzero(starts[1:] != starts[:-1] + counts[:-1]) + 1
    first, last = np.concatenate([[0], new]), np.concatenate([new, [len(starts)]]) - 1
    begin, stop = starts[first], starts[last] + counts[last]
    if len(begin) > _STRETCHES:
        return vectors[_ragged(starts, counts)]
    stretches = [vectors[a:b] for a, b in zip(begin.tolist(), stop.tolist(), strict=True)]
    return stretches[0] if len(stretches) == 1 else np.concatenate(stretches)


def _ragged(starts: Ints, counts: Ints) -> Ints:
    """starts[0], starts[0] + 1, .. (counts[0] of them), starts[1], .."""
    ends = np.cumsum(counts)
    found: Ints = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return found


def _merged(runs: Ints, varies: NDArray[np.uint8], order: Ints) -> tuple[Ints, NDArray[np.uint8]]:
    """Equal single runs that follow one another as one."""
    new = np.flatnonzero(np.diff(order, prepend=-1))
    runs, times = runs[order[new]], np.diff(new, append=len(order))
    runs[:, COUNT] *= times
    return runs, varies[order[new]]


def parts(order: Ints, blocks: Blocks, turn: int) -> Iterator[slice]:
    """Cuts of the visits into chunks: whole turns of the loops, few visits and values each."""
    step, start = min(turn * max(1, MOST // turn), 16 * MOST), 0
    while start < len(order):
        stop = min(len(order), start + step)
        while not blocks.fits(order[start:stop]):
            stop = start + (stop - start) // 2
        yield slice(start, stop)
        start = stop


def tell(order: Ints, blocks: Blocks, turn: int, actions: Ints | None = None) -> Iterator[Chunk]:
    """The blocks of all visits in chunks.

    Parameters
    ----------
    order : ndarray of int64, shape (V,)
        Kind of every visit.
    blocks : Blocks
    turn : int
        Visits after which the loops come again.
    actions : ndarray of int64, shape (V, A), optional
        What is counted at the end of every visit besides what its block counts.
    """
    for part in parts(order, blocks, turn):
        yield blocks.gather(order[part], None if actions is None else actions[part])
