"""Dense datapath: a row of L = PEs x MACs multipliers takes L consecutive coordinates of K per step.

    Z[m, n] = sum over windows w, lanes l of  A[m, w L + l] B[w L + l, n]

Coordinates past K are zero. Source: the dense tensor core of the Sparseloop MICRO 2022 public artifact (figure 15 set-up).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.hardware.organisations.stationary import Stationary
from simulator.jit import apart, kernel
from simulator.workload.layer import Layer

Vector = NDArray[np.int32]


class Dense:
    """Every weight is multiplied, whatever pattern it was pruned to."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        layer.check_pattern()
        array = machine.components.array
        lanes = array.pes.value * array.macs.value
        return Code("dense", lanes, lanes, 0, 0, 1, padded=False)

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """See :class:`simulator.datapath.code.Datapath`."""
        steps = -(-weights.shape[1] // code.window)
        pad = steps * code.window - weights.shape[1]
        stationary, streamed = weights, inputs
        if pad:
            stationary = np.pad(weights, ((0, 0), (0, pad)))
            streamed = np.pad(inputs, ((0, pad), (0, 0)))
        out = np.zeros((weights.shape[0], inputs.shape[1]), dtype=weights.dtype)
        operands = [np.ascontiguousarray(each).reshape(-1) for each in (stationary, streamed)]
        narrow = weights.dtype == inputs.dtype == np.int32
        accumulate = _narrow if narrow else _wide
        accumulate(operands[0], operands[1], len(out), steps * code.window, out.shape[1], out.reshape(-1))
        return out


def _accumulate(values: Vector, streamed: Vector, rows: int, terms: int, columns: int, out: Vector) -> None:
    """Sums of products, lane after lane, of flat arrays."""
    for m in range(rows):
        sums = m * columns
        for term in range(terms):
            weight, row = values[m * terms + term], term * columns
            for n in range(columns):
                out[sums + n] += weight * streamed[row + n]


_narrow = apart(_accumulate)
_wide = kernel(_accumulate)
