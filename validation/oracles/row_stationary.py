"""Work of one layer on an array that keeps rows of filters, counted element by element from the raw masks.

Every multiplication of every element is visited in the order of docs/machines/eyeriss.md; nothing here calls the lowering. How the
layer is blocked is given as plain numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np

from simulator.hardware.organisations.row_stationary import RowStationary
from simulator.workload.layer import Layer
from validation.oracles.cartesian import stored
from validation.oracles.nest import cut
from validation.oracles.storage import units

WORD = 8


@dataclass(frozen=True)
class Blocks:
    """Filters and channels of an element, sets of elements, output rows of a strip and of a band, whether inputs are kept."""

    filters: int
    channels: int
    filter_sets: int
    channel_sets: int
    strip: int
    band: int
    kept: bool


class Oracle:
    """One layer on one machine, blocked as given: `actions` by component and name, DRAM `traffic` in bytes, array `cycles`."""

    def __init__(self, machine: RowStationary, layer: Layer, blocks: Blocks) -> None:
        self.machine, self.blocks, self.bits = machine, blocks, machine.value_bits
        self.run, gemm = machine.components.coding.run.value, layer.einsum.operation == "gemm"
        w, a = layer.weights.mask, layer.inputs.mask
        self.weights = w[:, :, None, None] if gemm else w
        self.inputs = a[None, :, :, None] if gemm else a  # positions of a product one below the other
        given = layer.einsum.parameters or {
            "stride": [1, 1],
            "dilation": [1, 1],
            "padding": [0, 0],
            "groups": [1],
        }
        self.stride, self.dilation, self.padding = given["stride"], given["dilation"], given["padding"]
        self.groups = given["groups"][0]
        shape = layer.einsum.shape("outputs")
        self.rows, self.columns = (shape[1], 1) if gemm else shape[2:]
        outputs = None if layer.outputs_mask is None else layer.outputs_mask.mask
        self.outputs = outputs[None, :, :, None] if gemm and outputs is not None else outputs
        self.actions: Counter[tuple[str, str]] = Counter()
        self.traffic: Counter[str] = Counter()
        self.cycles = 0

    def count(self) -> Oracle:
        """Walk the whole layer."""
        block, filters = self.blocks, len(self.weights) // self.groups
        m_size, c_size = block.filters * block.filter_sets, block.channels * block.channel_sets
        c_tiles = cut(self.weights.shape[1], c_size)
        for g, b, band in product(range(self.groups), range(len(self.inputs)), cut(self.rows, block.band)):
            for i, m in enumerate(cut(filters, m_size)):
                for j, c in enumerate(c_tiles):
                    strips = [
                        range(band.start + s.start, band.start + s.stop) for s in cut(len(band), block.strip)
                    ]
                    self._fetch(g, b, band, m, c, fresh=i == 0 or not block.kept)
                    for strip in strips:
                        self._pass(g, b, strip, m, c, ends=(j == 0, j == len(c_tiles) - 1))
        return self

    def _move(self, tensor: str, bits: int, action: str) -> None:
        size, burst = max(1, units(bits, 8)), self.machine.components.dram.burst.value
        self.traffic[tensor] += size
        whole, rest = divmod(size, burst)
        self.actions["dram", action] += whole * units(burst, WORD) + units(rest, WORD)

    def _fetch(self, g: int, b: int, band: range, m: range, c: range, fresh: bool) -> None:
        taps = self.weights.shape[2] * self.weights.shape[3]
        size = units(len(m) * len(c) * taps * self.bits.weights.value, 8)
        self._move("weights", 8 * size, "dram_read")
        self.actions["glb.write", "buffer_write"] += units(size, WORD)
        self.actions["glb.read", "buffer_read"] += units(size, WORD)
        self.actions["glb.read", "weight_spad_write"] += len(m) * len(c) * taps * self.blocks.strip
        if fresh:
            rows = self._needed(0, band, self.weights.shape[2])
            mine = self.inputs[b, g * self.weights.shape[1] :][c.start : c.stop, rows.start : rows.stop]
            entries = sum(len(stored(row, self.run)) for row in mine.reshape(-1, mine.shape[2]))
            self._move("inputs", entries * (self.bits.inputs.value + self.run), "dram_read")
            held = units(mine.size * self.bits.inputs.value, 8)
            self.actions["glb.write", "buffer_write"] += units(held, WORD)

    def _needed(self, axis: int, outputs: range, taps: int) -> range:
        """Inputs between the first and the last that outputs read, within the tensor, one at least."""
        size = self.inputs.shape[2 + axis]
        places = [
            self.stride[axis] * p + self.dilation[axis] * r - self.padding[axis]
            for p in outputs
            for r in (0, taps - 1)
        ]
        low, high = (min(max(x, 0), size - 1) for x in (min(places), max(places)))
        return range(low, high + 1)

    def _pass(self, g: int, b: int, strip: range, m: range, c: range, ends: tuple[bool, bool]) -> None:
        taps, block = self.weights.shape[3], self.blocks
        image = self.inputs[b, g * self.weights.shape[1] :][c.start : c.stop]
        rows = len(self._needed(0, strip, self.weights.shape[2]))
        seen: set[int] = set()
        top = -1
        for q in range(self.columns):
            window = range(
                self.stride[1] * q - self.padding[1],
                self.stride[1] * q - self.padding[1] + self.dilation[1] * (taps - 1) + 1,
            )
            new = {x for x in window if 0 <= x < self.inputs.shape[3] and x > top} - seen
            seen |= new
            top = max(top, *new) if new else top
            size = units(len(new) * rows * len(c) * self.bits.inputs.value, 8)
            self.actions["glb.read", "buffer_read"] += units(size, WORD)
            held = sum(0 <= y < self.inputs.shape[2] for y in self._diagonals(strip))
            self.actions["glb.read", "iact_spad_write"] += len(new) * held * len(c) * block.filter_sets
            self._column(image, strip, q, m, c)
            if not ends[0]:
                self.actions["glb.read", "buffer_read"] += self._sums(strip, m)
            if not ends[1]:
                self.actions["glb.write", "buffer_write"] += self._sums(strip, m)
        if ends[1]:
            self._leave(g, b, strip, m)

    def _diagonals(self, strip: range) -> list[int]:
        """Input row of every element of a set."""
        return [
            self.stride[0] * p + self.dilation[0] * r - self.padding[0]
            for p in strip
            for r in range(self.weights.shape[2])
        ]

    def _sums(self, strip: range, m: range) -> int:
        return units(units(len(strip) * len(m) * self.machine.components.array.word.value, 8), WORD)

    def _column(self, image: Any, strip: range, q: int, m: range, c: range) -> None:
        """Every element multiplies its channels and filters, tap by tap; the array waits for the one that has most."""
        block, taps, most, live, made = self.blocks, self.weights.shape[3], 0, 0, 0
        for y in self._diagonals(strip):
            for channels in _shares(c, block.channel_sets):
                for filters in _shares(m, block.filter_sets):
                    cycles = 0
                    for channel, s in product(channels, range(taps)):
                        x = self.stride[1] * q + self.dilation[1] * s - self.padding[1]
                        inside = 0 <= y < image.shape[1] and 0 <= x < image.shape[2]
                        value = inside and bool(image[channel - c.start, y, x])
                        cycles += len(filters)
                        live += value * len(filters)
                    most, made = max(most, cycles), made + cycles
        mac = live if self.machine.datapath.zero_inputs == "gated" else made
        self.cycles += most
        counts = {
            "mac": mac,
            "mac_gated": self.machine.components.array.count * most - mac,
            "iact_spad_read": made,
        }
        for action in ("weight_spad_read", "psum_spad_read", "psum_spad_write"):
            counts[action] = mac
        for action, count in counts.items():
            self.actions["array", action] += count

    def _leave(self, g: int, b: int, strip: range, m: range) -> None:
        values = len(strip) * len(m) * self.columns
        self.actions["drain", "drain_word"] += values
        self.actions["drain", "compress_value"] += values
        entries = values
        if self.outputs is not None:
            filters = len(self.weights) // self.groups
            planes = self.outputs[b, g * filters + m.start : g * filters + m.stop, strip.start : strip.stop]
            entries = sum(len(stored(np.asarray(row), self.run)) for row in planes.reshape(-1, self.columns))
        self._move("outputs", entries * (self.bits.outputs.value + self.run), "dram_write")


def _shares(span: range, sets: int) -> list[range]:
    """A span over sets, as even as whole numbers go, the larger shares first."""
    share, more = divmod(len(span), sets)
    sizes = [share + (i < more) for i in range(sets)]
    starts = np.cumsum([0, *sizes]).tolist()
    return [range(span.start + a, span.start + z) for a, z in pairwise(starts)]
