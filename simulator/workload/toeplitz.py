"""Kernels over the Toeplitz matrix of a convolution, which they never build.

    k = (r S + s) C + c,  n = (b P + p) Q + q   ->   I[b, g C + c, sh p + dh r - ph, sw q + dw s - pw]

`window` is int64 (C, S, Q, P, sh, sw, dh, dw, ph, pw). Arrays are flat, `shape` says what the images are (B, all channels, H, W).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart, inlined, spliced

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]


def gather(
    images: NDArray[Any], out: NDArray[Any], group: int, k0: int, n0: int, window: NDArray[np.int64]
) -> None:
    """Fill `out` (K tile, N tile), given as zeros, with the rows from k0 and columns from n0 of a group.

    `images` is (B, all channels, H, W); n0 counts from its first image. Both are contiguous and of one type.
    """
    size = images.dtype.itemsize
    shape = np.array([*images.shape, group, k0, n0, len(out), out.shape[1], size], dtype=np.int64)
    _gathered(images.reshape(-1).view(np.uint8), shape, out.reshape(-1).view(np.uint8), window)


@apart
def _gathered(images: Flags, shape: Ints, out: Flags, window: Ints) -> None:
    """A line of outputs at a time; whole images at a time where there are as many outputs as inputs, which only move.

    `shape`: also the group, the first row and column, how many of them, and an element's bytes, copied whatever they mean.
    """
    channels, width, columns, lines, step = window[0], window[1], window[2], window[3], window[5]
    tall, wide, group, k0, n0 = shape[2], shape[3], shape[4], shape[5], shape[6]
    rows, along, size = shape[7], shape[8], shape[9]
    same = step == window[4] == 1 and columns == wide and lines == tall
    for tap in range(k0 // channels, (k0 + rows - 1) // channels + 1):
        r, s = tap // width, tap % width
        y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
        left, right = _inside(step, x0, wide, columns)
        for k in range(max(k0, tap * channels), min(k0 + rows, (tap + 1) * channels)):
            j = 0
            while j < along:
                row, q = (n0 + j) // columns, (n0 + j) % columns
                b, p = row // lines, row % lines
                target = (k - k0) * along + j
                image = (b * shape[1] + group * channels + k - tap * channels) * tall * wide
                if same:
                    n, moved = p * wide + q, y0 * wide + x0
                    stop = min(along - j, tall * wide - n)
                    first = max(n, -y0 * wide, -moved)
                    last = min(n + stop, (tall - y0) * wide, tall * wide - moved)
                    at, to = (image + first + moved) * size, (target + first - n) * size
                    for t in range(max(0, last - first) * size):
                        out[to + t] = images[at + t]
                    side = (right - first) % wide - wide
                    while side < last - first:
                        begin, end = max(0, side), min(last - first, side + left + wide - right)
                        for t in range(begin * size, end * size):
                            out[to + t] = 0  # beyond a side, up to the next line's other side
                        side += wide
                else:
                    stop = min(along - j, columns - q)
                    y, first = p * window[4] + y0, max(q, left)
                    if 0 <= y < tall:
                        at, to = (image + y * wide + first * step + x0) * size, (target + first - q) * size
                        count = max(0, min(q + stop, right) - first)
                        if step == 1:
                            for t in range(count * size):
                                out[to + t] = images[at + t]
                        else:
                            for t in range(count):
                                for byte in range(size):
                                    out[to + t * size + byte] = images[at + t * step * size + byte]
                j += stop


@inlined
def _inside(step: int, x0: int, width: int, columns: int) -> tuple[int, int]:
    """The first position of a line of outputs that a tap reads inside the image, and the one after the last."""
    left = min(columns, max(0, -(x0 // step)))
    return left, max(left, min(columns, (width - 1 - x0) // step + 1))


def touched(
    images: NDArray[np.bool_],
    group: int,
    cuts: tuple[NDArray[np.int64], NDArray[np.int64]],
    window: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Elements, and non-zeros, that every tile of rows and columns reads, each once.

    The rows of a tile are taps t0 .. t1 of all channels, but for the first channels of t0 and the last of t1. So channels fall in
    at most three spans whose channels are read through the same taps, that is, at the same positions: these are marked once.

    Parameters
    ----------
    images : ndarray of bool, shape (B, all channels, H, W)
    group : int
    cuts : (ndarray of int64, ndarray of int64)
        First row of every tile and the end; first column of every tile and the end.
    window : ndarray of int64

    Returns
    -------
    ndarray of int64, shape (column tiles, row tiles, 2)
    """
    shape = np.array([*images.shape, len(cuts[0]) - 1, len(cuts[1]) - 1, group], dtype=np.int64)
    found = np.zeros((len(cuts[1]) - 1, len(cuts[0]) - 1, 2), dtype=np.int64)
    mask = np.ascontiguousarray(images).view(np.uint8).reshape(-1)
    marks = np.zeros(images.shape[2] * images.shape[3], dtype=np.uint8)
    below, along = (np.ascontiguousarray(edges, dtype=np.int64) for edges in cuts)
    _touched(
        mask, shape, below, along, np.ascontiguousarray(window, dtype=np.int64), marks, found.reshape(-1)
    )
    return found


