"""Rounding to number formats: to nearest, ties to even, too large magnitudes to the largest.

Of floating-point formats values are read as float32 first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.packages import package
from simulator.sparsity.numbers import Number

_TYPES = {"fp8": "float8_e4m3fn", "fp4": "float4_e2m1fn", "int4": "int4"}
"""Names in ml_dtypes; int8 and fp16 are NumPy's own."""


def rounded(codes: NDArray[np.floating[Any]], number: Number) -> NDArray[np.int64]:
    """The nearest codes.

    Parameters
    ----------
    codes : ndarray of floating point
        Values in units of the format.
    number : Number
        Not fp16.

    Returns
    -------
    ndarray of int64, of the same shape

    Raises
    ------
    InputError
        ml_dtypes is not installed and a floating-point format is asked for.
    """
    held = np.clip(codes, -number.top, number.top)
    if number.exponent:
        floats = (held * number.unit).astype(np.float32).astype(dtype(number))
        held = floats.astype(np.float64) / number.unit
    nearest: NDArray[np.int64] = np.rint(held).astype(np.int64)
    return nearest


def dtype(number: Number) -> np.dtype[Any]:
    """The type values of a format are stored in.

    Raises
    ------
    InputError
        ml_dtypes is not installed.
    """
    if number.name in _TYPES:
        found: np.dtype[Any] = np.dtype(getattr(package("ml_dtypes", "models"), _TYPES[number.name]))
        return found
    return np.dtype({"int8": np.int8, "fp16": np.float16}[number.name])
