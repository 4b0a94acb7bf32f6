"""Feeds programs with runs, a few chunks at a time, and keeps what their items sum to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.memory import Memory, streams
from simulator.engine.fast.places import Places
from simulator.engine.fast.table import form_of, read
from simulator.plan.network import Component, Program
from simulator.plan.runs import COUNT, DEMAND, PORTS, WORK, Chunk, Visits

Ints = NDArray[np.int64]
ENOUGH, PLENTY = 2048, 1 << 16
"""Runs and visits, and values of their vectors, that are loaded at once when chunks are small: of one program,"""
ENOUGH_OF_ALL, PLENTY_OF_ALL = 1 << 18, 1 << 22
"""and of all programs of a network together."""
ONCE: Ints = np.zeros(1, dtype=np.int64)
"""Order of a chunk without visits."""


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
        programs = len(memory.programs)
        self._enough, self._plenty = (
            min(each, -(-all_of_them // programs))
            for each, all_of_them in ((ENOUGH, ENOUGH_OF_ALL), (PLENTY, PLENTY_OF_ALL))
        )
        self.items = self.work = self.demand = 0
        self.actions = [0] * len(program.actions)
        self._chunks: Iterator[Chunk] = iter(program.chunks())
        self._rows = self._row_space = self._values = self._value_space = self._visits = self._visit_space = 0
        inputs, outputs = memory.finite[block]
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
            size = len(chunk.runs) * self._stride
            visits = 1 if chunk.visits is None else len(chunk.visits.order)
            self._read(chunk, np.empty(size + visits + 1, dtype=np.int64), chunk.vectors, 0, size)

    def load(self) -> bool:
        """Load the next runs; False, and the program is done, when there are none."""
        self.memory.words[self.block + at.WANTS] = 0
        while True:
            chunks: list[Chunk] = []
            rows = values = 0
            while rows < self._enough and values < self._plenty and (chunk := next(self._chunks, None)):
                if len(chunk.runs):
                    chunks.append(chunk)
                    rows += len(chunk.runs) + (0 if chunk.visits is None else len(chunk.visits.order))
                    values += len(chunk.vectors)
            if not chunks:
                self.memory.words[self.block + at.DONE] = 1  # the memory may have grown
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
        visits = 1 if chunk.visits is None else len(chunk.visits.order)
        if visits >= self._visit_space:
            self._visit_space = 1 + visits + visits // 4
            self._visits = memory.take_dirty(self._visit_space)
        memory.vectors[self._values : self._values + values] = chunk.vectors
        words, first = memory.words, self._visits
        count = self._read(chunk, words, memory.vectors, self._rows, first)
        words[block + at.LOADS] += 1
        words[block + at.KEY_ROW] = words[block + at.ROW] = 0
        words[block + at.VISIT], words[block + at.VISITS_END] = first, first + count
        words[block + at.SINGLE] = words[block + at.SHARED] and count == 1
        if count > 0 and self._places is not None:
            self._places.load(self.items - before)
        return count > 0

    def _read(self, chunk: Chunk, words: Ints, values: NDArray[np.int32], begin: int, located: int) -> int:
        """Fill a run table over `values`, say where each visit begins, and count the items; the visits that have any."""
        runs = np.ascontiguousarray(chunk.runs, dtype=np.int64).reshape(-1)
        varies = np.ascontiguousarray(chunk.varies, dtype=np.uint8).reshape(-1)
        vectors = np.ascontiguousarray(chunk.vectors, dtype=np.int32)
        visits, totals = chunk.visits, np.empty(chunk.runs.shape[1], dtype=np.int64)
        sizes = (
            np.array([len(chunk.runs)])
            if visits is None
            else np.ascontiguousarray(visits.sizes, dtype=np.int64)
        )
        order = ONCE if visits is None else np.ascontiguousarray(visits.order, dtype=np.int64)
        many = {"blocks": len(sizes), "visits": len(order), "values": len(vectors)}
        many |= {"fields": len(self._columns), "width": len(totals)}
        form, space = form_of(begin, located, self._values, self._streams, self._ports, many)
        scratch = np.empty(space, dtype=np.int64)
        with np.errstate(over="ignore"):  # hashes of rows
            count: int = read(
                words, values, runs, varies, vectors, self._columns, sizes, order, scratch, totals, form
            )
        told = totals.tolist()
        self.items += told[COUNT]
        self.work += told[WORK]
        self.demand += told[DEMAND]
        found = told[self._first_output + len(self.program.outputs) :]
        if visits is not None and visits.actions is not None:
            found = [a + b for a, b in zip(found, visits.actions.sum(axis=0).tolist(), strict=True)]
        self.actions = [a + b for a, b in zip(self.actions, found, strict=True)]
        return count


def joined(chunks: list[Chunk]) -> Chunk:
    """Several chunks as one; with visits among them, one that comes again is in the table once."""
    told = all(chunk.visits is None for chunk in chunks)
    parts = chunks if told else list({id(chunk): chunk for chunk in chunks}.values())
    sizes = [len(part.vectors) for part in parts]
    runs = np.concatenate([part.runs for part in parts])
    if any(sizes):
        shifts = np.cumsum([0, *sizes[:-1]])
        varies = [part.varies * shift for part, shift in zip(parts, shifts, strict=True)]
        runs += np.concatenate(varies)
    flags = np.concatenate([part.varies for part in parts])
    return Chunk(
        runs,
        flags,
        np.concatenate([part.vectors for part in parts]),
        None if told else _visits(chunks, parts),
    )


def _visits(chunks: list[Chunk], parts: list[Chunk]) -> Visits:
    """The visits of all chunks to the blocks of the different ones; a chunk without visits is a block visited once."""
    blocks = [np.array([len(p.runs)]) if p.visits is None else p.visits.sizes for p in parts]
    begin = np.cumsum([0, *(len(sizes) for sizes in blocks)])
    first = {id(part): at for part, at in zip(parts, begin.tolist(), strict=False)}
    orders = [np.zeros(1, dtype=np.int64) if c.visits is None else c.visits.order for c in chunks]
    order = np.concatenate([part + first[id(c)] for part, c in zip(orders, chunks, strict=True)])
    actions = [None if chunk.visits is None else chunk.visits.actions for chunk in chunks]
    wide = next((part.shape[1] for part in actions if part is not None), 0)
    more = [
        np.zeros((len(order), wide), dtype=np.int64) if part is None else part
        for part, order in zip(actions, orders, strict=True)
    ]
    return Visits(np.concatenate(blocks), order, np.concatenate(more) if wide else None)
