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
    step, tall, wide = window[5], images.shape[2], images.shape[3]
    same = step == window[4] == 1 and columns == wide and lines == tall
    line0, q0 = divmod(n0, columns)
    b0, p0 = divmod(line0, lines)
    last, i = k0 + out.shape[0], 0
    for tap in range(k0 // channels, -(-last // channels)):
        r, s = divmod(tap, width)
        y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
        left, right = _inside(step, x0, wide)
        first = tap * channels
        for c in range(max(k0, first) - first, min(last, first + channels) - first):
            if same:
                inside = min(left, wide), max(0, min(right, wide))
                _shift(images, group * channels + c, (b0, p0 * wide + q0), (y0, x0), inside, out, i)
            else:
                b, p, q, j = b0, p0, q0, 0
                while j < out.shape[1]:
                    stop = min(out.shape[1] - j, columns - q)
                    y = p * window[4] + y0
                    if 0 <= y < tall:
                        begin, end = max(q, left), min(q + stop, right)
                        if begin < end:
                            target = out[i, j + begin - q : j + end - q]
                            source = images[b, group * channels + c, y, begin * step + x0 :]
                            for t in range(len(target)):
                                target[t] = source[t * step]
                    j, q, p = j + stop, 0, p + 1
                    if p == lines:
                        b, p = b + 1, 0
            i += 1


@inlined
def _shift(
    images: NDArray[Any],
    c: int,
    start: tuple[int, int],
    moved: tuple[int, int],
    inside: tuple[int, int],
    out: NDArray[Any],
    i: int,
) -> None:
    """A row of a convolution whose outputs are as many as its inputs: the image itself, moved; beyond its sides are zeros."""
    tall, wide = images.shape[2], images.shape[3]
    (b, n), j = start, 0
    while j < out.shape[1]:
        stop = min(out.shape[1] - j, tall * wide - n)
        by = moved[0] * wide + moved[1]
        begin = max(n, max(-moved[0] * wide, -by))
        end = min(n + stop, min((tall - moved[0]) * wide, tall * wide - by))
        if begin < end:
            image = images[b, c]
            target, source = out[i, j - n + begin : j - n + end], image.ravel()[begin + by : end + by]
            for t in range(len(target)):
                target[t] = source[t]
            beyond = (
                inside[0] + wide - inside[1]
            )  # this many positions, from the right side on into the next line
            for t in range((inside[1] - begin) % wide - wide, len(target), wide):
                for x in range(max(0, t), min(len(target), t + beyond)):
                    target[x] = 0
        b, n, j = b + 1, 0, j + stop


@inlined
def _inside(step: int, x0: int, width: int) -> tuple[int, int]:
    """The first position of a line of outputs that a tap reads inside the image, and the one after the last."""
    return max(0, -(x0 // step)), (width - 1 - x0) // step + 1


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

    The rows of a tile are taps t0 .. t1 of all channels, but for the first channels of t0 and the last of t1. So channels fall in
    at most three spans whose channels are read through the same taps, that is, at the same positions: these are marked once.

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
    width, columns, lines, step = window[1], window[2], window[3], window[5]
    tall, wide = marks.shape[1], marks.shape[2]
    size = nonzeros = 0
    for b in range(span[0] // (columns * lines), (span[1] - 1) // (columns * lines) + 1):
        plane = marks[b]
        n0 = max(0, span[0] - b * lines * columns)
        n1 = min(lines * columns, span[1] - b * lines * columns)
        top, bottom, near, far = tall, 0, wide, 0
        for tap in range(taps[0], taps[1]):
            r, s = divmod(tap, width)
            y0, x0 = r * window[6] - window[8], s * window[7] - window[9]
            left, right = _inside(step, x0, wide)
            for p in range(n0 // columns, (n1 - 1) // columns + 1):
                y = p * window[4] + y0
                begin, end = max(left, n0 - p * columns), min(right, min(columns, n1 - p * columns))
                if 0 <= y < tall and begin < end:
                    row = plane[y, begin * step + x0 :]
                    for t in range(end - begin):
                        size += 1 - row[t * step]
                        row[t * step] = 1
                    top, bottom = min(top, y), max(bottom, y + 1)
                    near, far = min(near, begin * step + x0), max(far, (end - 1) * step + x0 + 1)
        for c in range(channels[0], channels[1]):
            for y in range(top, bottom):
                values, seen, count = images[b, c, y, near:far], plane[y, near:far], 0
                for x in range(len(values)):
                    count += values[x] & seen[x]
                nonzeros += count
        for y in range(top, bottom):
            plane[y, near:far] = 0
    return size, nonzeros
