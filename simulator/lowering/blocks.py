"""Blocks: small chunks of runs, one per tile and program, and their gathering into chunks an engine reads at
leisure.

A block met again (the same object) is not told again: repeated blocks are repeated rows over one copy of
their vectors, and a block of one plain run is repeated by its count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from simulator.plan import Chunk
from simulator.plan.runs import COUNT

ROWS = 1 << 16
VALUES = 1 << 20
"""A chunk is handed over once it has so many runs or vector values: what bounds memory, not what an engine
sees.
"""

KEPT, KEPT_OF_ALL = 1 << 22, 1 << 26
"""Bytes of chunks a program, and all programs of a network, keep for the next engine or rung that reads them."""


def gather(blocks: Iterable[Chunk], merge: bool = True, among: int = 1) -> Iterator[Chunk]:
    """Concatenate blocks into chunks of bounded size, in order; without `merge` every block keeps its runs, and `among` so many
    programs of a network the size is shared.
    """
    most_rows, most_values = ROWS // among, VALUES // among
    pending: list[tuple[Chunk, int]] = []
    rows = values = 0
    for first, times in _repeats(blocks):
        while times:
            plain = merge and len(first.runs) == 1 and not first.varies.any()
            fit = times if plain else min(times, max(1, (most_rows - rows) // max(1, len(first.runs))))
            pending.append((first, fit))
            rows += 1 if plain else fit * len(first.runs)
            values += len(first.vectors)
            times -= fit
            if rows >= most_rows or values >= most_values:
                yield _concatenate(pending, merge)
                pending, rows, values = [], 0, 0
    if pending:
        yield _concatenate(pending, merge)


def _repeats(blocks: Iterable[Chunk]) -> Iterator[tuple[Chunk, int]]:
    """Consecutive occurrences of one object, counted."""
    before: Chunk | None = None
    times = 0
    for block in blocks:
        if before is not None and block is not before:
            yield before, times
            times = 0
        before = block
        times += 1
    if before is not None:
        yield before, times


def _concatenate(blocks: list[tuple[Chunk, int]], merge: bool) -> Chunk:
    runs, flags, vectors = [], [], []
    offsets: dict[int, int] = {}
    moved, size = list[int](), 0
    for block, times in blocks:
        table, varies, begin = block.runs, block.varies, 0
        if len(block.vectors):
            if id(block) not in offsets:
                offsets[id(block)] = size
                vectors.append(block.vectors)
                size += len(block.vectors)
            begin = offsets[id(block)]
        if merge and times > 1 and len(table) == 1 and not varies.any():
            table = table.copy()
            table[0, COUNT] *= times
        elif times > 1:
            table, varies = np.tile(table, (times, 1)), np.tile(varies, (times, 1))
        runs.append(table)
        flags.append(varies)
        moved.append(begin)
    told, vary = np.concatenate(runs), np.concatenate(flags)
    if any(moved):
        told += np.repeat(moved, [len(table) for table in runs])[:, None] * vary
    return Chunk(told, vary, np.concatenate(vectors) if vectors else np.zeros(0, np.int32))


def plain(rows: Iterable[Iterable[int]]) -> Chunk:
    """A block of runs without vectors, from rows of (count, fields...); rows with count 0 are left out."""
    table = np.array([(row[0], 1, *row[1:]) for row in map(tuple, rows) if row[0] > 0], dtype=np.int64)
    return Chunk(table, np.zeros(table.shape, dtype=np.uint8), np.zeros(0, dtype=np.int32))


class Room:
    """Bytes that the programs of a network may keep together."""

    def __init__(self, size: int = KEPT_OF_ALL) -> None:
        self.left = size


class Kept:
    """The chunks of a program, kept after they were first read to the end when they are few and there is room; told anew
    otherwise.
    """

    def __init__(self, chunks: Callable[[], Iterator[Chunk]], room: Room | None = None) -> None:
        self._chunks, self._room = chunks, room or Room()
        self._kept: list[Chunk] | None = None

    def __call__(self) -> Iterator[Chunk]:
        return iter(self._kept) if self._kept is not None else self._read()

    def _read(self) -> Iterator[Chunk]:
        kept: list[Chunk] | None = []
        known: set[int] = set()  # a chunk that comes again takes no more room
        size = 0
        try:
            for chunk in self._chunks():
                if kept is not None:
                    more = 0 if id(chunk) in known else chunk.nbytes
                    if size + more > KEPT or more > self._room.left:
                        kept, more = None, -size
                    else:
                        kept.append(chunk)
                        known.add(id(chunk))
                    size += more
                    self._room.left -= more
                yield chunk
            if kept is not None and self._kept is None:
                self._kept, size = kept, 0
        finally:
            self._room.left += size
