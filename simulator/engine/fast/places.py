"""Feeds a program with the addresses of the items that are loaded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import service
from simulator.engine.fast.memory import Memory
from simulator.plan.access import COUNT, STRIDE, Access

Ints = NDArray[np.int64]


class Places:
    """Runs of addresses of one program, handed over for so many items as its loader loads.

    Parameters
    ----------
    memory : Memory
    name : str
        Of the program.
    access : Access
    block : int
        Offset of its block of :mod:`simulator.engine.fast.service`.
    """

    def __init__(self, memory: Memory, name: str, access: Access, block: int) -> None:
        self.memory, self.name, self.block = memory, name, block
        memory.words[block + service.WRITES] = access.write
        self._tables: Iterator[Ints] = access.runs()
        self._rest = np.zeros((0, 3), dtype=np.int64)
        self._space = self._place = 0

    def load(self, items: int) -> None:
        """Hand over the addresses of the next `items` items.

        Raises
        ------
        ValueError
            There are not so many.
        """
        runs = self._next(items)
        if runs.size > self._space:
            self._space = 2 * runs.size
            self._place = self.memory.take(self._space)
        words, beyond = self.memory.words, self._place + runs.size
        words[self._place : beyond] = runs.ravel()
        words[self.block + service.NEXT_RUN], words[self.block + service.LAST_RUN] = self._place, beyond
        service.begin(words, self.block)

    def _next(self, items: int) -> Ints:
        tables, known = [self._rest], int(self._rest[:, COUNT].sum())
        while known < items:
            table = next(self._tables, None)
            if table is None:
                raise ValueError(f"program {self.name} has items without addresses")
            table = table[table[:, COUNT] > 0].astype(np.int64)
            tables.append(table)
            known += int(table[:, COUNT].sum())
        runs = np.concatenate(tables)
        ends = np.cumsum(runs[:, COUNT])
        last = int(np.searchsorted(ends, items))
        self._rest, runs = runs[last:].copy(), runs[: last + 1].copy()
        used = items - (int(ends[last - 1]) if last else 0)
        runs[-1, COUNT] = used
        self._rest[0, COUNT] -= used
        self._rest[0, 1] += used * self._rest[0, STRIDE]
        if self._rest[0, COUNT] == 0:
            self._rest = self._rest[1:]
        return runs
