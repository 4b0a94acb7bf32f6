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
from simulator.jit import kernel
from simulator.sparsity.fibers import fiber_chunks
from simulator.sparsity.formats.format import check_matrix
from simulator.sparsity.patterns.hss import Hss

_OFFSETS = 256


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
    unsigned = np.ascontiguousarray(values if values.dtype.kind != "f" else values + values.dtype.type(0))
    out = np.zeros((fibers, windows, *slots), dtype=values.dtype)
    offset1 = _offsets((fibers, windows, slots[0]), full[0])
    offset0 = _offsets((fibers, windows, *slots), full[1])
    kind = np.dtype(f"u{values.dtype.itemsize}")
    bad = _lay_out(unsigned.view(kind), (g1, g0), (h1, h0), full, out.view(kind), offset1, offset0)
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


@kernel
def _lay_out(
    matrix: NDArray[Any],
    allowed: tuple[int, int],
    lengths: tuple[int, int],
    full: tuple[bool, bool],
    values: NDArray[Any],
    offset1: NDArray[np.uint8],
    offset0: NDArray[np.uint8],
) -> int:
    """Fill `values` and the offsets; return the first fiber that does not fit, or -1."""
    h1, h0 = lengths
    fibers, coords = matrix.shape
    for f in range(fibers):
        row = matrix[f]
        for w in range(values.shape[1]):
            blocks = 0
            for b in range(h1):
                start = (w * h1 + b) * h0
                count = 0
                i = b if full[0] else blocks
                for j in range(min(h0, coords - start)):
                    value = row[start + j]
                    if value != 0:
                        if count == allowed[1] or blocks == allowed[0]:
                            return f
                        slot = j if full[1] else count
                        offset1[f, w, i] = b
                        values[f, w, i, slot] = value
                        offset0[f, w, i, slot] = j
                        count += 1
                if count > 0:
                    blocks += 1
    return -1
