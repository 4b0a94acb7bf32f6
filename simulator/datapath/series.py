"""Series of terms on a row-wise N of M datapath: what a TASD unit takes of a block, and products term by term.

    Z = sum over terms i of  A_i B,    A_i: N_i of every M coordinates of what the terms before it left

A unit looks for the largest magnitude left in its block, cycle by cycle: N_i times, or until nothing is left. Ties go to the lower
coordinate. Terms of weights are extracted beforehand, those of inputs on their way to the multipliers. Source: Jeong et al., arXiv
2403.07953; what a unit does in a cycle is assumed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.n_of_m import select
from simulator.jit import kernel


@kernel
def extract(
    left: NDArray[np.float64],
    values: NDArray[np.int64],
    kept: int,
    length: int,
    slots: NDArray[np.int64],
    places: NDArray[np.int64],
) -> None:
    """Take a term out of rows of blocks.

    Parameters
    ----------
    left : ndarray of float64, shape (rows, K)
        Magnitudes that no term has taken, 0 where there is none; those taken are set to 0. K is a multiple of `length`.
    values : ndarray of int64, shape (rows, K)
    kept, length : int
        N and M.
    slots, places : ndarray of int64, shape (rows, K / length, kept)
        Set: the values taken, and where in their block they were; 0 where a slot stays empty.
    """
    for i in range(len(left)):
        for b in range(left.shape[1] // length):
            for j in range(kept):
                slots[i, b, j], places[i, b, j] = 0, 0
                at, most = 0, 0.0
                for k in range(length):
                    if left[i, b * length + k] > most:
                        at, most = k, left[i, b * length + k]
                if most == 0.0:
                    continue
                slots[i, b, j], places[i, b, j] = values[i, b * length + at], at
                left[i, b * length + at] = 0.0


def products(
    magnitudes: NDArray[np.float64],
    values: NDArray[np.int64],
    streamed: NDArray[np.int64],
    kept: tuple[int, ...],
    length: int,
) -> NDArray[np.int64]:
    """Products of all terms, one after the other into the same sums.

    Parameters
    ----------
    magnitudes : ndarray of float64, shape (rows, K)
        What the terms are chosen by.
    values : ndarray of int64, shape (rows, K)
        What is multiplied.
    streamed : ndarray of int64, shape (K, columns)
    kept : tuple of int
        N of each term.
    length : int
        M.

    Returns
    -------
    ndarray of int64, shape (rows, columns)
    """
    pad = -values.shape[1] % length
    left = np.pad(magnitudes, ((0, 0), (0, pad)))
    padded = np.ascontiguousarray(np.pad(values, ((0, 0), (0, pad))))
    inputs = np.ascontiguousarray(np.pad(streamed, ((0, pad), (0, 0))))
    out = np.zeros((len(values), inputs.shape[1]), dtype=np.int64)
    rows = np.arange(len(values))
    for n in kept:
        slots = np.zeros((len(values), padded.shape[1] // length, n), dtype=np.int64)
        places = np.zeros_like(slots)
        extract(left, padded, n, length, slots, places)
        select(slots, places, length, inputs, rows, out)
    return out
