"""Runs: `count` items told at once.

A chunk is a table with a row per run. Columns: ``count``, ``period``, then the fields of an item::

    demand, work, takes[inputs], releases[inputs], puts[outputs], actions[actions]

A field of item i (0 <= i < count) is the number in the table or, where `varies` is set, ``vectors[number + i % period]``.
A run means exactly its expansion into `count` items.

Work that comes again need not be told again: a chunk may cut its table into blocks of runs and say in which order they are visited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, repeat

import numpy as np
from numpy.typing import NDArray

COUNT, PERIOD, DEMAND, WORK, PORTS = 0, 1, 2, 3, 4
"""Columns of a run; the per-port fields start at PORTS."""

Field = int | Sequence[int] | NDArray[np.integer]


@dataclass(frozen=True)
class Visits:
    """Which blocks of a table of runs are told, and in which order.

    Attributes
    ----------
    sizes : ndarray of int64, shape (B,)
        Runs of each block; the blocks follow one another in the table.
    order : ndarray of int64, shape (V,)
        The block of every visit.
    actions : ndarray of int64, shape (V, A), optional
        Actions of the last item of every visit, on top of those of its run; its block has items.
    """

    sizes: NDArray[np.int64]
    order: NDArray[np.int64]
    actions: NDArray[np.int64] | None = None

    @property
    def times(self) -> NDArray[np.int64]:
        """How often each block is visited, shape (B,)."""
        return np.bincount(self.order, minlength=len(self.sizes))


@dataclass(frozen=True)
class Chunk:
    """Consecutive runs of one program.

    Attributes
    ----------
    runs : ndarray of int64, shape (R, F)
    varies : ndarray of uint8, shape (R, F)
        1 where the entry is an offset into `vectors`; always 0 in the first two columns.
    vectors : ndarray of int32, shape (V,)
    visits : Visits, optional
        Without it the runs are told once, from the first to the last.
    """

    runs: NDArray[np.int64]
    varies: NDArray[np.uint8]
    vectors: NDArray[np.int32]
    visits: Visits | None = None

    @property
    def told(self) -> int:
        """How many runs are told."""
        if self.visits is None:
            return len(self.runs)
        return int(self.visits.times @ self.visits.sizes)

    @property
    def times(self) -> NDArray[np.int64]:
        """How often every run is told, shape (R,)."""
        if self.visits is None:
            return np.ones(len(self.runs), dtype=np.int64)
        return np.repeat(self.visits.times, self.visits.sizes)

    @property
    def sequence(self) -> NDArray[np.int64]:
        """The row of every run told, in order, shape (told,)."""
        if self.visits is None:
            return np.arange(len(self.runs))
        ends = np.cumsum(self.visits.sizes)
        sizes, beyond = self.visits.sizes[self.visits.order], ends[self.visits.order]
        return np.arange(int(sizes.sum())) + np.repeat(beyond - np.cumsum(sizes), sizes)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        told = self.runs.nbytes + self.varies.nbytes + self.vectors.nbytes
        if self.visits is not None:
            told += self.visits.sizes.nbytes + self.visits.order.nbytes
            told += 0 if self.visits.actions is None else self.visits.actions.nbytes
        return told

    def items(self) -> Iterator[tuple[int, ...]]:
        """Expand into items, each a tuple of its fields from `demand` on."""
        if self.visits is None:
            yield from self._items(0, len(self.runs))
            return
        ends = np.cumsum(self.visits.sizes).tolist()
        starts = [0, *ends[:-1]]
        for visit, block in enumerate(self.visits.order.tolist()):
            if self.visits.actions is None:
                yield from self._items(starts[block], ends[block])
                continue
            *before, last = self._items(starts[block], ends[block])
            more = self.visits.actions[visit].tolist()
            yield from before
            first = len(last) - len(more)
            yield *last[:first], *(a + b for a, b in zip(last[first:], more, strict=True))

    def _items(self, first: int, beyond: int) -> Iterator[tuple[int, ...]]:
        for row, flags in zip(self.runs[first:beyond], self.varies[first:beyond], strict=True):
            count, period, *fields = row.tolist()
            if not flags.any():
                yield from repeat(tuple(fields), count)
                continue
            varying = [
                self.vectors[v : v + period].tolist() if f else [v] * period
                for v, f in zip(fields, flags[DEMAND:], strict=True)
            ]
            yield from islice(cycle(zip(*varying, strict=True)), count)


class RunWriter:
    """Collects runs of a program with `inputs`, `outputs` and `actions` fields into chunks."""

    def __init__(self, inputs: int, outputs: int, actions: int) -> None:
        self._inputs, self._outputs, self._actions = inputs, outputs, actions
        self._rows: list[list[int]] = []
        self._flags: list[list[int]] = []
        self._vectors: list[NDArray[np.int32]] = []
        self._size = 0

    @property
    def width(self) -> int:
        """Number of columns of a run."""
        return PORTS + 2 * self._inputs + self._outputs + self._actions

    def __len__(self) -> int:
        return len(self._rows)

    def vector(self, values: Sequence[int] | NDArray[np.integer]) -> slice:
        """Store `values` once and return a handle that any field of later runs may name."""
        array = np.asarray(values, dtype=np.int32).ravel()
        handle = slice(self._size, self._size + array.size)
        self._vectors.append(array)
        self._size += array.size
        return handle

    def add(
        self,
        count: int,
        demand: Field | slice,
        work: Field | slice | None = None,
        takes: Sequence[Field | slice] = (),
        releases: Sequence[Field | slice] | None = None,
        puts: Sequence[Field | slice] = (),
        actions: Sequence[Field | slice] = (),
    ) -> None:
        """Append a run; `releases` defaults to `takes`, `work` to `demand`. A count of 0 adds nothing.

        Vector fields must all have one length, the period, which repeats over the run.
        """
        if count <= 0:
            return
        fields = [
            demand,
            demand if work is None else work,
            *takes,
            *(takes if releases is None else releases),
        ]
        fields += [*puts, *actions]
        if len(fields) != self.width - DEMAND:
            raise ValueError(f"a run of this program has {self.width - DEMAND} fields, not {len(fields)}")
        row, flags, period = [count, 1], [0, 0], 1
        for field in fields:
            if isinstance(field, (int, np.integer)):
                row.append(int(field))
                flags.append(0)
                continue
            handle = field if isinstance(field, slice) else self.vector(field)
            length = handle.stop - handle.start
            if length == 0 or period not in (1, length):
                raise ValueError(f"vector fields of one run must have one length, not {period} and {length}")
            period = length
            row.append(handle.start)
            flags.append(1)
        row[PERIOD] = period
        self._rows.append(row)
        self._flags.append(flags)

    def chunk(self) -> Chunk:
        """Hand over what was collected, and start anew."""
        chunk = Chunk(
            np.array(self._rows, dtype=np.int64).reshape(-1, self.width),
            np.array(self._flags, dtype=np.uint8).reshape(-1, self.width),
            np.concatenate(self._vectors) if self._vectors else np.zeros(0, dtype=np.int32),
        )
        self._rows, self._flags, self._vectors, self._size = [], [], [], 0
        return chunk
