"""Kernels over the Toeplitz matrix of a convolution, which they never build.

    k = (r S + s) C + c,  n = (b P + p) Q + q   ->   I[b, g C + c, sh p + dh r - ph, sw q + dw s - pw]

`window` is int64 (C, S, Q, P, sh, sw, dh, dw, ph, pw).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel


@kernel
def gather(
    images: NDArray[Any], out: NDArray[Any], group: int, k0: int, n0: int, window: NDArray[np.int64]
) -> None:
    """Fill `out` (K tile, N tile), given as zeros, with the rows from k0 and columns from n0 of a group.

    `images` is (B, all channels, H, W); n0 counts from its first image.
    """
    channels, width, columns, lines = window[0], window[1], window[2], window[3]
    for i in range(out.shape[0]):
        tap, c = divmod(k0 + i, channels)
        r, s = divmod(tap, width)
        c += group * channels
        y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
        j = 0
        while j < out.shape[1]:
            line, q = divmod(n0 + j, columns)
            b, p = divmod(line, lines)
            stop = min(out.shape[1] - j, columns - q)
            y = p * window[4] + y0
            if 0 <= y < images.shape[2]:
                for t in range(stop):
                    x = (q + t) * window[5] + x0
                    if 0 <= x < images.shape[3]:
                        out[i, j + t] = images[b, c, y, x]
            j += stop


@kernel
def touch(seen: NDArray[np.uint8], k0: int, k1: int, n0: int, n1: int, window: NDArray[np.int64]) -> None:
    """Set `seen` (images, channels of a group, H, W) to 1 where rows k0..k1 and columns n0..n1 read it."""
    channels, width, columns, lines = window[0], window[1], window[2], window[3]
    for k in range(k0, k1):
        tap, c = divmod(k, channels)
        r, s = divmod(tap, width)
        y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
        n = n0
        while n < n1:
            line, q = divmod(n, columns)
            b, p = divmod(line, lines)
            stop = min(n1 - n, columns - q)
            y = p * window[4] + y0
            if 0 <= y < seen.shape[2]:
                for t in range(stop):
                    x = (q + t) * window[5] + x0
                    if 0 <= x < seen.shape[3]:
                        seen[b, c, y, x] = 1
            n += stop


@kernel
def touched(
    images: NDArray[np.uint8],
    group: int,
    cuts: tuple[NDArray[np.int64], NDArray[np.int64]],
    window: NDArray[np.int64],
    stamps: NDArray[np.int32],
    found: NDArray[np.int64],
) -> None:
    """Elements, and non-zeros, that every tile of rows and columns reads, each once: :func:`touch` of all tiles.

    Parameters
    ----------
    images : ndarray of uint8, shape (B, all channels, H, W)
        1 where not zero.
    group : int
    cuts : (ndarray of int64, ndarray of int64)
        First row of every tile and K; first column of every tile and N.
    window : ndarray of int64
    stamps : ndarray of int32, shape (B, channels of a group, H, W)
        Zeros; holds the last tile that read an element.
    found : ndarray of int64, shape (column tiles, row tiles, 2)
    """
    channels, width, columns, lines = window[0], window[1], window[2], window[3]
    below, along = cuts
    tile = 0
    for j in range(len(along) - 1):
        for i in range(len(below) - 1):
            tile += 1
            elements = nonzeros = 0
            for k in range(below[i], below[i + 1]):
                tap, c = divmod(k, channels)
                r, s = divmod(tap, width)
                y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
                n = along[j]
                while n < along[j + 1]:
                    line, q = divmod(n, columns)
                    b, p = divmod(line, lines)
                    stop = min(along[j + 1] - n, columns - q)
                    y = p * window[4] + y0
                    if 0 <= y < images.shape[2]:
                        row, mine = images[b, group * channels + c, y], stamps[b, c, y]
                        for t in range(stop):
                            x = (q + t) * window[5] + x0
                            if 0 <= x < images.shape[3] and mine[x] != tile:
                                mine[x] = tile
                                elements += 1
                                nonzeros += row[x]
                    n += stop
            found[j, i, 0], found[j, i, 1] = elements, nonzeros
