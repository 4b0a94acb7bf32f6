"""Rows of weights packed into accumulator tiles, in order, as many as the multipliers hold."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray


def cuts(slots: NDArray[np.int64], multipliers: int) -> tuple[int, ...]:
    """First row of every tile, and the number of rows; a row that alone does not fit has a tile of its own.

    Parameters
    ----------
    slots : ndarray of int64, shape (M,)
        Multipliers of each row.
    multipliers : int
        Of a tile.
    """
    ends, found, row = np.cumsum(slots).tolist(), [0], 0
    while row < len(ends):
        before = ends[row - 1] if row else 0
        row = max(row + 1, bisect_right(ends, before + multipliers, row))
        found.append(row)
    return tuple(found)
