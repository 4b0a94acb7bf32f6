"""What pruning compares: magnitudes |w| of elements, sums of squares w**2 of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError


def magnitudes(values: NDArray[Any]) -> NDArray[np.float64]:
    """|w| as float64.

    Parameters
    ----------
    values : ndarray of bool, integer or real floating point, any shape

    Raises
    ------
    InputError
        Another type, or a value that is not finite.
    """
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        raise InputError(f"values to prune must be an array of real numbers, not {kind}")
    size: NDArray[np.float64] = np.abs(values.astype(np.float64))
    if not np.isfinite(size).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(size))[0])
        raise InputError(f"values to prune: element {place} is {values[place]}; every value must be finite")
    return size


def squares(size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitudes squared, after dividing all by the power of two that brings the largest into [1/2, 1).

    No square overflows, and small magnitudes all alike do not vanish; order and ties of block sums stay.
    """
    exponent = int(np.frexp(size.max(initial=0.0))[1])
    return np.asarray(np.ldexp(size, -exponent) ** 2, dtype=np.float64)
