"""Which term takes which element: the compiled core.

An element's rank in its block is the number of elements that beat it: a larger magnitude, or the same at a lower coordinate. Those
of rank below N that are not zero belong to the term; to the terms after it they are zeros. Ranks of BLOCKS blocks are counted side
by side, coordinate by coordinate, so that the compiler can use vectors.

Magnitudes are compared as integers: the bits of a floating-point number without its sign have the order of its magnitude.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

BLOCKS = 64


@kernel
def label(
    bits: NDArray[Any],
    mask: Any,
    ns: NDArray[np.int64],
    ms: NDArray[np.int64],
    length: int,
    labels: NDArray[np.uint8],
) -> int:
    """Label the elements of blocks that follow one another.

    Parameters
    ----------
    bits : ndarray of integers, shape (E,)
        Magnitudes, or the bits of floating-point numbers.
    mask : integer of the same type
        Bits that count: all but the sign.
    ns, ms : ndarray of int64, shape (terms,)
    length : int
        Least common multiple of `ms`; divides E.
    labels : ndarray of uint8, shape (E,)
        Set: 0 for what is left, i for what term i takes (from 1).

    Returns
    -------
    int
        The largest magnitude, as bits.
    """
    key = np.zeros((length, BLOCKS), dtype=bits.dtype)
    rank = np.zeros((length, BLOCKS), dtype=bits.dtype)
    found = np.zeros((length, BLOCKS), dtype=bits.dtype)
    total, largest = len(bits) // length, np.int64(0)
    for first in range(0, total, BLOCKS):
        some = min(BLOCKS, total - first)
        for b in range(some):
            for j in range(length):
                key[j, b] = bits[(first + b) * length + j] & mask
                largest = max(largest, np.int64(key[j, b]))
        found[:] = 0
        for t in range(len(ns)):
            n, m = ns[t], ms[t]
            rank[:] = 0
            for start in range(0, length, m):
                for i in range(start, start + m):
                    for j in range(i + 1, start + m):
                        for b in range(BLOCKS):
                            beaten = key[j, b] > key[i, b]
                            rank[i, b] += beaten
                            rank[j, b] += 1 - beaten
            for j in range(length):
                for b in range(BLOCKS):
                    taken = (rank[j, b] < n) & (key[j, b] > 0)
                    found[j, b] += (t + 1) * taken
                    key[j, b] *= 1 - taken
        for b in range(some):
            for j in range(length):
                labels[(first + b) * length + j] = found[j, b]
    return int(largest)


@kernel
def taken(
    values: NDArray[Any], labels: NDArray[np.uint8], term: int, others: bool, out: NDArray[Any]
) -> None:
    """Copy the elements of a term, or of all others, and leave zeros elsewhere.

    Parameters
    ----------
    values : ndarray of integers or bool, shape (E,)
    labels : ndarray of uint8, shape (E,)
    term : int
    others : bool
        Whether the elements of all labels but `term` are meant.
    out : ndarray of the values' type, shape (E,)
    """
    for i in range(len(values)):
        out[i] = values[i] if (labels[i] == term) != others else 0
