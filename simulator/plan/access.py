"""Where the items of a program read or write: runs of addresses, beside the runs of items.

Item i of a run of addresses (0 <= i < count) is at ``base + i * stride``. The runs are read in order and tell an address
for every item of the program, however the items themselves are cut into runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COUNT, BASE, STRIDE = 0, 1, 2
"""Columns of a run of addresses."""


@dataclass(frozen=True)
class Access:
    """How a program reaches a memory.

    Attributes
    ----------
    write : bool
    runs : callable
        Returns a fresh iterator over arrays of int64, shape (R, 3): count, base and stride in bytes.
    """

    write: bool
    runs: Callable[[], Iterator[NDArray[np.int64]]]

    def addresses(self) -> Iterator[int]:
        """Address of every item, in order."""
        for table in self.runs():
            for count, base, stride in table.tolist():
                yield from (base + i * stride for i in range(count))
