"""Hierarchical structured sparse datapath (HighLight), weights C1(G1:H1)->C0(G0:H0).

A step consumes a window of H1 blocks of H0 coordinates of K. Rank-1 selection sends block o1[m, w, i] of the window to PE i;
in it, the rank-0 mux of MAC j picks value o0[m, w, i, j]:

    Z[m, n] = sum over w, i < G1, j < G0 of  V[m, w, i, j] B[(w H1 + o1[m, w, i]) H0 + o0[m, w, i, j], n]

Zeros of B gate a multiplier, they never save a step. Source: Wu et al., HighLight, MICRO 2023 (arXiv 2305.12718), as far as
public; metadata widths ceil(log2 H1) per block and ceil(log2 H0) per value are derived, and none is stored when every rank is full.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.datapath.weights import member
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.stationary import Stationary
from simulator.jit import apart, kernel
from simulator.sparsity.formats import encode_hss
from simulator.sparsity.patterns import Hss, parse
from simulator.workload.layer import Layer

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]


class TwoRank:
    """Two ranks of selection: blocks outside the PEs, values inside."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        pattern = member(machine, layer)
        (g1, h1), (g0, h0) = pattern.ranks
        array = machine.components.array
        if (g1, g0) != (array.pes.value, array.macs.value):
            raise InfeasibleError(
                f"machine {machine.name!r}: pattern {pattern.text} needs {g1} PEs per row with {g0} MACs each, "
                f"array has {array.pes.value} and {array.macs.value}"
            )
        full = g1 == h1 and g0 == h0
        metadata = 0 if full else g1 * _width(h1) + g1 * g0 * _width(h0)
        return Code(pattern.text, h1 * h0, g1 * g0, metadata, g1, h0, padded=True)

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """See :class:`simulator.datapath.code.Datapath`."""
        pattern = parse(code.pattern)
        assert isinstance(pattern, Hss)
        operand = encode_hss(weights, pattern)
        pad = operand.values.shape[1] * code.window - inputs.shape[0]
        streamed = np.pad(inputs, ((0, pad), (0, 0))) if pad else inputs
        out = np.zeros((weights.shape[0], inputs.shape[1]), dtype=weights.dtype)
        narrow = weights.dtype == inputs.dtype == np.int32
        select = _narrow if narrow else _wide
        arrays = (operand.values, operand.offset1, operand.offset0, streamed)
        flat = [np.ascontiguousarray(each).reshape(-1) for each in arrays]
        shape = np.array([*operand.values.shape, *pattern.lengths, out.shape[1]], dtype=np.int64)
        select(flat[0], flat[1], flat[2], flat[3], shape, out.reshape(-1))
        return out


def _width(length: int) -> int:
    return (length - 1).bit_length()


def _select(
    values: Vector, blocks: Flags, offsets: Flags, streamed: Vector, shape: Ints, out: Vector
) -> None:
    """Flat arrays; `shape` is rows, steps, PEs and MACs, lengths of blocks and windows, and columns."""
    rows, steps, pes, macs = shape[0], shape[1], shape[2], shape[3]
    high, low, columns = shape[4], shape[5], shape[6]
    for m in range(rows):
        sums = m * columns
        for w in range(steps):
            for pe in range(pes):
                unit = (m * steps + w) * pes + pe
                block = w * high + (blocks[unit] & 255)
                for mac in range(macs):
                    lane = unit * macs + mac
                    weight = values[lane]
                    chosen = (block * low + (offsets[lane] & 255)) * columns
                    for n in range(columns):
                        out[sums + n] += weight * streamed[chosen + n]


_narrow = apart(_select)
_wide = kernel(_select)
