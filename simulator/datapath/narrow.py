"""Integers as narrow as a product of matrices allows: half the bytes, and several multiplications an instruction.

A sum of K products of integers up to a and b in size is at most K a b; below 2**31, 32 bits hold every partial sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LIMIT = 1 << 31


def narrow(weights: NDArray[Any], inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The operands of a product, (M, K) and (K, N), both as int32 if all of its sums fit, as they are otherwise."""
    if not weights.size or not inputs.size:
        return weights, inputs
    most = [max(int(part.max()), -int(part.min())) for part in (weights, inputs)]
    if weights.shape[1] * most[0] * most[1] >= _LIMIT or max(most) >= _LIMIT:
        return weights, inputs
    return weights.astype(np.int32), inputs.astype(np.int32)
