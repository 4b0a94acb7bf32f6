"""Density-bound datapath (S2TA): blocks of H along K with bounded non-zeros in both operands, unrolled in time.

A multiplier keeps a block of weights, at most G of H values and a mask, and is shown the non-zero inputs of the same block
one by one, each with its coordinate i: a mux picks the weight at i, or nothing::

    Z[m, n] = sum over blocks b, t < A  of  V[m, b, rank of i in the mask] x[b, t, n],   i = i[b, t, n]

A is the bound of the layer's inputs: a step, L blocks side by side, takes A cycles, and H when they are dense. Inputs
decide the time; weights, G of H in any case, the storage. Dense weights take H / G multipliers per block, each with a part of
it. Source: Liu et al., S2TA (HPCA 2022, arXiv 2107.07983), as far as public: block size, 4 of 8, time-unrolled bounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.datapath.streamed import streamed
from simulator.datapath.weights import member
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.jit import kernel
from simulator.sparsity.formats import DensityBound as Bound
from simulator.sparsity.patterns import Hss, parse
from simulator.workload.layer import Layer


class DensityBound:
    """A multiplier per block, as many cycles as the inputs' blocks have values."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        pattern, inputs = member(machine, layer), streamed(machine, layer)
        (kept, length), (bound, block) = _rule(machine, pattern), _rule(machine, inputs)
        lanes = machine.components.array.pes.value * machine.components.array.macs.value
        parts = block // length  # multipliers that share a block of inputs
        if block % length or lanes % parts:
            raise InfeasibleError(
                f"machine {machine.name!r}: weights {pattern.text} and inputs {inputs.text}: {lanes} multipliers of a row must "
                "hold whole blocks of inputs"
            )
        blocks, dense, width = lanes // parts, bound == block, machine.value_bits.inputs.value
        return Code(
            pattern.text,
            blocks * block,
            lanes * kept,
            0 if kept == length else lanes * length,
            0,
            kept,
            padded=True,
            inputs=("uncompressed" if dense else "density_bound", Bound(bound, block)),
            cycles=bound,
            issued=lanes * bound,
            delivered=blocks * (bound * width + (0 if dense else block)),
        )

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """See :class:`simulator.datapath.code.Datapath`."""
        ((kept, length),) = _hss(code.pattern).ranks
        pad = -weights.shape[1] % code.window
        stored = Bound(kept, length).encode(np.pad(weights, ((0, 0), (0, pad))))
        shape = (len(weights), -1)
        masks = stored.metadata["mask"].entries.reshape(*shape, length)
        values = stored.data.reshape(*shape, kept)
        assert code.inputs is not None
        form = code.inputs[1]
        assert isinstance(form, Bound)
        block = form.length
        shown = form.encode(np.ascontiguousarray(np.pad(inputs, ((0, pad), (0, 0))).T))
        places = np.argsort(shown.metadata["mask"].entries.reshape(-1, block) == 0, axis=1, kind="stable")
        columns = (inputs.shape[1], -1, code.cycles)
        coordinates = np.ascontiguousarray(places[:, : code.cycles]).reshape(columns)
        out = np.zeros((len(weights), inputs.shape[1]), dtype=weights.dtype)
        _multiply(values, masks, shown.data.reshape(columns), coordinates, block // length, out)
        return out


def _rule(machine: Stationary, pattern: Hss) -> tuple[int, int]:
    if len(pattern.ranks) != 1:
        raise InputError(
            f"machine {machine.name!r}: datapath.kind density_bound runs patterns G:H, not {pattern.text}"
        )
    return pattern.ranks[0]


def _hss(text: str) -> Hss:
    pattern = parse(text)
    assert isinstance(pattern, Hss)
    return pattern


@kernel
def _multiply(
    values: NDArray[np.int64],
    masks: NDArray[np.uint32],
    shown: NDArray[np.int64],
    coordinates: NDArray[np.int64],
    parts: int,
    out: NDArray[np.int64],
) -> None:
    """Every multiplier, cycle by cycle: its weight is the one before which the mask has as many ones."""
    rows, lanes, length = masks.shape
    for m in range(rows):
        for lane in range(lanes):
            block, start = lane // parts, lane % parts * length
            for n in range(out.shape[1]):
                for t in range(shown.shape[2]):
                    place = coordinates[n, block, t] - start
                    if 0 <= place < length and masks[m, lane, place] == 1:
                        rank = 0
                        for before in range(place):
                            rank += masks[m, lane, before]
                        out[m, n] += values[m, lane, rank] * shown[n, block, t]
