"""Rows of weights packed into accumulator tiles, in order, as many as the multipliers hold."""

from __future__ import annotations

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
    found, used = [0], 0
    for row, size in enumerate(slots.tolist()):
        if used + size > multipliers and row > found[-1]:
            found.append(row)
            used = 0
        used += size
    return (*found, len(slots))
