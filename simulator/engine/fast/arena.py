"""The arrays a run works in, kept from one run to the next: fresh ones cost more in page faults than a small layer in all.

A run takes an arena, or makes one, and gives it back when it has come to its end; one that failed keeps its own. What is given
back is dirty but for the first `clean` bins, which whoever gives it back clears where they were used: that is known, and little.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast.layout import LINE

FIRST_WORDS, FIRST_VALUES, FIRST_BINS = 1 << 21, 1 << 12, 1 << 18
"""Elements of the arrays at first; only those that are used cost memory."""
MOST_ARENAS, MOST_BYTES = 2, 3 << 27
"""Arenas that are kept, and bytes of one that still is."""


@dataclass
class Arena:
    """Room for one run.

    Attributes
    ----------
    words : ndarray of int64
        Header, blocks, rings and run tables; whatever they were.
    vectors : ndarray of int32
        Vectors of the loaded runs; whatever they were.
    bins : ndarray of int64
        State-cycles of components, and behind them their tapes.
    clean : int
        How many elements of `bins`, from the first on, are zero.
    """

    words: NDArray[np.int64]
    vectors: NDArray[np.int32]
    bins: NDArray[np.int64]
    clean: int

    def zeros(self, count: int, total: int) -> NDArray[np.int64]:
        """The array `bins` with room for `total`, the first `count` of them zero."""
        if total > len(self.bins):
            self.bins, self.clean = _sparse(total), total
        self.bins[self.clean : count] = 0
        self.clean = count
        return self.bins

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return self.words.nbytes + self.vectors.nbytes + self.bins.nbytes


def _sparse(count: int) -> NDArray[np.int64]:
    """So many zeros; of many, only the small pages that are used cost memory: a component uses a few rows, and of those a part."""
    if 8 * count <= MOST_BYTES or not hasattr(mmap, "MADV_NOHUGEPAGE"):  # Linux has it
        return np.zeros(count, dtype=np.int64)
    pages = mmap.mmap(
        -1, 8 * count, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    )  # shared ones are there once they are read
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, dtype=np.int64)


def in_lines(count: int) -> NDArray[np.int64]:
    """So many zeros, the first of them where a line of the cache begins."""
    words = np.zeros(count + LINE, dtype=np.int64)
    first = -words.ctypes.data // words.itemsize % LINE
    return words[first : first + count]


_free: list[Arena] = []


def borrow() -> Arena:
    """An arena of one's own."""
    try:
        return _free.pop()
    except IndexError:
        return Arena(
            in_lines(FIRST_WORDS),
            np.zeros(FIRST_VALUES, dtype=np.int32),
            np.zeros(FIRST_BINS, dtype=np.int64),
            FIRST_BINS,
        )


def give_back(arena: Arena) -> None:
    """Let another run have an arena, unless it is too large to be kept or enough are."""
    if arena.size <= MOST_BYTES and len(_free) < MOST_ARENAS:
        _free.append(arena)
