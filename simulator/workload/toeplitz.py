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
Vector = NDArray[np.int32]
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
                        elif size == 1:
                            for t in range(count):
                                out[to + t] = images[at + t * step]
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


def counted(
    images: NDArray[np.bool_], group: int, taps: int, columns: int, window: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Non-zeros of every row of a group's matrix in each tile of so many columns, int64, shape (K, tiles).

    `images` is (B, all channels, H, W). What a tap reads of a line of outputs in a tile is a difference of two running sums along
    the line of the image, whichever tap it is.
    """
    batch, _, tall, wide = images.shape
    outputs, lines = batch * int(window[2] * window[3]), int(window[3])
    tiles = -(-outputs // columns)
    shape = np.array([*images.shape, group, taps, columns, tiles], dtype=np.int64)
    found = np.zeros((taps * int(window[0]), tiles), dtype=np.int64)
    stretches = np.empty(taps + 1 + 3 * taps * lines * (int(window[2]) // columns + 2), dtype=np.int64)
    sums = np.zeros(tall * (wide + min(wide, int(window[5]))), dtype=np.int32)
    mask = np.ascontiguousarray(images).view(np.uint8).reshape(-1)
    _counted(mask, shape, window, stretches, sums, found.reshape(-1))
    return found


@apart
def _counted(images: Flags, shape: Ints, window: Ints, stretches: Ints, sums: Vector, found: Ints) -> None:
    """:func:`counted`. `stretches` gets where those of each tap begin, then of each its tile and two places in `sums`, which has
    as many zeros in front of every line as positions are apart, or as a line is long.
    """
    channels, step, tall, wide, taps, tiles = window[0], window[5], shape[2], shape[3], shape[5], shape[7]
    gap = min(step, wide)
    for b in range(shape[0]):
        _stretch(shape, b, window, gap, stretches)
        for c in range(channels):
            plane = (b * shape[1] + shape[4] * channels + c) * tall * wide
            for y in range(tall):
                for phase in range(gap):
                    total, x = 0, phase
                    while x < wide:
                        total += images[plane + y * wide + x]
                        sums[y * (wide + gap) + gap + x] = total
                        x += step
            for tap in range(taps):
                own = (tap * channels + c) * tiles
                for i in range(stretches[tap], stretches[tap + 1]):
                    at = taps + 1 + 3 * i
                    found[own + stretches[at]] += sums[stretches[at + 2]] - sums[stretches[at + 1]]


@inlined
def _stretch(shape: Ints, b: int, window: Ints, gap: int, stretches: Ints) -> None:
    """The stretches of lines of an image that every tap reads for one line of outputs in one tile."""
    columns, lines, step, size, count = window[2], window[3], window[5], shape[6], 0
    for tap in range(shape[5]):
        stretches[tap] = count
        y0 = tap // window[1] * window[6] - window[8]
        x0 = tap % window[1] * window[7] - window[9]
        left, right = _inside(step, x0, shape[3], columns)
        for p in range(lines):
            y, q = p * window[4] + y0, left
            while 0 <= y < shape[2] and q < right:
                n = (b * lines + p) * columns + q
                tile, at = n // size, shape[5] + 1 + 3 * count
                stop = min(right, q + (tile + 1) * size - n)
                stretches[at] = tile
                stretches[at + 1] = y * (shape[3] + gap) + q * step + x0
                stretches[at + 2] = stretches[at + 1] + gap + (stop - q - 1) * step
                q, count = stop, count + 1
    stretches[shape[5]] = count


def touched(
    images: NDArray[np.bool_],
    group: int,
    cuts: tuple[NDArray[np.int64], NDArray[np.int64]],
    window: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Elements, and non-zeros, that every tile of rows and columns reads, each once.

    The rows of a tile are taps t0 .. t1 of all channels, but for the first channels of t0 and the last of t1. So channels fall in
    at most three spans whose channels are read through the same taps, that is, at the same positions: their non-zeros are added up
    once, and looked at position by position.

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
    plane = images.shape[2] * images.shape[3]
    marks, sums = np.zeros(plane, dtype=np.uint8), np.zeros(plane, dtype=np.int32)
    below, along = (np.ascontiguousarray(edges, dtype=np.int64) for edges in cuts)
    _touched(mask, shape, below, along, window, marks, sums, found.reshape(-1))
    return found


@apart
def _touched(
    images: Flags,
    shape: Ints,
    below: Ints,
    along: Ints,
    window: Ints,
    marks: Flags,
    sums: Vector,
    found: Ints,
) -> None:
    """:func:`touched`; `marks` and `sums`, of one image, are zeros before and after. `shape`: also tiles, and the group."""
    channels, outputs, plane = window[0], window[2] * window[3], shape[2] * shape[3]
    tiles, pieces = shape[5], shape[4]
    for i in range(pieces):
        first, start = below[i] // channels, below[i] % channels
        last, stop = (below[i + 1] - 1) // channels, (below[i + 1] - 1) % channels
        for part in range(3):
            c0, c1 = 0, min(start, stop + 1)
            if part > 0:
                c0, c1 = c1, max(start, stop + 1)
            if part > 1:
                c0, c1 = c1, channels
            t0, t1 = first if c0 >= start else first + 1, last + 1 if c0 <= stop else last
            b0, b1 = along[0] // outputs, (along[tiles] - 1) // outputs + 1
            if below[i] == below[i + 1] or c0 >= c1 or t0 >= t1:
                b1 = b0
            for b in range(b0, b1):
                n0, n1 = max(0, along[0] - b * outputs), min(outputs, along[tiles] - b * outputs)
                low, high = _lines(shape, t0, t1, n0, n1, window)
                for c in range(c0, c1):
                    place = (b * shape[1] + shape[6] * channels + c) * plane
                    for at in range(low, high):
                        sums[at] += images[place + at]
                for j in range(tiles):
                    n0, n1 = max(0, along[j] - b * outputs), min(outputs, along[j + 1] - b * outputs)
                    if n0 < n1:
                        size, ones = _marked(shape, t0, t1, n0, n1, window, marks, sums)
                        found[2 * (j * pieces + i)] += size * (c1 - c0)
                        found[2 * (j * pieces + i) + 1] += ones
                for at in range(low, high):
                    sums[at] = 0


@inlined
def _lines(shape: Ints, t0: int, t1: int, n0: int, n1: int, window: Ints) -> tuple[int, int]:
    """The first position of the lines of an image that some taps and outputs read, and the one after the last."""
    columns, wide = window[2], shape[3]
    y0 = n0 // columns * window[4] + t0 // window[1] * window[6] - window[8]
    y1 = (n1 - 1) // columns * window[4] + (t1 - 1) // window[1] * window[6] - window[8]
    return max(0, y0) * wide, (min(shape[2] - 1, y1) + 1) * wide


@spliced
def _marked(
    shape: Ints, t0: int, t1: int, n0: int, n1: int, window: Ints, marks: Flags, sums: Vector
) -> tuple[int, int]:
    """How many positions some taps and outputs of an image read, each once, and the sums over them."""
    columns, step, wide = window[2], window[5], shape[3]
    size, total, low, high = 0, 0, shape[2] * wide, 0
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
                        total += sums[at + t * step]
                        marks[at + t * step] = 1
    for at in range(low, high):
        marks[at] = 0
    return size, total
