"""Chunks become run tables: only the fields that matter in time, equal neighbours merged; the rest is summed at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.memory import Memory, finite
from simulator.plan.network import Program
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK, Chunk

Ints = NDArray[np.int64]
ENOUGH = 2048
"""Runs that are loaded at once when chunks are small."""


def field_sums(chunk: Chunk) -> Ints:
    """Sum of every field over all items of a chunk, shape (F,)."""
    counts = chunk.runs[:, COUNT]
    sums: Ints = np.where(chunk.varies, 0, chunk.runs).T @ counts
    sums[COUNT] = counts.sum()
    rows, columns = np.nonzero(chunk.varies)
    if len(rows):
        prefix = np.zeros(len(chunk.vectors) + 1, dtype=np.int64)
        np.cumsum(chunk.vectors, out=prefix[1:])
        start, period = chunk.runs[rows, columns], chunk.runs[rows, PERIOD]
        times, rest = np.divmod(counts[rows], period)
        whole = prefix[start + period] - prefix[start]
        np.add.at(sums, columns, times * whole + prefix[start + rest] - prefix[start])
    return sums


class Loader:
    """Feeds one program, and keeps what its items sum to.

    Attributes
    ----------
    items, work, demand : int
        Sums over the items read so far.
    actions : list of int
        Action counts of the items read so far, in the program's order.
    """

    def __init__(self, memory: Memory, program: Program, block: int) -> None:
        self.memory, self.program, self.block = memory, program, block
        self.items = self.work = self.demand = 0
        self.actions = [0] * len(program.actions)
        self._chunks: Iterator[Chunk] = iter(program.chunks())
        self._rows = self._row_space = self._values = self._value_space = 0
        inputs, outputs = finite(memory.plan, program.inputs), finite(memory.plan, program.outputs)
        first_output = PORTS + 2 * len(program.inputs)
        self._columns = [
            DEMAND,
            *(PORTS + i for i in inputs),
            *(PORTS + len(program.inputs) + i for i in inputs),
            *(first_output + i for i in outputs),
        ]

    def count(self) -> None:
        """Read the program to its end for its sums alone."""
        for chunk in self._chunks:
            self._count(chunk)

    def load(self) -> bool:
        """Load the next runs; False, and the program is done, when there are none."""
        tables: list[Ints] = []
        vectors: list[NDArray[np.int32]] = []
        rows = size = 0
        while rows < ENOUGH:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._count(chunk)
            table = self._table(chunk, size)
            if len(table):
                tables.append(table)
                rows += len(table)
                if table[:, at.ROW_VARIED].any():
                    vectors.append(np.asarray(chunk.vectors, dtype=np.int32))
                    size += len(chunk.vectors)
        words = self.memory.words
        words[self.block + at.WANTS] = 0
        if not tables:
            words[self.block + at.DONE] = 1
            return False
        self._place(tables[0] if len(tables) == 1 else np.concatenate(tables), vectors, size)
        return True

    def _count(self, chunk: Chunk) -> None:
        if len(chunk.runs) == 0:
            return
        sums = field_sums(chunk).tolist()
        self.items += sums[COUNT]
        self.work += sums[WORK]
        self.demand += sums[DEMAND]
        first = PORTS + 2 * len(self.program.inputs) + len(self.program.outputs)
        self.actions = [a + b for a, b in zip(self.actions, sums[first:], strict=True)]

    def _table(self, chunk: Chunk, shift: int) -> Ints:
        """Rows of the run table; vector offsets are moved by `shift`."""
        runs = chunk.runs
        if not runs[:, COUNT].all():
            keep = runs[:, COUNT] > 0
            chunk = Chunk(runs[keep], chunk.varies[keep], chunk.vectors)
            runs = chunk.runs
        fields = len(self._columns)
        table = np.empty((len(runs), at.ROW_FIELDS + 2 * fields), dtype=np.int64)
        table[:, : at.ROW_VARIED] = runs[:, : at.ROW_VARIED]
        flags = table[:, at.ROW_FIELDS + fields :]
        flags[:] = chunk.varies[:, self._columns]
        varied = flags.any(axis=1)
        table[:, at.ROW_VARIED] = varied
        table[:, at.ROW_FIELDS : at.ROW_FIELDS + fields] = runs[:, self._columns]
        if varied.any():
            table[:, at.ROW_FIELDS : at.ROW_FIELDS + fields] += shift * flags
            return table
        table[:, at.ROW_PERIOD] = 1
        return _merged(table)

    def _place(self, table: Ints, vectors: list[NDArray[np.int32]], size: int) -> None:
        memory, block = self.memory, self.block
        if table.size > self._row_space:
            self._row_space = 2 * table.size
            self._rows = memory.take(self._row_space)
        if size > self._value_space:
            self._value_space = 2 * size
            self._values = memory.take_vectors(self._value_space)
        if size:
            memory.vectors[self._values : self._values + size] = np.concatenate(vectors)
            fields = len(self._columns)
            table[:, at.ROW_FIELDS : at.ROW_FIELDS + fields] += self._values * table[:, -fields:]
        memory.words[self._rows : self._rows + table.size] = table.ravel()
        memory.words[block + at.ROW], memory.words[block + at.ROW_END] = self._rows, self._rows + table.size


def _merged(table: Ints) -> Ints:
    """Join neighbouring runs of equal items."""
    fresh = np.ones(len(table), dtype=bool)
    np.any(table[1:, 1:] != table[:-1, 1:], axis=1, out=fresh[1:])
    if fresh.all():
        return table
    starts = np.flatnonzero(fresh)
    merged: Ints = table[starts]
    merged[:, at.ROW_COUNT] = np.add.reduceat(table[:, at.ROW_COUNT], starts)
    return merged
