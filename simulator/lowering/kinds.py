"""Visits that are alike, told once: a kind per distinct row of keys, and the order kinds come in.

Blocks of all kinds lie in one table, which is told once with the order of the visits. Visits are cut in parts of whole turns of the
loops where there are very many, or where blocks have more values than a chunk should.
"""

from __future__ import annotations

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
Flags = NDArray[np.uint8]
MOST = 1 << 16
"""Visits of a chunk, but for a turn of the loops, which may have 16 times as many."""
_DENSE, _MOST_CODES = 1 << 12, 1 << 62
"""Codes that a table is laid out for, and most that are told as one number."""
_SPARSE, _WIDE = -1, -2
_STRETCHES = 1 << 10
_NONE = np.zeros(0, dtype=np.int32)


def kinds(*keys: NDArray[Any]) -> tuple[Ints, Ints]:
    """(Kind of every place, first place of every kind) of columns of integers; kinds are numbered by value."""
    columns = np.array(keys, dtype=np.int64)
    number, count = columns.shape
    order, first = np.empty((2, count), dtype=np.int64)
    bounds, places = np.empty(2 * number, dtype=np.int64), np.zeros(_DENSE, dtype=np.int32)
    found = _numbered(columns.reshape(-1), number, count, bounds, places, _DENSE, order, first)
    if found < 0:
        code = order if found == _SPARSE else _code(columns, *bounds.reshape(2, number))
        found = _numbered_by(code, np.argsort(code, kind="stable"), count, order, first)
    return order, first[:found]


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
    keys: int,
    count: int,
    bounds: Ints,
    places: Vector,
    room: int,
    order: Ints,
    first: Ints,
) -> int:
    """How many kinds so many keys of `count` places each have.

    Where their codes need more than the `room` in `places`, zeros, :data:`_SPARSE`: `order` has the codes; or :data:`_WIDE`: they
    need more than 62 bits. `bounds` gets the least of every key, then how many values there are from it on; `order` and `first`
    are those of :func:`kinds`.
    """
    codes = 1
    for key in range(keys):
        low = high = columns[key * count]
        for i in range(key * count, (key + 1) * count):
            low, high = min(low, columns[i]), max(high, columns[i])
        size = high - low + 1
        bounds[key], bounds[keys + key] = low, size
        codes = codes * size if codes > 0 and 0 < size <= _MOST_CODES // codes else 0
    if codes == 0:
        return _WIDE
    for i in range(count):
        order[i] = 0
    for key in range(keys):
        low, size, column = bounds[key], bounds[keys + key], key * count
        if size > 1:
            for i in range(count):
                order[i] = order[i] * size + columns[column + i] - low
    if codes > room:
        return _SPARSE
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


@apart
def _numbered_by(codes: Ints, ascending: Ints, count: int, order: Ints, first: Ints) -> int:
    """How many kinds there are of so many codes, whose places are `ascending` by code; `order` may be the codes themselves."""
    number, before = 0, 0
    for i in range(count):
        place = ascending[i]
        code = codes[place]
        if i == 0 or code != before:
            first[number], before = place, code
            number += 1
        order[place] = number - 1
    return number


Row = tuple[int, ...]
"""A run without vectors: how many items, and their fields."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of every kind.

    Attributes
    ----------
    runs, varies : ndarray of int64 and uint8, shape (R, F)
        As in a chunk, block after block.
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
        counts = np.array([len(block.runs) for block in blocks])
        values = np.array([len(block.vectors) for block in blocks])
        runs, varies = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in ("runs", "varies")
        )
        runs += np.repeat(np.cumsum(values) - values, counts)[:, None] * varies
        return cls(runs, varies, counts, np.concatenate([block.vectors for block in blocks]), values)

    @classmethod
    def same(cls, runs: Ints, counts: Ints) -> Blocks:
        """Runs of every block, whose items have the same fields throughout."""
        return cls(runs, np.zeros(runs.shape, dtype=np.uint8), counts, _NONE, np.zeros_like(counts))

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
        return cls.same(table, np.array(counts))

    def gather(self, order: Ints, actions: Ints | None = None) -> Chunk:
        """The blocks of some visits, one after the other, and what each counts besides its block."""
        single = actions is None and not len(self.vectors) and len(self.runs) == len(self.counts)
        if single and (self.counts == 1).all():
            runs, varies = _merged(self.runs, self.varies, order)
            return Chunk(runs, varies, self.vectors)
        used = np.bincount(order, minlength=len(self.counts)) > 0 if len(self.vectors) else None
        if used is None or used.all():
            return Chunk(self.runs, self.varies, self.vectors, Visits(self.counts, order, actions))
        kept, begin = np.repeat(used, self.counts), (np.cumsum(self.values) - self.values)[used]
        runs, varies, counts, values = (
            self.runs[kept],
            self.varies[kept],
            self.counts[used],
            self.values[used],
        )
        runs += np.repeat(np.cumsum(values) - values - begin, counts)[:, None] * varies
        vectors = _pieces(self.vectors, begin, values)
        return Chunk(runs, varies, vectors, Visits(counts, (np.cumsum(used) - 1)[order], actions))

    def fits(self, order: Ints) -> bool:
        """Whether the vectors of some visits are few enough for a chunk."""
        if len(self.vectors) <= VALUES:
            return True
        used = np.flatnonzero(np.bincount(order, minlength=len(self.counts)))
        return len(order) == 1 or int(self.values[used].sum()) <= VALUES


def some_runs(table: Ints, varies: Flags, vectors: Vector, values: Ints) -> Blocks:
    """Blocks that have a few runs each, some of which may be empty, shape (kinds, runs, F).

    Offsets count from the first vector value of the block.
    """
    kinds, most, fields = table.shape
    counts, runs = np.empty(kinds, dtype=np.int64), table.reshape(-1, fields)
    flags = varies.reshape(-1, fields)
    left = _closed(runs.reshape(-1), flags.reshape(-1), kinds, most, fields, values, counts)
    return Blocks(runs[:left], flags[:left], counts, vectors, values)


@apart
def _closed(
    table: Ints, varies: Flags, kinds: int, most: int, fields: int, values: Ints, counts: Ints
) -> int:
    """Close the gaps of empty runs, and count offsets from the first block's first value; how many runs are left.

    `counts` gets how many each of so many kinds has.
    """
    left, begin = 0, 0
    for kind in range(kinds):
        counts[kind] = 0
        for run in range(kind * most, (kind + 1) * most):
            if table[run * fields + COUNT] > 0:
                for field in range(fields):
                    vary = varies[run * fields + field]
                    table[left * fields + field] = table[run * fields + field] + begin * vary
                    varies[left * fields + field] = vary
                left += 1
                counts[kind] += 1
        begin += values[kind]
    return left


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
