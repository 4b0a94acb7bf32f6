"""N of M datapath (structured sparse tensor core): of every M weights along K at most N are not zero.

A row of L multipliers holds L / N blocks of M coordinates, N slots each; a step takes the window of those
(L / N) M inputs. The offsets of a block, coordinates o or runs r (o = sum of r + 1 up to it, minus 1), drive a mux of M
ways in front of each multiplier:

    Z[m, n] = sum over windows w, blocks b, slots j < N of  V[m, w, b, j] B[(w L/N + b) M + o[m, w, b, j], n]

N = M is the dense mode: every slot has its own input and no offset is stored. Source: Mishra et al., Accelerating Sparse Deep
Neural Networks (arXiv 2104.08378) for 2:4; the Sparseloop MICRO 2022 public artifact (figure 15) for the longer blocks and
both kinds of offset.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.datapath.weights import member
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.jit import kernel
from simulator.sparsity.formats import CoordinatePayload, Format, RunLength
from simulator.sparsity.patterns import Hss, parse
from simulator.workload.layer import Layer


class OneRank:
    """A mux per multiplier, steered by the offsets of the weights."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        family = parse(machine.datapath.weights)
        if any(not isinstance(each, Hss) or len(each.ranks) != 1 for each in family.choices()):
            raise InputError(
                f"machine {machine.name!r}: datapath.kind n_of_m runs weights N:M, not {family.text}"
            )

        def holds(pattern: Hss, mask: NDArray[np.bool_]) -> bool:
            form, _ = _stored(machine, pattern)
            return not isinstance(form, RunLength) or form.holds(mask)

        pattern = member(machine, layer, holds)
        ((kept, length),) = pattern.ranks
        array = machine.components.array
        lanes = array.pes.value * array.macs.value
        if lanes % kept:
            raise InfeasibleError(
                f"machine {machine.name!r}: pattern {pattern.text} fills {kept} multipliers per block, a row has {lanes}"
            )
        window = lanes // kept * length
        if kept == length:
            return Code(pattern.text, window, lanes, 0, 0, 1, padded=False, operand=None)
        form, width = _stored(machine, pattern)
        return Code(pattern.text, window, lanes, lanes * width, 0, length, padded=True, operand=form)

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """See :class:`simulator.datapath.code.Datapath`."""
        pad = -weights.shape[1] % code.window
        streamed = np.ascontiguousarray(np.pad(inputs, ((0, pad), (0, 0))))
        ((kept, length),) = _one_rank(code.pattern).ranks
        values, places = _slots(code.operand, np.pad(weights, ((0, 0), (0, pad))), kept)
        out = np.zeros((len(weights), inputs.shape[1]), dtype=weights.dtype)
        select(values, places, length, streamed, np.arange(len(out)), out)
        return out


def _slots(form: Format | None, weights: NDArray[Any], kept: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """What the registers hold and what the muxes choose: (values, places), shape (rows, blocks, kept)."""
    rows = len(weights)
    if form is None:
        values = np.ascontiguousarray(weights).reshape(rows, -1, kept)
        return values, np.ascontiguousarray(np.broadcast_to(np.arange(kept, dtype=np.int64), values.shape))
    encoded = form.encode(weights)
    (part,) = encoded.metadata.values()
    fields = part.entries.reshape(-1, kept)
    places = form.places(fields) if isinstance(form, RunLength) else fields.astype(np.int64)
    return encoded.data.reshape(rows, -1, kept), places.reshape(rows, -1, kept)


def _one_rank(text: str) -> Hss:
    pattern = parse(text)
    assert isinstance(pattern, Hss)
    return pattern


def _stored(machine: Stationary, pattern: Hss) -> tuple[Format, int]:
    """The format of a row of weights, and the bits of an offset."""
    ((kept, length),) = pattern.ranks
    offsets = machine.datapath.offsets
    if offsets is None:
        raise InputError(
            f"machine {machine.name!r}: datapath.kind n_of_m needs datapath.offsets, how the places of the weights are stored"
        )
    width = offsets.width(kept, length, 8 * machine.components.glb.metadata_word.value)
    if offsets.format == "coordinate":
        return CoordinatePayload((length,), (kept,)), width
    return RunLength(width, length, kept), width


@kernel
def select(
    values: NDArray[Any],
    places: NDArray[np.int64],
    length: int,
    streamed: NDArray[Any],
    rows: NDArray[np.int64],
    out: NDArray[Any],
) -> None:
    """Add the products of rows of weights, each to the output it belongs to.

    Parameters
    ----------
    values : ndarray of int32 or int64, shape (rows, blocks, slots)
        What the registers hold.
    places : ndarray of int64, shape (rows, blocks, slots)
        The places in a block that the muxes choose.
    length : int
        Coordinates of a block.
    streamed : ndarray of the type of values, shape (K, N)
    rows : ndarray of int64, shape (rows,)
        Output of each row of weights.
    out : ndarray of the type of values, shape (M, N)
    """
    count, blocks, slots = values.shape
    for i in range(count):
        sums = out[rows[i]]
        for b in range(blocks):
            for j in range(slots):
                weight = values[i, b, j]
                if weight != 0:
                    chosen = streamed[b * length + places[i, b, j]]
                    for n in range(len(sums)):
                        sums[n] += weight * chosen[n]
