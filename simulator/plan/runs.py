"""Runs: `count` items told at once.

A chunk is a table with a row per run. Columns: ``count``, ``period``, then the fields of an item::

    demand, work, takes[inputs], releases[inputs], puts[outputs], actions[actions]

A field of item i (0 <= i < count) is the number in the table or, where `varies` is set, ``vectors[number + i % period]``.
A run means exactly its expansion into `count` items. Where items have addresses, a second table tells those of
each run::

    address = base + i * stride
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COUNT, PERIOD, DEMAND, WORK, PORTS = 0, 1, 2, 3, 4
"""Columns of a run; the per-port fields start at PORTS."""

Field = int | Sequence[int] | NDArray[np.integer]


@dataclass(frozen=True)
class Chunk:
    """Consecutive runs of one program.

    Attributes
    ----------
    runs : ndarray of int64, shape (R, F)
    varies : ndarray of uint8, shape (R, F)
        1 where the entry is an offset into `vectors`; always 0 in the first two columns.
    vectors : ndarray of int32, shape (V,)
    addresses : ndarray of int64, shape (R, 2), or None
        Base and stride of each run in bytes; None when the items have no addresses.
    """

    runs: NDArray[np.int64]
    varies: NDArray[np.uint8]
    vectors: NDArray[np.int32]
    addresses: NDArray[np.int64] | None = None

    def items(self) -> Iterator[tuple[int, ...]]:
        """Expand into items, each a tuple of its fields from `demand` on."""
        for row, flags in zip(self.runs, self.varies, strict=True):
            for i in range(int(row[COUNT])):
                step = i % int(row[PERIOD])
                yield tuple(
                    int(self.vectors[v + step]) if f else int(v)
                    for v, f in zip(row[DEMAND:], flags[DEMAND:], strict=True)
                )

    def locations(self) -> Iterator[int]:
        """Address of every item, in the order of :meth:`items`; nothing when there are none."""
        if self.addresses is None:
            return
        for count, (base, stride) in zip(self.runs[:, COUNT].tolist(), self.addresses.tolist(), strict=True):
            yield from (base + i * stride for i in range(count))


class RunWriter:
    """Collects runs of a program with `inputs`, `outputs` and `actions` fields into chunks."""

    def __init__(self, inputs: int, outputs: int, actions: int) -> None:
        self._inputs, self._outputs, self._actions = inputs, outputs, actions
        self._rows: list[list[int]] = []
        self._flags: list[list[int]] = []
        self._vectors: list[NDArray[np.int32]] = []
        self._addresses: list[tuple[int, int]] = []
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
        address: tuple[int, int] | None = None,
    ) -> None:
        """Append a run; `releases` defaults to `takes`, `work` to `demand`. A count of 0 adds nothing.

        `address` is base and stride in bytes, given for all runs of a chunk or for none. Vector fields must all
        have one length, the period, which repeats over the run.
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
        if address is not None:
            self._addresses.append(address)

    def chunk(self) -> Chunk:
        """Hand over what was collected, and start anew."""
        if len(self._addresses) not in (0, len(self._rows)):
            raise ValueError(
                f"{len(self._addresses)} of {len(self._rows)} runs tell addresses: all or none must"
            )
        located = bool(self._addresses)
        chunk = Chunk(
            np.array(self._rows, dtype=np.int64).reshape(-1, self.width),
            np.array(self._flags, dtype=np.uint8).reshape(-1, self.width),
            np.concatenate(self._vectors) if self._vectors else np.zeros(0, dtype=np.int32),
            np.array(self._addresses, dtype=np.int64).reshape(-1, 2) if located else None,
        )
        self._rows, self._flags, self._vectors, self._size = [], [], [], 0
        self._addresses = []
        return chunk
