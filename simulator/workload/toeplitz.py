"""Kernels over the Toeplitz matrix of a convolution, which they never build.

    k = (r S + s) C + c,  n = (b P + p) Q + q   ->   I[b, g C + c, sh p + dh r - ph, sw q + dw s - pw]

`window` is int64 (C, S, Q, P, sh, sw, dh, dw, ph, pw).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import inlined, kernel


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
                left, right = _inside(q, stop, window[5], x0, images.shape[3])
                source, target, x = images[b, c, y], out[i], (q + left) * window[5] + x0
                if window[5] == 1:
                    for t in range(right - left):
                        target[j + left + t] = source[x + t]
                else:
                    for t in range(right - left):
                        target[j + left + t] = source[x + t * window[5]]
            j += stop


@kernel
def touched(
    images: NDArray[np.uint8],
    group: int,
    cuts: tuple[NDArray[np.int64], NDArray[np.int64]],
    window: NDArray[np.int64],
    marks: NDArray[np.uint8],
    found: NDArray[np.int64],
) -> None:
    """Elements, and non-zeros, that every tile of rows and columns reads, each once.

    The rows of a tile are taps t0 .. t1 of all channels, but for the first channels of t0 and the last of t1. So channels fall in at
    most three spans whose channels are read through the same taps, that is, at the same positions: these are marked once.

    Parameters
    ----------
    images : ndarray of uint8, shape (B, all channels, H, W)
        1 where not zero.
    group : int
    cuts : (ndarray of int64, ndarray of int64)
        First row of every tile and the end; first column of every tile and the end.
    window : ndarray of int64
    marks : ndarray of uint8, shape (B, H, W)
        Zeros, before and after.
    found : ndarray of int64, shape (column tiles, row tiles, 2)
    """
    channels = window[0]
    below, along = cuts
    for j in range(len(along) - 1):
        for i in range(len(below) - 1):
            elements = nonzeros = 0
            if below[i] < below[i + 1] and along[j] < along[j + 1]:
                first, start = divmod(below[i], channels)
                last, stop = divmod(below[i + 1] - 1, channels)
                edges = (0, min(start, stop + 1), max(start, stop + 1), channels)
                for part in range(3):
                    c0, c1 = edges[part], edges[part + 1]
                    taps = first if c0 >= start else first + 1, last + 1 if c0 <= stop else last
                    if c0 < c1 and taps[0] < taps[1]:
                        some = group * channels + c0, group * channels + c1
                        size, full = _read(images, some, taps, (along[j], along[j + 1]), window, marks)
                        elements += size * (c1 - c0)
                        nonzeros += full
            found[j, i, 0], found[j, i, 1] = elements, nonzeros


@inlined
def _inside(q: int, count: int, stride: int, x0: int, width: int) -> tuple[int, int]:
    """Of `count` positions from q on, the first that lies within a line of the image, and the one after the last."""
    left = max(0, -((q * stride + x0) // stride))
    right = min(count, (width - 1 - x0) // stride - q + 1)
    return min(left, count), max(min(left, count), right)


@kernel
def _read(
    images: NDArray[np.uint8],
    channels: tuple[int, int],
    taps: tuple[int, int],
    span: tuple[int, int],
    window: NDArray[np.int64],
    marks: NDArray[np.uint8],
) -> tuple[int, int]:
    """(Positions, non-zeros of all those channels there) that some taps and columns read."""
    width, columns, lines = window[1], window[2], window[3]
    size = nonzeros = 0
    b0, b1 = span[0] // (columns * lines), (span[1] - 1) // (columns * lines)
    for b in range(b0, b1 + 1):
        plane, wide = marks[b].ravel(), marks.shape[2]
        low, high = len(plane), 0
        before = b * lines * columns
        n0, n1 = max(0, span[0] - before), min(lines * columns, span[1] - before)
        for tap in range(taps[0], taps[1]):
            r, s = divmod(tap, width)
            y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
            for p in range(n0 // columns, (n1 - 1) // columns + 1):
                y = p * window[4] + y0
                if 0 <= y < marks.shape[1]:
                    q, end = max(0, n0 - p * columns), min(columns, n1 - p * columns)
                    left, right = _inside(q, end - q, window[5], x0, wide)
                    if left < right:
                        at = y * wide + (q + left) * window[5] + x0
                        low = min(low, at)
                        for t in range(right - left):
                            size += 1 - plane[at + t * window[5]]
                            plane[at + t * window[5]] = 1
                        high = max(high, at + (right - left - 1) * window[5] + 1)
        for c in range(channels[0], channels[1]):
            values = images[b, c].ravel()
            for at in range(low, high):
                nonzeros += values[at] & plane[at]
        for at in range(low, high):
            plane[at] = 0
    return size, nonzeros
