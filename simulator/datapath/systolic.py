"""What a systolic array computes, register by register.

In every step each multiplier (i, j) of an R x C grid latches its left neighbour's streamed value and, by dataflow,

    os      its upper neighbour's other value; z[i, j] += a[i, j] b[i, j], the sum stays
    ws, is  its upper neighbour's sum; s[i, j] = s[i - 1, j] + a[i, j] w[i, j], w[i, j] stays and was pushed down before

Row i of the stream is fed i steps late, so what meets belongs together; where nothing enters, zeros do. Below an array
whose operand stays, sums of successive folds over K are added. Folds are as in the lowering: R x C of the outputs (os), or R
coordinates of K by C outputs.
Source: Kung, Why Systolic Architectures?, IEEE Computer 1982.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

Matrix = NDArray[np.int64]


def outputs(dataflow: str, rows: int, columns: int, weights: Matrix, inputs: Matrix) -> Matrix:
    """Multiply on an array.

    Parameters
    ----------
    dataflow : str
        ``os``, ``ws`` or ``is``.
    rows, columns : int
        R and C.
    weights : ndarray of int64, shape (M, K)
    inputs : ndarray of int64, shape (K, N)

    Returns
    -------
    ndarray of int64, shape (M, N)
    """
    if dataflow == "os":
        return _sums_stay(rows, columns, np.ascontiguousarray(inputs.T), np.ascontiguousarray(weights.T)).T
    if dataflow == "ws":
        return _operand_stays(
            rows, columns, np.ascontiguousarray(inputs.T), np.ascontiguousarray(weights.T)
        ).T
    return _operand_stays(rows, columns, np.ascontiguousarray(weights), np.ascontiguousarray(inputs))


def _sums_stay(rows: int, columns: int, left: Matrix, top: Matrix) -> Matrix:
    """left (X, K) times top (K, Y), fold by fold."""
    out = np.zeros((left.shape[0], top.shape[1]), dtype=np.int64)
    for x in range(0, out.shape[0], rows):
        for y in range(0, out.shape[1], columns):
            out[x : x + rows, y : y + columns] = _os_fold(
                left[x : x + rows], np.ascontiguousarray(top[:, y : y + columns])
            )
    return out


def _operand_stays(rows: int, columns: int, stream: Matrix, held: Matrix) -> Matrix:
    """stream (T, K) times held (K, Y), fold by fold, the sums of folds over K added below the columns."""
    out = np.zeros((stream.shape[0], held.shape[1]), dtype=np.int64)
    for y in range(0, out.shape[1], columns):
        for k in range(0, held.shape[0], rows):
            grid = np.ascontiguousarray(held[k : k + rows, y : y + columns])
            out[:, y : y + columns] += _held_fold(np.ascontiguousarray(stream[:, k : k + rows]), grid)
    return out


@kernel
def _os_fold(left: Matrix, top: Matrix) -> Matrix:
    rows, steps = left.shape
    columns = top.shape[1]
    a = np.zeros((rows, columns), dtype=np.int64)
    b = np.zeros((rows, columns), dtype=np.int64)
    z = np.zeros((rows, columns), dtype=np.int64)
    for u in range(steps + rows + columns - 2):
        for i in range(rows - 1, -1, -1):
            for j in range(columns - 1, -1, -1):
                if j > 0:
                    a[i, j] = a[i, j - 1]
                else:
                    a[i, j] = left[i, u - i] if 0 <= u - i < steps else 0
                if i > 0:
                    b[i, j] = b[i - 1, j]
                else:
                    b[i, j] = top[u - j, j] if 0 <= u - j < steps else 0
                z[i, j] += a[i, j] * b[i, j]
    return z


@kernel
def _held_fold(stream: Matrix, held: Matrix) -> Matrix:
    steps, rows = stream.shape
    columns = held.shape[1]
    w = np.zeros((rows, columns), dtype=np.int64)
    for push in range(rows):
        for i in range(rows - 1, -1, -1):
            for j in range(columns):
                w[i, j] = w[i - 1, j] if i > 0 else held[rows - 1 - push, j]
    a = np.zeros((rows, columns), dtype=np.int64)
    s = np.zeros((rows, columns), dtype=np.int64)
    out = np.zeros((steps, columns), dtype=np.int64)
    for u in range(steps + rows + columns - 2):
        for i in range(rows - 1, -1, -1):
            for j in range(columns - 1, -1, -1):
                if j > 0:
                    a[i, j] = a[i, j - 1]
                else:
                    a[i, j] = stream[u - i, i] if 0 <= u - i < steps else 0
                above = s[i - 1, j] if i > 0 else 0
                s[i, j] = above + a[i, j] * w[i, j]
        for j in range(columns):
            t = u - (rows - 1) - j
            if 0 <= t < steps:
                out[t, j] = s[rows - 1, j]
    return out
