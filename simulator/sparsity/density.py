"""How full parts of a mask are: non-zeros per tile, and masks packed into words and counted by popcount.

Tiles of R rows and C columns, words of 64 coordinates:

    counts[i, j] = sum of mask[i*R : (i+1)*R, j*C : (j+1)*C]
    words[r, w]  = sum over b < 64 of mask[r, 64 w + b] 2**b
    non-zeros of row r = sum over w of popcount(words[r, w])
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.jit import kernel, popcount64
from simulator.sparsity.fibers import check_mask

WORD = 64


def tile_counts(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.int64]:
    """Non-zeros of each tile of a mask; the tiles at the edges may be smaller.

    Parameters
    ----------
    mask : ndarray of bool, shape (R, C)
    rows, columns : int
        Size of a tile.

    Returns
    -------
    ndarray of int64, shape (ceil(R / rows), ceil(C / columns))

    Raises
    ------
    InputError
        Not a matrix of bool, or a tile without elements.
    """
    _check(mask)
    if rows < 1 or columns < 1:
        raise InputError(f"tile of {rows} x {columns}: both must be at least 1")
    counts = np.zeros((-(-mask.shape[0] // rows), -(-mask.shape[1] // columns)), dtype=np.int64)
    _count_tiles(np.ascontiguousarray(mask).view(np.uint8), rows, columns, counts)
    return counts


def packed(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack each row of a mask into words, lowest coordinate in the lowest bit, padded with zeros.

    Returns
    -------
    ndarray of uint64, shape (R, ceil(C / 64))
    """
    _check(mask)
    rows, columns = mask.shape
    words = np.zeros((rows, -(-columns // WORD) * 8), dtype=np.uint8)
    octets = np.packbits(mask, axis=1, bitorder="little")
    words[:, : octets.shape[1]] = octets
    little = words.view("<u8")
    return little if sys.byteorder == "little" else little.astype(np.uint64)


def packed_counts(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Non-zeros of each packed row, int64, shape (R,)."""
    if not isinstance(words, np.ndarray) or words.ndim != 2 or words.dtype != np.uint64:
        raise InputError("packed masks must be a matrix of uint64 words, as `packed` gives")
    counts = np.zeros(words.shape[0], dtype=np.int64)
    _count_words(np.ascontiguousarray(words), counts)
    return counts


def _check(mask: NDArray[np.bool_]) -> None:
    if check_mask(mask).ndim != 2:
        raise InputError(f"a mask of shape {mask.shape}: must be a matrix")


@kernel
def _count_tiles(mask: NDArray[np.uint8], rows: int, columns: int, counts: NDArray[np.int64]) -> None:
    for r in range(mask.shape[0]):
        row = mask[r]
        out = counts[r // rows]
        for tile in range(counts.shape[1]):
            count = 0
            for c in range(tile * columns, min((tile + 1) * columns, mask.shape[1])):
                count += row[c]
            out[tile] += count


@kernel
def _count_words(words: NDArray[np.uint64], counts: NDArray[np.int64]) -> None:
    for r in range(words.shape[0]):
        count = 0
        for w in range(words.shape[1]):
            count += popcount64(words[r, w])
        counts[r] = count
