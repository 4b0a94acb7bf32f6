"""Integers as narrow as a product of matrices allows: half the bytes, and several multiplications an instruction.

A sum of K products of integers up to a and b in size is at most K a b; below 2**31, 32 bits hold every partial sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LIMIT = 1 << 31


def narrow(weights: NDArray[Any], inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The operands of a product, (M, K) and (K, N), contiguous, as int32 if all of its sums fit, as int64 otherwise."""
    most = [max(int(part.max(initial=0)), -int(part.min(initial=0))) for part in (weights, inputs)]
    fits = weights.shape[1] * most[0] * most[1] < _LIMIT and max(most) < _LIMIT
    kind = np.int32 if fits else np.int64
    return np.ascontiguousarray(weights, dtype=kind), np.ascontiguousarray(inputs, dtype=kind)
