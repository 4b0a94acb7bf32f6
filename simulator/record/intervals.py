"""The interval log: exact state-cycles per bin, a canonical function of the schedule.

Bins start one cycle wide; whenever 4,096 bins are full, neighbours are merged and the width doubles. So for a run of
T cycles the final width is the smallest power of two w with T <= 4096 w, and bin b counts the cycles of [b w, (b+1) w).
"""

from __future__ import annotations

import hashlib
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.record.states import STATES

BINS = 4096


def bin_width(cycles: int) -> int:
    """Width in cycles of the canonical bins of a run of `cycles` cycles."""
    width = 1
    while cycles > BINS * width:
        width *= 2
    return width


_narrowest = cache(np.min_scalar_type)


class IntervalLog:
    """State-cycles per bin of one component, kept in as few bytes as the largest needs: a machine may have thousands of components.

    Parameters
    ----------
    width : int
        Bin width in cycles, a power of two.
    counts : ndarray of integers, shape (len(STATES), bins)
        Cycles spent in each state in each bin; a column sums to `width`, the last one to what is left of the run.
    """

    def __init__(self, width: int, counts: NDArray[np.integer]) -> None:
        self.width = width
        if counts.dtype != _narrowest(width):
            least, most = (int(end(initial=0)) for end in (counts.min, counts.max))
            counts = counts.astype(np.result_type(np.min_scalar_type(least), np.min_scalar_type(most)))
        self._counts = counts

    @property
    def counts(self) -> NDArray[np.int64]:
        """Cycles spent in each state in each bin, int64, shape (len(STATES), bins)."""
        return self._counts.astype(np.int64)

    @property
    def narrow(self) -> NDArray[np.integer]:
        """:attr:`counts` as they are kept, in as few bytes as the largest needs; not to be written to."""
        return self._counts

    def columns(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """:attr:`counts` added up from each of these bins to the next, int64, shape (len(STATES), len(starts))."""
        return np.add.reduceat(self._counts, starts, axis=1, dtype=np.int64)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of :attr:`counts`, little endian, worked out once: of all that a Result's digest covers these are most bytes."""
        return hashlib.sha256(self._counts.astype("<i8", order="C").data).hexdigest()

    def __repr__(self) -> str:
        return f"IntervalLog(width={self.width}, bins={self._counts.shape[1]})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IntervalLog):
            return NotImplemented
        return self.width == other.width and np.array_equal(self._counts, other._counts)

    def totals(self) -> dict[str, int]:
        """Cycles spent in each state over the whole run, by state name."""
        return dict(zip(STATES, self._sums, strict=True))

    @cached_property
    def _sums(self) -> list[int]:
        found: list[int] = self._counts.sum(axis=1, dtype=np.int64).tolist()
        return found
