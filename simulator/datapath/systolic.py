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

from simulator.datapath.narrow import narrow
from simulator.jit import inlined, kernel, pointer

Matrix = NDArray[np.integer]


def outputs(
    dataflow: str, rows: int, columns: int, weights: NDArray[np.int64], inputs: NDArray[np.int64]
) -> NDArray[np.int64]:
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
    found = _multiplied(dataflow, rows, columns, *narrow(weights, inputs))
    return found.astype(np.int64, copy=False)


def _multiplied(dataflow: str, rows: int, columns: int, weights: Matrix, inputs: Matrix) -> Matrix:
    if dataflow == "os":
        return _sums_stay(rows, columns, np.ascontiguousarray(inputs.T), np.ascontiguousarray(weights.T)).T
    if dataflow == "ws":
        return _operand_stays(
            rows, columns, np.ascontiguousarray(inputs.T), np.ascontiguousarray(weights.T)
        ).T
    return _operand_stays(rows, columns, np.ascontiguousarray(weights), np.ascontiguousarray(inputs))


def _sums_stay(rows: int, columns: int, left: Matrix, top: Matrix) -> Matrix:
    """left (X, K) times top (K, Y), fold by fold."""
    out = np.zeros((left.shape[0], top.shape[1]), dtype=left.dtype)
    for x in range(0, out.shape[0], rows):
        for y in range(0, out.shape[1], columns):
            out[x : x + rows, y : y + columns] = _os_fold(
                left[x : x + rows], np.ascontiguousarray(top[:, y : y + columns])
            )
    return out


def _operand_stays(rows: int, columns: int, stream: Matrix, held: Matrix) -> Matrix:
    """stream (T, K) times held (K, Y), fold by fold, the sums of folds over K added below the columns."""
    out = np.zeros((stream.shape[0], held.shape[1]), dtype=stream.dtype)
    for y in range(0, out.shape[1], columns):
        for k in range(0, held.shape[0], rows):
            grid = np.ascontiguousarray(held[k : k + rows, y : y + columns])
            out[:, y : y + columns] += _held_fold(np.ascontiguousarray(stream[:, k : k + rows]), grid)
    return out


@kernel
def _os_fold(left: Matrix, top: Matrix) -> Matrix:
    rows, steps = left.shape
    columns = top.shape[1]
    a = np.zeros((rows, columns), dtype=left.dtype)
    b = np.zeros((rows, columns), dtype=left.dtype)
    z = np.zeros((rows, columns), dtype=left.dtype)
    for u in range(steps + rows + columns - 2):
        _latch(a, 1)
        _latch(b, columns)
        for i in range(rows):
            a[i, 0] = left[i, u - i] if 0 <= u - i < steps else 0
        for j in range(columns):
            b[0, j] = top[u - j, j] if 0 <= u - j < steps else 0
        _multiply(a, b, z, 0)
    return z


@inlined
def _latch(registers: Matrix, apart: int) -> None:
    """Every register takes what the one so many in front of it had; what enters is written over the first ones afterwards."""
    flat = pointer(registers)
    for n in range(registers.size - 1, apart - 1, -1):
        flat[n] = flat[n - apart]


@inlined
def _multiply(a: Matrix, b: Matrix, sums: Matrix, apart: int) -> None:
    """Every multiplier adds its product to its sum, and leaves it so many registers behind, where it is not yet asked for."""
    one, other, flat = pointer(a), pointer(b), pointer(sums)
    for n in range(a.size - 1, -1, -1):
        flat[n + apart] = flat[n] + one[n] * other[n]


@kernel
def _held_fold(stream: Matrix, held: Matrix) -> Matrix:
    steps, rows = stream.shape
    columns = held.shape[1]
    w = np.zeros((rows, columns), dtype=held.dtype)
    for push in range(rows):
        _latch(w, columns)
        for j in range(columns):
            w[0, j] = held[rows - 1 - push, j]
    a = np.zeros((rows, columns), dtype=held.dtype)
    s = np.zeros((rows + 1, columns), dtype=held.dtype)  # below the zeros that enter at the top
    out = np.zeros((steps, columns), dtype=held.dtype)
    for u in range(steps + rows + columns - 2):
        _latch(a, 1)
        for i in range(rows):
            a[i, 0] = stream[u - i, i] if 0 <= u - i < steps else 0
        _multiply(a, w, s, columns)
        for j in range(columns):
            t = u - (rows - 1) - j
            if 0 <= t < steps:
                out[t, j] = s[rows, j]
    return out
