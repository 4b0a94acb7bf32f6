"""Feeds programs with runs, a few chunks at a time, and keeps what their items sum to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.memory import Memory, finite, streams
from simulator.engine.fast.places import Places
from simulator.engine.fast.table import tabulate
from simulator.plan.network import Component, Program
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

    def __init__(self, memory: Memory, component: Component, program: Program, block: int) -> None:
        self.memory, self.program, self.block = memory, program, block
        self.items = self.work = self.demand = 0
        self.actions = [0] * len(program.actions)
        self._chunks: Iterator[Chunk] = iter(program.chunks())
        self._rows = self._row_space = self._values = self._value_space = 0
        inputs, outputs = finite(memory.plan, program.inputs), finite(memory.plan, program.outputs)
        self._ports = len(inputs), len(outputs)
        self._streams = streams(memory.plan, component, program)
        self._first_output = PORTS + 2 * len(program.inputs)
        columns = [
            DEMAND,
            *(PORTS + i for i in inputs),
            *(PORTS + len(program.inputs) + i for i in inputs),
            *(self._first_output + i for i in outputs),
        ]
        self._columns: Ints = np.array(columns, dtype=np.int64)
        self._stride = at.ROW_FIELDS + 2 * len(columns)
        self._places: Places | None = None
        if program.access is not None and memory.words[block + at.PLACE]:
            self._places = Places(memory, program.name, program.access, int(memory.words[block + at.PLACE]))

    def count(self) -> None:
        """Read the program to its end for its sums alone."""
        for chunk in self._chunks:
            self._tabulate(chunk, np.empty((len(chunk.runs), self._stride), dtype=np.int64))

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
            if self._place(chunks[0] if len(chunks) == 1 else joined(chunks)):
                return True

    def _place(self, chunk: Chunk) -> bool:
        """Put a chunk into the run table in place of what is there; whether it has any items."""
        memory, block, before = self.memory, self.block, self.items
        size, values = len(chunk.runs) * self._stride, len(chunk.vectors)
        if size > self._row_space:
            self._row_space = size + size // 4
            self._rows = memory.take_dirty(self._row_space)
        if values > self._value_space:
            self._value_space = 2 * values
            self._values = memory.take_vectors(self._value_space)
        memory.vectors[self._values : self._values + values] = chunk.vectors
        table = memory.words[self._rows : self._rows + size].reshape(-1, self._stride)
        rows = self._tabulate(chunk, table)
        words = memory.words
        words[block + at.LOADS] += 1
        words[block + at.KEY_ROW] = 0
        words[block + at.ROW], words[block + at.ROW_END] = self._rows, self._rows + rows * self._stride
        if rows > 0 and self._places is not None:
            self._places.load(self.items - before)
        return rows > 0

    def _tabulate(self, chunk: Chunk, table: Ints) -> int:
        """Fill a run table and count its items; its rows."""
        runs = np.ascontiguousarray(chunk.runs, dtype=np.int64)
        varies = np.ascontiguousarray(chunk.varies, dtype=np.uint8)
        prefix = np.zeros(len(chunk.vectors) + 1, dtype=np.int64)
        if len(chunk.vectors):
            np.cumsum(chunk.vectors, out=prefix[1:])
        sums = np.zeros(runs.shape[1], dtype=np.int64)
        form = *self._ports, self._values, self._streams
        rows = tabulate(runs, varies, prefix, self._columns, form, table, sums)
        told = sums.tolist()
        self.items += told[COUNT]
        self.work += told[WORK]
        self.demand += told[DEMAND]
        found = told[self._first_output + len(self.program.outputs) :]
        self.actions = [a + b for a, b in zip(self.actions, found, strict=True)]
        return rows


def joined(chunks: list[Chunk]) -> Chunk:
    """Several chunks as one."""
    runs = np.concatenate([chunk.runs for chunk in chunks])
    varies = np.concatenate([chunk.varies for chunk in chunks])
    sizes = [len(chunk.vectors) for chunk in chunks]
    if any(sizes):
        shifts = np.cumsum([0, *sizes[:-1]])
        runs += np.repeat(shifts, [len(chunk.runs) for chunk in chunks])[:, None] * varies
    return Chunk(runs, varies, np.concatenate([chunk.vectors for chunk in chunks]))
