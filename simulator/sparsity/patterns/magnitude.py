"""Magnitudes that pruning compares: |w|, scaled by a power of two so that no square overflows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError


def magnitudes(values: NDArray[Any]) -> NDArray[np.float64]:
    """|w| / 2**e with the largest in [1/2, 1); order and ties are those of |w| as float64.

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
    size = np.abs(values.astype(np.float64))
    if not np.isfinite(size).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(size))[0])
        raise InputError(f"values to prune: element {place} is {values[place]}; every value must be finite")
    largest = float(size.max(initial=0.0))
    return np.asarray(np.ldexp(size, -int(np.frexp(largest)[1])), dtype=np.float64)
