"""How a layer is blocked: what an element holds, what the array holds, what the buffer holds.

With R x S taps, an element holds rows of q channels of p filters; sets of R rows of elements are stacked v = floor(rows / R)
high::

    q = min(C, inputs / S, weights / S)            p = min(M, psums, weights / (q S))
    r = min(v, ceil(C / q)) sets share channels    t = min(floor(v / r), ceil(M / p)) sets share filters

so a pass has at most m = p t filters, c = q r channels and a strip of as many output rows as the array has columns. A band
is as many strips as the buffer holds inputs and, unless all channels fit one pass, partial sums of; all its strips meet a
set of weights before the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from simulator.errors import InfeasibleError
from simulator.hardware.organisations.row_stationary import RowStationary
from simulator.lowering.cartesian.planes import Axis, Shape, Span, shape
from simulator.workload.einsum import Einsum


class Pass(NamedTuple):
    """One set of weights against one strip; whether its weights and inputs are new, and used for the last time."""

    group: int
    image: int
    band: Span
    filters: Span
    channels: Span
    strip: Span
    new_weights: bool
    last_weights: bool
    new_inputs: bool
    last_inputs: bool
    begin: bool
    end: bool


@dataclass(frozen=True)
class Blocking:
    """A layer blocked.

    Attributes
    ----------
    shape : Shape
    filters, channels : int
        Of an element.
    filter_sets, channel_sets : int
    strip, band : int
        Output rows.
    kept : bool
        Inputs of a band stay for all filters.
    """

    shape: Shape
    filters: int
    channels: int
    filter_sets: int
    channel_sets: int
    strip: int
    band: int
    kept: bool

    @cached_property
    def spans(self) -> tuple[tuple[Span, ...], tuple[Span, ...], tuple[Span, ...]]:
        """Filters and channels of the passes, and bands."""
        made = self.shape
        return (
            cut(Span(0, made.filters), self.filters * self.filter_sets),
            cut(Span(0, made.channels), self.channels * self.channel_sets),
            cut(Span(0, made.rows.outputs), self.band),
        )

    def passes(self) -> Iterator[Pass]:
        """All passes in order."""
        filters, channels, bands = self.spans
        for group in range(self.shape.groups):
            for image in range(self.shape.images):
                for band in bands:
                    for m in filters:
                        for c in channels:
                            yield from self._strips(group, image, band, m, c)

    def _strips(self, group: int, image: int, band: Span, m: Span, c: Span) -> Iterator[Pass]:
        filters, channels, _ = self.spans
        strips = cut(band, self.strip)
        for strip in strips:
            first, last = strip == strips[0], strip == strips[-1]
            new = first and (m == filters[0] or not self.kept)
            done = last and (m == filters[-1] or not self.kept)
            ends = c == channels[0], c == channels[-1]
            yield Pass(group, image, band, m, c, strip, first, last, new, done, *ends)

    def cycles(self, at: Pass) -> int:
        """Cycles of an output column: multiplications of the element that has most."""
        filters, channels = -(-len(at.filters) // self.filter_sets), -(-len(at.channels) // self.channel_sets)
        return filters * channels * self.shape.columns.taps

    @property
    def input_slots(self) -> int:
        """Pieces of inputs of a band that stay, 0 when they are streamed."""
        return len(self.spans[1]) if self.kept else 0


def cut(span: Span, size: int) -> tuple[Span, ...]:
    """A span in pieces, the last ragged."""
    return tuple(Span(x, min(span.last, x + size)) for x in range(span.first, span.last, size))


def upright(einsum: Einsum) -> Shape:
    """The shape of a layer, positions of a matrix product one below the other."""
    made = shape(einsum)
    if einsum.operation == "gemm":
        return Shape(1, 1, made.filters, made.channels, made.columns, Axis(1, 1))
    return made


def blocking(machine: RowStationary, einsum: Einsum) -> Blocking:
    """Block a layer; see the module.

    Raises
    ------
    InfeasibleError
        A filter does not fit the array or its scratch pads, or a band of one strip the buffer.
    """
    made, array = upright(einsum), machine.components.array
    taps = made.rows.taps, made.columns.taps
    channels = min(made.channels, array.inputs.value // taps[1], array.weights.value // taps[1])
    high = array.rows.value // taps[0]
    if not channels or not high:
        raise InfeasibleError(
            f"machine {machine.name!r}: a filter of {taps[0]} x {taps[1]} needs as many array.rows (have {array.rows.value}) and "
            f"entries of array.inputs and array.weights (have {array.inputs.value} and {array.weights.value})"
        )
    filters = min(made.filters, array.psums.value, array.weights.value // (channels * taps[1]))
    across = min(high, -(-made.channels // channels))
    sets = min(high // across, -(-made.filters // filters))
    strip = min(array.columns.value, made.rows.outputs)
    return _fitted(machine, Blocking(made, filters, channels, sets, across, strip, strip, False))


def _fitted(machine: RowStationary, found: Blocking) -> Blocking:
    """The largest band that fits, halving the strips."""
    capacity, mode = 8 * machine.components.glb.capacity.value, machine.mapping.inputs
    for kept in {"auto": (True, False), "kept": (True,), "streamed": (False,)}[mode]:
        strips = -(-found.shape.rows.outputs // found.strip)
        while strips:
            made = replace(found, band=strips * found.strip, kept=kept)
            if held_bits(machine, made) <= capacity:
                return made
            strips //= 2
    raise InfeasibleError(
        f"machine {machine.name!r}: a strip of {found.strip} output rows does not fit glb.capacity "
        f"({machine.components.glb.capacity.text}); raise it, or lower array.columns or glb.tile_buffers"
    )


def held_bits(machine: RowStationary, found: Blocking) -> int:
    """Bits the buffer holds at once: pieces of weights and inputs, and partial sums of a band."""
    made, bits, slots = found.shape, machine.value_bits, machine.components.glb.tile_buffers.value
    filters, channels, bands = (max(map(len, spans)) for spans in found.spans)
    rows = max(len(made.rows.needed(band)) for band in found.spans[2])
    taps = made.rows.taps * made.columns.taps
    inputs = rows * made.columns.inputs * (made.channels if found.kept else slots * channels)
    sums = filters * bands * made.columns.outputs if len(found.spans[1]) > 1 else 0
    weights = slots * filters * channels * taps
    word = machine.components.array.word.value
    return inputs * bits.inputs.value + weights * bits.weights.value + sums * word
