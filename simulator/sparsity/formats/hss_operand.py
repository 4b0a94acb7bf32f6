"""The stationary operand of a two-rank HSS machine, laid out for its lanes.

Window w of fiber f holds coordinates w*H1*H0 .. (w+1)*H1*H0 - 1. Slot (i, j) of G1 x G0 holds the j-th
value of the i-th non-empty rank-0 block of the window:

    values[f, w, i, j] = matrix[f, (w*H1 + offset1[f, w, i]) * H0 + offset0[f, w, i, j]]

or a padding zero. At a rank with as many lanes as coordinates (G = H) slot i holds coordinate i, so its
offsets say nothing and need not be stored; elsewhere the non-empty positions come first, in order, and
padding has offset 0. Source: Wu et al., HighLight (MICRO 2023, arXiv 2305.12718), rank-1 offsets for block
selection and rank-0 offsets for the value muxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.jit import apart
from simulator.sparsity.fibers import fiber_chunks
from simulator.sparsity.formats.format import check_matrix
from simulator.sparsity.patterns.hss import Hss

_OFFSETS = 256

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]


@dataclass(frozen=True)
class HssOperand:
    """An encoded operand.

    Attributes
    ----------
    values : ndarray, shape (fibers, windows, G1, G0)
        In the dtype of the matrix.
    offset1 : ndarray of uint8, shape (fibers, windows, G1)
        Block of the window, 0 .. H1 - 1.
    offset0 : ndarray of uint8, shape (fibers, windows, G1, G0)
        Coordinate in the block, 0 .. H0 - 1.
    pattern : Hss
    coords : int
        Coordinates of a fiber, without the padding of its last window.
    """

    values: NDArray[Any]
    offset1: NDArray[np.uint8]
    offset0: NDArray[np.uint8]
    pattern: Hss
    coords: int


def encode_hss(values: NDArray[Any], pattern: Hss, lanes: tuple[int, int] | None = None) -> HssOperand:
    """Lay a matrix out for the lanes of a machine.

    Parameters
    ----------
    values : ndarray of bool, integer or real, shape (fibers, coords)
    pattern : Hss
        Two ranks, lengths at most 256.
    lanes : (int, int), optional
        Slots G1, G0 of the machine, at least the pattern's own (the default).

    Raises
    ------
    InputError
        Another number of ranks, too few lanes, another dtype, or values that violate the pattern (saying
        where).
    """
    check_matrix(values, None)
    slots = _check(pattern, lanes)
    (g1, h1), (g0, h0) = pattern.ranks
    if values.dtype.kind not in "biuf" or values.dtype.itemsize not in (1, 2, 4, 8):
        raise InputError(f"an operand of {values.dtype}: must be bool, integer or a float of at most 64 bits")
    fibers, coords = values.shape
    windows = -(-coords // pattern.block)
    full = (slots[0] == h1, slots[1] == h0)
    out = np.zeros((fibers, windows, *slots), dtype=values.dtype)
    offset1 = _offsets((fibers, windows, slots[0]), full[0])
    offset0 = _offsets((fibers, windows, *slots), full[1])
    size = values.dtype.itemsize
    shape = np.array([fibers, coords, windows, *slots, g1, g0, h1, h0, *full, size], dtype=np.int64)
    some = (values != 0).view(np.uint8).reshape(-1)
    octets = [np.ascontiguousarray(each).reshape(-1).view(np.uint8) for each in (values, out)]
    bad = _lay_out(some, octets[0], shape, octets[1], offset1.reshape(-1), offset0.reshape(-1))
    if bad >= 0:
        found = pattern.violation(values[bad : bad + 1] != 0)
        detail = str(found).partition(", ")[2]
        raise InputError(f"operand violates {pattern.text}: fiber ({bad}), {detail}")
    return HssOperand(out, offset1, offset0, pattern, coords)


def decode_hss(operand: HssOperand) -> NDArray[Any]:
    """The matrix again, shape (fibers, coords)."""
    h1, h0 = operand.pattern.lengths
    fibers, windows = operand.values.shape[:2]
    padded = np.zeros((fibers, windows * h1 * h0), dtype=operand.values.dtype)
    for part in fiber_chunks(fibers, max(1, operand.values[:1].size)):
        values = operand.values[part]
        block = np.arange(windows)[:, None] * h1 + operand.offset1[part]
        coordinate = block[..., None] * h0 + operand.offset0[part]
        fiber = np.broadcast_to(np.arange(part.start, part.stop)[:, None, None, None], values.shape)
        stored = values != 0
        padded[fiber[stored], coordinate[stored]] = values[stored]
    return padded[:, : operand.coords]


def _check(pattern: Hss, lanes: tuple[int, int] | None) -> tuple[int, int]:
    if not isinstance(pattern, Hss) or len(pattern.ranks) != 2 or max(pattern.lengths) > _OFFSETS:
        raise InputError(
            f"pattern '{pattern}': an operand is laid out for two ranks of length at most {_OFFSETS}, "
            "for example 'C1(4:8)->C0(2:4)'"
        )
    (g1, g0), (l1, l0) = pattern.slots, lanes or pattern.slots
    if l1 < g1 or l0 < g0:
        raise InputError(f"lanes {lanes}: pattern {pattern.text} needs at least ({g1}, {g0})")
    return l1, l0


def _offsets(shape: tuple[int, ...], full: bool) -> NDArray[np.uint8]:
    offsets = np.zeros(shape, dtype=np.uint8)
    if full:
        offsets[...] = np.arange(shape[-1], dtype=np.uint8)
    return offsets


@apart
def _lay_out(some: Flags, matrix: Flags, shape: Ints, values: Flags, offset1: Flags, offset0: Flags) -> int:
    """Fill `values` and the offsets; return the first fiber that does not fit, or -1.

    `shape` is fibers, coordinates and windows; slots, non-zeros allowed, lengths and whether ranks are full, each of the
    upper rank, then the lower one; bytes of an element, which are copied whatever they mean.
    """
    fibers, coords, windows, slots1, slots0 = shape[0], shape[1], shape[2], shape[3], shape[4]
    g1, g0, h1, h0, size = shape[5], shape[6], shape[7], shape[8], shape[11]
    for f in range(fibers):
        for w in range(windows):
            blocks, group = 0, (f * windows + w) * slots1
            for b in range(h1):
                start, count = (w * h1 + b) * h0, 0
                i = group + (b if shape[9] else blocks)
                for j in range(min(h0, coords - start)):
                    at = f * coords + start + j
                    if some[at]:
                        if count == g0 or blocks == g1:
                            return f
                        slot = i * slots0 + (j if shape[10] else count)
                        offset1[i] = b
                        offset0[slot] = j
                        for byte in range(size):
                            values[slot * size + byte] = matrix[at * size + byte]
                        count += 1
                blocks += 1 if count > 0 else 0
    return -1