@apart
def _touched(
    images: Flags, shape: Ints, below: Ints, along: Ints, window: Ints, marks: Flags, found: Ints
) -> None:
    """:func:`touched`; `marks`, of one image, are zeros before and after. `shape`: also how many tiles, and the group."""
    channels, outputs, plane = window[0], window[2] * window[3], shape[2] * shape[3]
    number, group = 0, shape[6]
    for j in range(shape[5]):
        for i in range(shape[4]):
            if below[i] < below[i + 1] and along[j] < along[j + 1]:
                first, start = below[i] // channels, below[i] % channels
                last, stop = (below[i + 1] - 1) // channels, (below[i + 1] - 1) % channels
                for part in range(3):
                    c0, c1 = 0, min(start, stop + 1)
                    if part > 0:
                        c0, c1 = c1, max(start, stop + 1)
                    if part > 1:
                        c0, c1 = c1, channels
                    t0, t1 = first if c0 >= start else first + 1, last + 1 if c0 <= stop else last
                    if c0 < c1 and t0 < t1:
                        for b in range(along[j] // outputs, (along[j + 1] - 1) // outputs + 1):
                            n0, n1 = max(0, along[j] - b * outputs), min(outputs, along[j + 1] - b * outputs)
                            size, low, high = _mark(shape, t0, t1, n0, n1, window, marks)
                            found[number] += size * (c1 - c0)
                            for c in range(c0, c1):
                                place, common = (b * shape[1] + group * channels + c) * plane, 0
                                for at in range(low, high):
                                    common += images[place + at] & marks[at]
                                found[number + 1] += common
                            for at in range(low, high):
                                marks[at] = 0
            number += 2


@spliced
def _mark(
    shape: Ints, t0: int, t1: int, n0: int, n1: int, window: Ints, marks: Flags
) -> tuple[int, int, int]:
    """Mark what some taps and outputs of an image read: how many positions, the first, and the one after the last."""
    columns, step, wide = window[2], window[5], shape[3]
    size, low, high = 0, shape[2] * wide, 0
    for tap in range(t0, t1):
        y0 = tap // window[1] * window[6] - window[8]
        x0 = tap % window[1] * window[7] - window[9]
        left, right = _inside(step, x0, wide, columns)
        for p in range(n0 // columns, (n1 - 1) // columns + 1):
            y = p * window[4] + y0
            begin, end = max(left, n0 - p * columns), min(right, n1 - p * columns)
            if 0 <= y < shape[2] and begin < end:
                at = y * wide + begin * step + x0
                low, high = min(low, at), max(high, at + (end - begin - 1) * step + 1)
                for t in range(end - begin):
                    if marks[at + t * step] == 0:
                        size += 1
                        marks[at + t * step] = 1
    return size, low, max(low, high)
