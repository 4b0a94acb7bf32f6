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
    if not chunk.varies.any():
        sums: Ints = counts @ chunk.runs
    else:
        sums = counts @ np.where(chunk.varies, 0, chunk.runs)
        rows, columns = np.nonzero(chunk.varies)
        prefix = np.zeros(len(chunk.vectors) + 1, dtype=np.int64)
        np.cumsum(chunk.vectors, out=prefix[1:])
        start, period = chunk.runs[rows, columns], chunk.runs[rows, PERIOD]
        times, rest = np.divmod(counts[rows], period)
        whole = prefix[start + period] - prefix[start]
        np.add.at(sums, columns, times * whole + prefix[start + rest] - prefix[start])
    sums[COUNT] = counts.sum()
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
        self._ports = len(inputs), len(outputs)
        self._streams = memory.streams(block)
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
        words = self.memory.words
        words[self.block + at.WANTS] = 0
        while True:
            chunks: list[Chunk] = []
            rows = 0
            while rows < ENOUGH and (chunk := next(self._chunks, None)) is not None:
                if len(chunk.runs):
                    chunks.append(chunk)
                    rows += len(chunk.runs)
            if not chunks:
                words[self.block + at.DONE] = 1
                return False
            whole = chunks[0] if len(chunks) == 1 else joined(chunks)
            self._count(whole)
            table = self._table(whole)
            if len(table):
                self._place(table, whole.vectors)
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

    def _table(self, chunk: Chunk) -> Ints:
        """Rows of the run table."""
        runs, fields = chunk.runs, len(self._columns)
        table = np.empty((len(runs), at.ROW_FIELDS + 2 * fields), dtype=np.int64)
        table[:, : at.ROW_VARIED] = runs[:, : at.ROW_VARIED]
        table[:, at.ROW_FIELDS : at.ROW_FIELDS + fields] = runs[:, self._columns]
        table[:, at.ROW_FIELDS + fields :] = chunk.varies[:, self._columns]
        varied = table[:, at.ROW_FIELDS + fields :].any(axis=1)
        table[:, at.ROW_VARIED] = varied
        self._mark(table)
        table[~varied, at.ROW_PERIOD] = 1
        if not runs[:, COUNT].all():
            table = table[table[:, at.ROW_COUNT] > 0]
        return _merged(table)

    def _mark(self, table: Ints) -> None:
        """Mark the runs of a lone program that move tokens of one input at most, and one token of one output at most."""
        fields, (ins, outs) = len(self._columns), self._ports
        moved = table[:, at.ROW_FIELDS : at.ROW_FIELDS + fields] | table[:, at.ROW_FIELDS + fields :]
        inputs = (moved[:, 1 : 1 + ins] | moved[:, 1 + ins : 1 + 2 * ins]) != 0
        outputs = moved[:, 1 + 2 * ins :] != 0
        single = (inputs.sum(axis=1) <= 1) & (outputs.sum(axis=1) <= 1) & self._streams
        puts = table[:, at.ROW_FIELDS + 1 + 2 * ins : at.ROW_FIELDS + fields]
        flags = table[:, at.ROW_FIELDS + fields + 1 + 2 * ins :]
        single &= ~((puts > 1) | (flags != 0)).any(axis=1)
        table[:, at.ROW_STREAM] = single
        table[:, at.ROW_IN] = np.where(inputs.any(axis=1), inputs.argmax(axis=1), -1) if ins else -1
        table[:, at.ROW_OUT] = np.where(outputs.any(axis=1), outputs.argmax(axis=1), -1) if outs else -1

    def _place(self, table: Ints, vectors: NDArray[np.int32]) -> None:
        memory, block, size = self.memory, self.block, len(vectors)
        if table.size > self._row_space:
            self._row_space = 2 * table.size
            self._rows = memory.take(self._row_space)
        if table[:, at.ROW_VARIED].any():
            if size > self._value_space:
                self._value_space = 2 * size
                self._values = memory.take_vectors(self._value_space)
            memory.vectors[self._values : self._values + size] = vectors
            fields = len(self._columns)
            table[:, at.ROW_FIELDS : at.ROW_FIELDS + fields] += self._values * table[:, -fields:]
        memory.words[self._rows : self._rows + table.size] = table.ravel()
        memory.words[block + at.ROW], memory.words[block + at.ROW_END] = self._rows, self._rows + table.size


def joined(chunks: list[Chunk]) -> Chunk:
    """Several chunks as one."""
    runs = np.concatenate([chunk.runs for chunk in chunks])
    varies = np.concatenate([chunk.varies for chunk in chunks])
    sizes = [len(chunk.vectors) for chunk in chunks]
    if any(sizes):
        shifts = np.cumsum([0, *sizes[:-1]])
        runs += np.repeat(shifts, [len(chunk.runs) for chunk in chunks])[:, None] * varies
    return Chunk(runs, varies, np.concatenate([chunk.vectors for chunk in chunks]))


def _merged(table: Ints) -> Ints:
    """Join neighbouring runs of equal items."""
    fresh = np.ones(len(table), dtype=bool)
    np.any(table[1:, 1:] != table[:-1, 1:], axis=1, out=fresh[1:])
    fresh[1:] |= table[1:, at.ROW_VARIED] != 0
    if fresh.all():
        return table
    starts = np.flatnonzero(fresh)
    merged: Ints = table[starts]
    merged[:, at.ROW_COUNT] = np.add.reduceat(table[:, at.ROW_COUNT], starts)
    return merged
