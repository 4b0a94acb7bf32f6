"""Row-stationary datapath (Eyeriss): an element slides a row of a filter over a row of inputs; columns of elements add up.

Element (r, p) has filter row r and makes, for output row p, from input row y = sh p + dh r - ph and all its channels and
filters::

    sum[k, q] += weight[k, c, r, s] input[c, y, sw q + dw s - pw]           s = 0 .. S - 1, one multiplication per cycle

The sums of elements r = 0 .. R - 1 of a column are added from one to the next: they are output row p. A zero input (padding
is zero too) gates: neither weight nor sum is read, nothing is multiplied, and the cycle is spent all the same. So an output
column takes

    filters of the element x channels of the element x S        cycles

whatever the data. Source: Chen et al., Eyeriss, ISSCC and ISCA 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel


@dataclass(frozen=True)
class Slide:
    """Geometry of a convolution: (along rows, along columns) each.

    Attributes
    ----------
    stride, dilation, padding : (int, int)
    """

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int]


def outputs(
    slide: Slide, weights: NDArray[np.int64], image: NDArray[np.int64], rows: range, columns: int
) -> NDArray[np.int64]:
    """Output rows through the elements of each row, added down the column.

    Parameters
    ----------
    slide : Slide
    weights : ndarray of int64, shape (filters, channels, R, S)
    image : ndarray of int64, shape (channels, H, W)
    rows : range
        Output rows.
    columns : int
        Outputs of a row.

    Returns
    -------
    ndarray of int64, shape (filters, len(rows), columns)
    """
    found = np.zeros((len(weights), len(rows), columns), dtype=np.int64)
    for i, p in enumerate(rows):
        for r in range(weights.shape[2]):
            y = slide.stride[0] * p + slide.dilation[0] * r - slide.padding[0]
            if 0 <= y < image.shape[1]:
                own = np.ascontiguousarray(weights[:, :, r]), np.ascontiguousarray(image[:, y])
                _element(*own, slide.stride[1], slide.dilation[1], slide.padding[1], found[:, i])
    return found


@kernel
def _element(
    weights: NDArray[np.int64],
    row: NDArray[np.int64],
    stride: int,
    dilation: int,
    padding: int,
    sums: NDArray[np.int64],
) -> None:
    """Slide filter rows (filters, channels, S) over input rows (channels, W); zeros gate."""
    filters, channels, taps = weights.shape
    for q in range(sums.shape[1]):
        for c in range(channels):
            for s in range(taps):
                x = stride * q + dilation * s - padding
                if x < 0 or x >= row.shape[1] or row[c, x] == 0:
                    continue
                for k in range(filters):
                    sums[k, q] += weights[k, c, s] * row[c, x]
