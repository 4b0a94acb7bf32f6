"""Feeds programs with runs, a few chunks at a time, and keeps what their items sum to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.memory import Memory, finite
from simulator.engine.fast.places import Places
from simulator.engine.fast.table import tabulate
from simulator.plan.network import Program
from simulator.plan.runs import COUNT, DEMAND, PORTS, WORK, Chunk

Ints = NDArray[np.int64]
ENOUGH, PLENTY = 2048, 1 << 16
"""Runs, and values of their vectors, that are loaded at once when chunks are small."""


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
        self._first_output = PORTS + 2 * len(program.inputs)
        columns = [
            DEMAND,
            *(PORTS + i for i in inputs),
            *(PORTS + len(program.inputs) + i for i in inputs),
            *(self._first_output + i for i in outputs),
        ]
        self._columns: Ints = np.array(columns, dtype=np.int64)
        self._places: Places | None = None
        if program.access is not None and memory.words[block + at.PLACE]:
            self._places = Places(memory, program.name, program.access, int(memory.words[block + at.PLACE]))

    def count(self) -> None:
        """Read the program to its end for its sums alone."""
        for chunk in self._chunks:
            self._table(chunk)

    def load(self) -> bool:
        """Load the next runs; False, and the program is done, when there are none."""
        words = self.memory.words
        words[self.block + at.WANTS] = 0
        while True:
            chunks: list[Chunk] = []
            rows = values = 0
            while rows < ENOUGH and values < PLENTY and (chunk := next(self._chunks, None)) is not None:
                if len(chunk.runs):
                    chunks.append(chunk)
                    rows, values = rows + len(chunk.runs), values + len(chunk.vectors)
            if not chunks:
                words[self.block + at.DONE] = 1
                return False
            whole = chunks[0] if len(chunks) == 1 else joined(chunks)
            table = self._table(whole)
            if len(table):
                self._place(table, whole.vectors)
                if self._places is not None:
                    self._places.load(int(table[:, at.ROW_COUNT].sum()))
                return True

    def _table(self, chunk: Chunk) -> Ints:
        """Rows of the run table of a chunk, whose items are counted."""
        runs = np.ascontiguousarray(chunk.runs, dtype=np.int64)
        varies = np.ascontiguousarray(chunk.varies, dtype=np.uint8)
        prefix = np.zeros(len(chunk.vectors) + 1, dtype=np.int64)
        np.cumsum(chunk.vectors, out=prefix[1:])
        table = np.empty((len(runs), at.ROW_FIELDS + 2 * len(self._columns)), dtype=np.int64)
        sums = np.zeros(runs.shape[1], dtype=np.int64)
        rows = tabulate(runs, varies, prefix, self._columns, self._ports, table, sums)
        self.items += int(sums[COUNT])
        self.work += int(sums[WORK])
        self.demand += int(sums[DEMAND])
        found = sums[self._first_output + len(self.program.outputs) :].tolist()
        self.actions = [a + b for a, b in zip(self.actions, found, strict=True)]
        return table[:rows]

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
        if not self._streams:
            table[:, at.ROW_STREAM] = 0
        memory.words[self._rows : self._rows + table.size] = table.ravel()
        memory.words[block + at.LOADS] += 1
        memory.words[block + at.KEY_ROW] = 0
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
