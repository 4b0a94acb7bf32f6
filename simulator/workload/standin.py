"""Integers standing in for operands whose own were not recorded.

    z = (seed 2 + operand) 2**40 + element;  h = splitmix64(z);  value = h mod 14 - 7, plus one when >= 0

at every non-zero element, 0 elsewhere: -7 .. -1 and 1 .. 7, the same for the same element however it is read.
Source of the mixing: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import ENABLED, apart

_BLOCK = 1 << 18
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_GOLDEN_WORD, _MIX0_WORD, _MIX1_WORD = (int(each.view(np.int64)) for each in (_GOLDEN, *_MIX))
"""The same bits as integers with a sign."""

_THIRD, _SEVENTH = (1 << 21) - 1, 613_566_757
"""A third of 63 bits; 2**32 / 7 rounded up, which divides numbers below 2**30 by 7."""

Flags = NDArray[np.uint8]


def standins(box: NDArray[Any], first: int, pitch: int, seed: int, operand: int) -> NDArray[np.int8]:
    """Stand-ins for a box of a tensor.

    Parameters
    ----------
    box : ndarray, shape (rows, columns)
        Values or mask; only which are non-zero matters.
    first, pitch : int
        Index of the box's first element in the whole tensor (C order), and elements from row to row.
    seed, operand : int

    Returns
    -------
    ndarray of int8, shape (rows, columns)
    """
    base = np.uint64((((2 * seed + operand) << 40) + first) % (1 << 64))
    if ENABLED:
        out = np.empty(box.shape, dtype=np.int8)
        some = np.ascontiguousarray(box != 0).view(np.uint8).reshape(-1)
        rows, columns = box.shape
        _fill(some, rows, columns, int(base.view(np.int64)), pitch, out.view(np.uint8).reshape(-1))
        return out
    return plain(box, base, pitch)


def plain(box: NDArray[Any], base: np.uint64, pitch: int) -> NDArray[np.int8]:
    """The same without the compiler; `base` is z of the first element."""
    out = np.zeros(box.shape, dtype=np.int8)
    rows, columns = box.shape
    step = max(1, _BLOCK // max(1, columns))
    along = np.arange(columns, dtype=np.uint64)
    for start in range(0, rows, step):
        part = slice(start, min(rows, start + step))
        down = np.arange(part.start, part.stop, dtype=np.uint64) * np.uint64(pitch)
        mixed = _mix(base + down[:, None] + along[None, :])
        values = (mixed % np.uint64(14)).astype(np.int8) - np.int8(7)
        values += values >= 0
        np.copyto(out[part], values, where=np.asarray(box[part] != 0))
    return out


def _mix(z: Any) -> Any:
    z = (z + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX[0]
    z = (z ^ (z >> np.uint64(27))) * _MIX[1]
    return z ^ (z >> np.uint64(31))


@apart
def _fill(mask: Flags, rows: int, columns: int, base: int, pitch: int, out: Flags) -> None:
    """:func:`plain` on words that wrap around; shifts bring in copies of the sign, which are masked."""
    for row in range(rows):
        for at in range(row * columns, (row + 1) * columns):
            z = (base + row * pitch + (at - row * columns) + 1) * _GOLDEN_WORD
            z = (z ^ (z >> 30 & 0x3FFFFFFFF)) * _MIX0_WORD
            z = (z ^ (z >> 27 & 0x1FFFFFFFFF)) * _MIX1_WORD
            z = z ^ (z >> 31 & 0x1FFFFFFFF)
            thirds = (
                (z >> 1 & _THIRD) + (z >> 22 & _THIRD) + (z >> 43 & _THIRD)
            )  # the same mod 7: so is 2**21 to 1
            value = 2 * (thirds - (thirds * _SEVENTH >> 32) * 7) + (z & 1) - 7  # z mod 14 of z without a sign
            out[at] = (value + (1 if value >= 0 else 0)) * mask[at]
