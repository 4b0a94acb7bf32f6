"""Hierarchical structured sparse datapath (HighLight), weights C1(G1:H1)->C0(G0:H0).

A step consumes a window of H1 blocks of H0 coordinates of K. Rank-1 selection sends block o1[m, w, i] of the window to PE i;
in it, the rank-0 mux of MAC j picks value o0[m, w, i, j]:

    Z[m, n] = sum over w, i < G1, j < G0 of  V[m, w, i, j] B[(w H1 + o1[m, w, i]) H0 + o0[m, w, i, j], n]

Zeros of B gate a multiplier, they never save a step. Source: Wu et al., HighLight, MICRO 2023 (arXiv 2305.12718), as far as
public; metadata widths ceil(log2 H1) per block and ceil(log2 H0) per value are derived, and none is stored when every rank is full.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.jit import kernel
from simulator.sparsity.formats import encode_hss
from simulator.sparsity.patterns import Hss, Pattern, best_choice, parse
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView

_UNDECLARED = ("recorded", "dense")


class TwoRank:
    """Two ranks of selection: blocks outside the PEs, values inside."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        layer.check_pattern()
        pattern = self._pattern(machine, layer)
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

    def _pattern(self, machine: Stationary, layer: Layer) -> Hss:
        family = parse(machine.datapath.weights)
        declared = parse(layer.pattern) if layer.pattern else None
        if declared is None or declared.text in _UNDECLARED or declared.text.startswith("unstructured"):
            return self._sparsest(family, layer)
        for choice in family.choices():
            if isinstance(choice, Hss) and _same(choice, declared):
                return choice
        raise InputError(
            f"layer {layer.name!r}: machine {machine.name!r} does not support weights {declared.text}; it supports "
            f"{family.text}. Declare 'recorded' to run the weights as the densest pattern they need."
        )

    def _sparsest(self, family: Pattern, layer: Layer) -> Hss:
        view = GemmView(layer)
        masks = [view.weights_mask(group) for group in range(view.groups)]
        found = best_choice(family, np.concatenate(masks), axis=-1)
        if not isinstance(found, Hss):
            raise InputError(f"layer {layer.name!r}: its weights satisfy no member of {family.text}")
        return found

    def outputs(self, code: Code, weights: NDArray[np.int64], inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """See :class:`simulator.datapath.code.Datapath`."""
        pattern = parse(code.pattern)
        assert isinstance(pattern, Hss)
        operand = encode_hss(weights, pattern)
        steps = operand.values.shape[1]
        streamed = np.pad(inputs, ((0, steps * code.window - inputs.shape[0]), (0, 0)))
        streamed = streamed.reshape(steps, pattern.ranks[0][1], pattern.ranks[1][1], inputs.shape[1])
        out = np.zeros((weights.shape[0], inputs.shape[1]), dtype=np.int64)
        values = np.ascontiguousarray(operand.values, dtype=np.int64)
        _select(values, operand.offset1, operand.offset0, np.ascontiguousarray(streamed), out)
        return out


def _width(length: int) -> int:
    return (length - 1).bit_length()


def _same(choice: Hss, declared: Pattern) -> bool:
    """Equal patterns; a one-rank N:M is the same as that rank below a full upper one."""
    if not isinstance(declared, Hss):
        return False
    ranks = declared.ranks
    return choice.ranks == ranks or (
        len(ranks) == 1 and choice.ranks[1] == ranks[0] and choice.ranks[0][0] == choice.ranks[0][1]
    )


@kernel
def _select(
    values: NDArray[np.int64],
    blocks: NDArray[np.uint8],
    offsets: NDArray[np.uint8],
    streamed: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    rows, steps, pes, macs = values.shape
    for m in range(rows):
        for w in range(steps):
            for pe in range(pes):
                block = blocks[m, w, pe]
                for mac in range(macs):
                    weight = values[m, w, pe, mac]
                    chosen = streamed[w, block, offsets[m, w, pe, mac]]
                    for n in range(out.shape[1]):
                        out[m, n] += weight * chosen[n]
