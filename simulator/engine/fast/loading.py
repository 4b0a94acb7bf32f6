"""Feeds programs with runs, a few chunks at a time, and keeps what their items sum to.

Chunks of many programs are read by one call: of thousands of programs most have one chunk, a few runs long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast import table
from simulator.engine.fast.forms import FORM, FOUND, NOBODY, SIZE0, TOLD
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.places import Places
from simulator.plan.network import Program
from simulator.plan.runs import COUNT, DEMAND, WORK, Chunk, Visits
from simulator.plan.state import Rows

Ints = NDArray[np.int64]
ENOUGH, PLENTY = 4096, 1 << 16
"""Runs and visits, and values of their vectors, that are loaded at once when chunks are small: of one program,"""
ENOUGH_OF_ALL, PLENTY_OF_ALL = 1 << 18, 1 << 22
"""and of all programs of a network together."""
TOGETHER = 1 << 16
"""Cells of chunks after which what was gathered is read: more are not put together for it, nor kept beside what is loaded."""
ONCE: Ints = np.zeros(1, dtype=np.int64)
"""Order of a chunk without visits."""


class Loader:
    """Feeds one program, and keeps what its items sum to.

    Parameters
    ----------
    memory : Memory
    program : Program
    block : int
        Offset of its block.
    form : sequence of int
        Whether its runs may be streams; inputs and outputs that are told; place of its fields among the memory's columns; how many
        those are; words of a row of its table.
    most : (int, int)
        Runs and visits, and values of vectors, that are loaded at once when chunks are small.
    opens : bool
        Whether its component counts the rows that its items open.

    Attributes
    ----------
    items, work, demand : int
        Sums over the items read so far.
    actions : list of int
        Action counts of the items read so far, in the program's order.
    """

    items = work = demand = 0
    actions: Sequence[int] = ()
    _rows = _row_space = _values = _value_space = _visits = _visit_space = 0
    _places: Places | None = None

    def __init__(
        self,
        memory: Memory,
        program: Program,
        block: int,
        form: Sequence[int],
        most: tuple[int, int],
        opens: bool = False,
    ) -> None:
        self.memory, self.program, self.block = memory, program, block
        self.form, self.most, self.opens = form, most, opens
        self._behind: Iterator[Chunk] = iter(program.chunks())
        self._next = next(self._behind, None)
        if program.actions:
            self.actions = [0] * len(program.actions)
        if program.access is not None and memory.words[block + at.PLACE]:
            self._places = Places(memory, program.name, program.access, int(memory.words[block + at.PLACE]))

    def chunks(self) -> Iterator[Chunk]:
        """Chunks that are left, those without runs left out."""
        while self._next is not None:
            chunk, self._next = self._next, next(self._behind, None)
            if len(chunk.runs):
                yield chunk

    @property
    def ended(self) -> bool:
        """Whether no chunk is left."""
        return self._next is None

    def fetch(self) -> Chunk | None:
        """The next chunks, as one; None when there are none."""
        chunks: list[Chunk] = []
        rows = values = 0
        enough, plenty = self.most
        for chunk in self.chunks():
            chunks.append(chunk)
            rows += len(chunk.runs) + (0 if chunk.visits is None else len(chunk.visits.order))
            values += len(chunk.vectors)
            if rows >= enough or values >= plenty:
                break
        if not chunks:
            return None
        return chunks[0] if len(chunks) == 1 else joined(chunks)

    def space(self, size: int, values: int, visits: int) -> tuple[int, int, int]:
        """Room for a table of so many words, the list of rows that visits begin with, and vectors, in place of those before."""
        memory = self.memory
        if size > self._row_space:
            self._row_space = size + size // 4
            self._rows = memory.take_dirty(self._row_space)
        if values > self._value_space:
            self._value_space = 2 * values
            self._values = memory.take_vectors(self._value_space)
        if visits >= self._visit_space:
            self._visit_space = 1 + visits + visits // 4
            self._visits = memory.take_dirty(self._visit_space)
        return self._rows, self._visits, self._values

    def add(self, told: Sequence[int], visits: Visits | None) -> int:
        """Add the sums of a chunk to those before; its items."""
        self.items += told[COUNT]
        self.work += told[WORK]
        self.demand += told[DEMAND]
        if self.actions:
            found = told[-len(self.actions) :]
            if visits is not None and visits.actions is not None:
                found = [a + b for a, b in zip(found, visits.actions.sum(axis=0).tolist(), strict=True)]
            self.actions = [a + b for a, b in zip(self.actions, found, strict=True)]
        return told[COUNT]

    def place(self, items: int) -> None:
        """Hand over the addresses of the items that were loaded."""
        if self._places is not None:
            self._places.load(items)


def loaders_of(memory: Memory) -> list[list[Loader]]:
    """A loader per program of every component."""
    programs = max(1, len(memory.programs))
    most = min(ENOUGH, -(-ENOUGH_OF_ALL // programs)), min(PLENTY, -(-PLENTY_OF_ALL // programs))
    forms = zip(memory.programs, memory.forms.tolist(), strict=True)
    return [
        [
            Loader(memory, program, *next(forms), most, isinstance(component.state, Rows))
            for program in component.programs
        ]
        for component in memory.plan.components
    ]


def load(loaders: Iterable[Loader]) -> None:
    """Load the next runs of programs, and make those programs runnable; those without any are done."""
    waiting = list(loaders)
    while waiting:
        again: list[Loader] = []
        batch = _Batch(waiting[0].memory)
        for loader in waiting:
            chunk = loader.fetch()
            if chunk is None:
                words = loader.memory.words
                words[loader.block + at.WANTS], words[loader.block + at.DONE] = 0, 1
                continue
            batch.put(loader, chunk)
            if batch.cells > TOGETHER:
                again += batch.read()
                batch = _Batch(loader.memory)
        waiting = again + batch.read()


def count(loaders: Iterable[Loader]) -> None:
    """Read programs to their ends for their sums alone."""
    batch: _Batch | None = None
    for loader in loaders:
        for chunk in loader.chunks():
            batch = batch or _Batch(loader.memory, load=False)
            batch.put(loader, chunk)
            if batch.cells > TOGETHER:
                batch.read()
                batch = None
    if batch is not None:
        batch.read()


class _Batch:
    """Chunks that are read by one call: into the memory, or for their sums alone."""

    def __init__(self, memory: Memory, load: bool = True) -> None:
        self.memory, self._load, self.cells = memory, load, 0
        self._told: list[tuple[Loader, Chunk]] = []
        self._forms: list[int] = []
        self._visits: list[Ints] = []
        self._orders: list[Ints] = [ONCE]
        self._words = self._vectors = self._sizes = self._totals = self._space = 0
        self._order = 1

    def put(self, loader: Loader, chunk: Chunk) -> None:
        """Add a chunk."""
        (runs, width), values, visits = chunk.runs.shape, len(chunk.vectors), chunk.visits
        blocks, times, size0, order0 = 1, 1, len(self._told), 0
        if visits is not None:
            blocks, times = len(visits.sizes), len(visits.order)
            size0, order0 = -1 - self._sizes, self._order  # behind those of chunks without visits
            self._sizes += blocks
            self._visits.append(visits.sizes)
            if blocks > 1:  # else the order says nothing
                self._order += times
                self._orders.append(visits.order)
        streams, ins, outs, column0, fields, stride = loader.form
        if self._load:
            program, (row, located, shift) = loader.block, loader.space(runs * stride, values, times)
        else:
            program, row, shift = NOBODY, self._words, self._vectors
            located = row + runs * stride
            self._words = located + times + 1
        ended, cells, totals = loader.ended, self.cells, self._totals
        told = (program, row, located, shift, streams, ended, ins, outs, blocks, times, values, fields, width)
        self._forms += (*told, cells, self._vectors, column0, size0, order0, totals)
        self._told.append((loader, chunk))
        self.cells, self._vectors = self.cells + runs * width, self._vectors + values
        self._totals += width
        self._space = max(self._space, table.work_space(blocks, values, width))

    def read(self) -> list[Loader]:
        """Read all chunks; loaders of those in which no item is."""
        if not self._told:
            return []
        chunks, count = [chunk for _, chunk in self._told], len(self._told)
        forms = np.zeros((count, FORM), dtype=np.int64)
        forms[:, :TOLD] = np.array(self._forms, dtype=np.int64).reshape(count, TOLD)
        behind = forms[:, SIZE0]
        behind[behind < 0] = count - 1 - behind[behind < 0]
        sizes = np.array([len(chunk.runs) for chunk in chunks], dtype=np.int64)
        vectors = _flat([chunk.vectors for chunk in chunks], np.int32)
        totals = np.empty(self._totals, dtype=np.int64)
        memory, words, values = self.memory, self.memory.words, self.memory.vectors
        if not self._load:
            words, values = np.empty(self._words, dtype=np.int64), vectors
        with np.errstate(over="ignore"):  # hashes of rows
            table.read(
                words,
                values,
                _flat([chunk.runs for chunk in chunks], np.int64),
                _flat([chunk.varies for chunk in chunks], np.uint8),
                vectors,
                memory.columns,
                _flat([sizes, *self._visits], np.int64),
                _flat(self._orders, np.int64),
                np.empty(self._space, dtype=np.int64),
                totals,
                forms.reshape(-1),
                count,
            )
        return self._hand_over(totals.tolist(), forms[:, FOUND].tolist())

    def _hand_over(self, totals: list[int], found: list[int]) -> list[Loader]:
        again, first = [], 0
        for (loader, chunk), visits in zip(self._told, found, strict=True):
            beyond = first + chunk.runs.shape[1]
            items = loader.add(totals[first:beyond], chunk.visits)
            first = beyond
            if self._load and visits == 0:
                again.append(loader)
            elif self._load:
                loader.place(items)
        return again


def _flat(parts: Sequence[NDArray[Any]], dtype: DTypeLike) -> NDArray[Any]:
    """Arrays one behind the other, row after row, as one array of a type."""
    if len(parts) == 1:
        return np.ascontiguousarray(parts[0], dtype=dtype).reshape(-1)
    kind = np.dtype(dtype)
    if all(part.dtype == kind and part.flags.c_contiguous for part in parts):
        return np.frombuffer(b"".join(cast(Any, parts)), dtype=kind)
    return np.concatenate(parts, axis=None, dtype=dtype, casting="unsafe")


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
