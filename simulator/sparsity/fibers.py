"""Arrays seen as fibers, and occupancies of the blocks of a fiber.

A fiber is the run of elements along one axis; a tensor of shape S seen along an axis of length L is a matrix
(fibers, L) with the other axes in C order. Block b of length H of a fiber is its coordinates b*H .. (b+1)*H
- 1; the last block may be ragged, which is the same as padding with zeros:

    counts[f, b] = sum of mask[f, b*H : (b+1)*H]
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError

CHUNK_ELEMENTS = 1 << 21
"""Elements handled at once: bounds memory and keeps the passes over a chunk in cache."""

_FEW = 64


def check_axis(ndim: int, axis: int) -> int:
    """Return `axis` counted from 0, or raise InputError."""
    if ndim == 0:
        raise InputError("a scalar has no fibers: at least one axis is needed")
    if not -ndim <= axis < ndim:
        raise InputError(f"axis {axis}: an array of {ndim} axes has axes {-ndim}..{ndim - 1}")
    return axis % ndim


def check_mask(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """Return `mask` as it is if it is an array of bool, or raise InputError."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        kind = f"an array of {mask.dtype}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise InputError(f"a mask must be an array of bool, not {kind}; write `values != 0`")
    return mask


def check_seed(seed: int) -> int:
    """Return `seed` if it is a whole number >= 0, or raise InputError."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed {seed!r}: must be a whole number >= 0")
    return int(seed)


def as_fibers(array: NDArray[Any], axis: int) -> NDArray[Any]:
    """See `array` as a matrix (fibers, coordinates along `axis`); a view where possible."""
    axis = check_axis(array.ndim, axis)
    moved = np.moveaxis(array, axis, -1)
    return moved.reshape(math.prod(moved.shape[:-1]), moved.shape[-1])


def from_fibers(rows: NDArray[Any], shape: tuple[int, ...], axis: int) -> NDArray[Any]:
    """Undo :func:`as_fibers` for an array of `shape`; contiguous."""
    axis = check_axis(len(shape), axis)
    moved = rows.reshape(*shape[:axis], *shape[axis + 1 :], shape[axis])
    return np.ascontiguousarray(np.moveaxis(moved, -1, axis))


def fiber_index(fiber: int, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Index of a fiber over the axes other than `axis`."""
    axis = check_axis(len(shape), axis)
    rest = shape[:axis] + shape[axis + 1 :]
    return tuple(int(i) for i in np.unravel_index(fiber, rest)) if rest else ()


def fiber_chunks(fibers: int, length: int) -> Iterator[slice]:
    """Slices over fibers of `length` elements, about :data:`CHUNK_ELEMENTS` elements each, in order."""
    step = max(1, CHUNK_ELEMENTS // max(1, length))
    for start in range(0, fibers, step):
        yield slice(start, min(fibers, start + step))


def block_counts(mask: NDArray[np.bool_], length: int) -> NDArray[np.integer[Any]]:
    """Number of true elements in each block of each fiber.

    Parameters
    ----------
    mask : ndarray of bool, shape (fibers, coordinates)
    length : int
        Elements of a block, H >= 1.

    Returns
    -------
    ndarray of unsigned integer, shape (fibers, ceil(coordinates / length))
    """
    fibers, coords = mask.shape
    blocks = -(-coords // length)
    if length <= _FEW:
        counts = np.zeros((fibers, blocks), dtype=np.uint8)
        for j in range(min(length, coords)):
            column = mask[:, j::length]
            part = counts[:, : column.shape[1]]
            np.add(part, column.view(np.uint8), out=part)
        return counts
    full = coords // length
    wide = np.zeros((fibers, blocks), dtype=np.uint32)
    wide[:, :full] = mask[:, : full * length].reshape(fibers, full, length).sum(axis=-1)
    if full < blocks:
        wide[:, full] = mask[:, full * length :].sum(axis=-1)
    return wide


def fiber_counts(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of true elements of each fiber of a (fibers, coordinates) matrix, int64, shape (fibers,)."""
    fibers, coords = mask.shape
    counts = np.zeros(fibers, dtype=np.int64)
    for part in fiber_chunks(fibers, coords):
        if coords:
            counts[part] = block_counts(mask[part], coords)[:, 0]
    return counts
