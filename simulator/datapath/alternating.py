"""Both operands structured, at different ranks (HighLight's DSSO): weights C1(dense)->C0(2:H0), inputs C1(G1:H1)->C0(dense).

Of every H1 blocks of L = 4 inputs of a column at most G1 are non-empty, and are stored whole. A PE is shown such a
block with its number o, takes the weights its row keeps for that block, and its multiplexers pick the inputs they belong to::

    Z[m, n] = sum over groups g, i < G1, j < 2 L / H0  of  V[m, g H1 + o, j] x[g, i, p[m, g H1 + o, j], n],   o = o[g, i, n]

Each rank is sparse in one operand and dense in the other, so no intersection is needed and all lanes are busy in every
step: a row of P PEs of 2 multipliers covers P H0 / (4 G1) groups of H1 blocks. Source: Wu et al., HighLight (MICRO
2023, arXiv 2305.12718) names the dual structured variant; patterns and layout are recalled and derived, see the machine's
fidelity note.
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
from simulator.sparsity.formats import BlockList, CoordinatePayload
from simulator.workload.layer import Layer


class Alternating:
    """Blocks chosen by the inputs, values chosen by the weights."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        pattern, inputs = member(machine, layer), streamed(machine, layer)
        array = machine.components.array
        if len(pattern.ranks) != 1 or len(inputs.ranks) != 2 or inputs.ranks[1][0] != inputs.ranks[1][1]:
            raise InputError(
                f"machine {machine.name!r}: datapath.kind alternating runs weights N:M and inputs C1(G:H)->C0(L:L), not "
                f"{pattern.text} and {inputs.text}"
            )
        ((kept, length),) = pattern.ranks
        (slots, blocks), (width, _) = inputs.ranks
        each, rest = divmod(width * kept, length * array.macs.value)  # PEs that share a block of inputs
        groups, idle = divmod(array.pes.value, max(1, each) * slots)
        if rest or idle or not each or width % length:
            raise InfeasibleError(
                f"machine {machine.name!r}: weights {pattern.text} and inputs {inputs.text} do not fill a row of {array.pes.value} "
                f"PEs with {array.macs.value} multipliers"
            )
        window = groups * blocks * width
        stored = window * kept // length
        form = BlockList(slots, blocks, width)
        values = groups * slots * width * machine.value_bits.inputs.value
        return Code(
            pattern.text,
            window,
            stored,
            0 if kept == length else stored * (length - 1).bit_length(),
            groups * slots,
            length,
            padded=True,
            operand=CoordinatePayload((length,), (kept,)),
            inputs=("uncompressed" if slots == blocks else "block_list", form),
            issued=array.pes.value * array.macs.value,
            delivered=values + groups * slots * form.number_bits,
        )

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """See :class:`simulator.datapath.code.Datapath`."""
        assert code.inputs is not None
        assert code.operand is not None
        form = code.inputs[1]
        assert isinstance(form, BlockList)
        pad = -weights.shape[1] % code.window
        stored = code.operand.encode(np.pad(weights, ((0, 0), (0, pad))))
        kept = code.slots * code.choices // code.window
        values = stored.data.reshape(len(weights), -1, kept)
        places = np.tile(np.arange(kept, dtype=np.uint32), values.size // kept)
        if stored.metadata:
            places = stored.metadata["offset0"].entries
        shown = form.encode(np.ascontiguousarray(np.pad(inputs, ((0, pad), (0, 0))).T))
        columns = (inputs.shape[1], -1, form.slots)
        numbers = shown.metadata["block"].entries.reshape(columns)
        if form.slots == form.length:
            numbers = np.ascontiguousarray(
                np.broadcast_to(np.arange(form.slots, dtype=np.uint32), numbers.shape)
            )
        blocks = shown.data.reshape(*columns, form.width)
        out = np.zeros((len(weights), inputs.shape[1]), dtype=weights.dtype)
        _multiply(values, places.reshape(values.shape), blocks, numbers, (form.length, code.choices), out)
        return out


@kernel
def _multiply(
    values: NDArray[np.int64],
    places: NDArray[np.uint32],
    blocks: NDArray[np.int64],
    numbers: NDArray[np.uint32],
    lengths: tuple[int, int],
    out: NDArray[np.int64],
) -> None:
    """Every block that is shown, against the weights each row keeps for it."""
    length, choices = lengths
    _, groups, slots, width = blocks.shape
    kept = values.shape[2]
    for n in range(out.shape[1]):
        for g in range(groups):
            for i in range(slots):
                first = (g * length + numbers[n, g, i]) * (width // choices)
                for m in range(out.shape[0]):
                    for part in range(width // choices):
                        for j in range(kept):
                            place = part * choices + places[m, first + part, j]
                            out[m, n] += values[m, first + part, j] * blocks[n, g, i, place]
