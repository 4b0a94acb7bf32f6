"""What is multiplied: recorded integers, or seeded ones on the recorded positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 1 << 15
"""Integers at most so large are multiplied as they are: products of three and their sums fit 64 bits."""


def integers(tensors: Mapping[str, NDArray[Any]], seed: int) -> tuple[dict[str, NDArray[np.int64]], str]:
    """Integers to multiply, and what they are in words.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Values or masks.
    seed : int
    """
    found = {}
    drawn = False
    rng = np.random.default_rng(seed)
    for name, array in tensors.items():
        if (
            array.dtype != bool
            and np.issubdtype(array.dtype, np.integer)
            and (np.abs(array.astype(np.int64)) <= LARGEST).all()
        ):
            found[name] = array.astype(np.int64)
            continue
        drawn = True
        values = rng.integers(1, 128, array.shape) * rng.choice([-1, 1], array.shape)
        found[name] = np.where(array != 0, values, 0).astype(np.int64)
    return found, "seeded integers on the given positions" if drawn else "given values"
