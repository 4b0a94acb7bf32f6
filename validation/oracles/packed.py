"""Work of one layer on a packed machine, counted multiplier by multiplier and value by value from the masks.

What each count is follows docs/machines/sigma.md and the machine's description; nothing here calls the lowering or its kernel.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.hardware.organisations.packed import Packed
from simulator.workload.matrix import GemmView
from validation.oracles.storage import units

DRAM_WORD = 64
Place = tuple[int, int]


@dataclass
class Work:
    """What a layer asks of the machine: by (component, action), by component, DRAM bytes by tensor, rounds in all."""

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    demand: Counter[str] = field(default_factory=Counter)
    traffic: Counter[str] = field(default_factory=Counter)
    slots: int = 0


def rounds(mask: np.ndarray[Any, Any], multipliers: int, whole: bool) -> list[list[Place]]:
    """The (m, k) in the multipliers of each round, one after the other."""
    found: list[list[Place]] = [[]]
    for m in range(mask.shape[0]):
        row = [(m, k) for k in range(mask.shape[1]) if mask[m, k]]
        if whole and found[-1] and len(found[-1]) + len(row) > multipliers:
            found.append([])
        for place in row:
            if len(found[-1]) == multipliers:
                found.append([])
            found[-1].append(place)
    return found


class Oracle:
    """One layer on one machine, with tiles of so many columns and weights kept for a ``group`` or a ``round``."""

    def __init__(self, machine: Packed, view: GemmView, columns: int, hold: str) -> None:
        self.machine, self.view, self.columns, self.hold = machine, view, columns, hold
        self.parts, self.bits, self.work = machine.components, machine.value_bits, Work()

    def count(self) -> Work:
        """Walk the whole layer."""
        for group in range(self.view.groups):
            weights = self.view.weights_mask(group)
            if self.hold == "group":
                self._fetch("weights", int(weights.sum()), weights.size, [int(weights.sum())], [weights.size])
            for start in range(0, self.view.N, self.columns):
                self._tile(group, weights, start, min(self.view.N, start + self.columns))
        return self.work

    def _add(self, component: str, demand: int, **counts: int) -> None:
        self.work.demand[component] += demand
        for action, count in counts.items():
            self.work.actions[component, action] += count

    def _tile(self, group: int, weights: np.ndarray[Any, Any], n0: int, n1: int) -> None:
        inputs = self.view.inputs_mask(group, 0, self.view.K, n0, n1)
        elements, nonzeros = self.view.unique_inputs(group, 0, self.view.K, n0, n1)
        held = [int(inputs[:, n].sum()) for n in range(n1 - n0)]
        self._fetch("inputs", nonzeros, elements, held, [self.view.K] * (n1 - n0))
        packed = weights.copy()
        if self.machine.datapath.unmatched == "dropped":
            for k in range(self.view.K):
                packed[:, k] &= bool(inputs[k].any())
        all_rounds = rounds(packed, self.parts.array.multipliers, self.machine.datapath.rows == "whole")
        m, k = weights.shape
        starts = [0, *(each[0][0] * k + each[0][1] for each in all_rounds[1:]), m * k]
        for number, each in enumerate(all_rounds):
            span = range(starts[number], starts[number + 1])
            if self.hold == "round":
                stored = sum(bool(weights[place // k, place % k]) for place in span)
                self._fetch("weights", stored, len(span), [stored], [len(span)])
            before = all_rounds[number - 1][-1] if number else None
            after = all_rounds[number + 1][0] if number + 1 < len(all_rounds) else None
            self._round(each, inputs, span, before, after)

    def _fetch(self, tensor: str, values: int, places: int, data: list[int], masks: list[int]) -> None:
        """A piece from DRAM to the buffer: its values, its places, and those of each string stored by itself."""
        glb, width, burst = self.parts.glb, getattr(self.bits, tensor).value, self.parts.dram.burst.value
        size = units(values * width, 8) + units(places, 8)
        self.work.traffic[tensor] += size
        whole, rest = divmod(max(1, size), burst)
        read = whole * units(8 * burst, DRAM_WORD) + units(8 * rest, DRAM_WORD)
        self._add("dram", max(1, size), dram_read=read)
        stored = sum(units(count * width, 8 * glb.word) * glb.word for count in data)
        words = sum(units(count, 8 * glb.metadata_word.value) for count in masks)
        rows, bursts = units(8 * stored, 8 * glb.row.value), whole + (rest > 0)
        done, demand = (0, 0), 0
        for arrived in range(1, bursts + 1):
            now = units(arrived * rows, bursts), units(arrived * words, bursts)
            moved = (now[0] - done[0]) * glb.row.value + (now[1] - done[1]) * glb.metadata_word.value
            demand, done = demand + max(1, moved), now
        self._add("glb.write", demand, sram_write=rows, metadata_write=words)

    def _round(
        self,
        held: list[Place],
        inputs: np.ndarray[Any, Any],
        span: range,
        before: Place | None,
        after: Place | None,
    ) -> None:
        k, (_, columns) = self.view.K, inputs.shape
        self._masks(span, columns)
        self._load(len(held))
        ended = sum((m + 1) * k - 1 in span for m in range(self.view.M))
        clusters = len({m for m, _ in held})
        kept = columns * bool(held and before and before[0] == held[0][0])
        left = columns * bool(held and after and after[0] == held[-1][0])
        self._add("reduction", columns * max(1, clusters), psum_read=kept, psum_write=left)
        self.work.slots += columns * self.parts.array.multipliers
        for n in range(columns):
            self._column(held, inputs[:, n])
        self._add("array", columns, operand_write=len(held))
        self._outputs(ended, columns)

    def _masks(self, span: range, columns: int) -> None:
        """Words of the bitmask that a round's places lie in; of every column those of the same k."""
        word, k = self.parts.glb.metadata_word.value, self.view.K
        begin = span.start if self.hold == "round" else 0
        weights = len({(place - begin) // (8 * word) for place in span})
        row = {place // k for place in span}
        needed = {place % k for place in span} if len(row) == 1 else set(range(k))
        words = weights + columns * len({place // (8 * word) for place in needed})
        self._add("glb.masks", words * word, metadata_read=words)

    def _load(self, count: int) -> None:
        """Beats of so many values for each unit."""
        each, unit = self.parts.distribution.values.value, self.parts.array.unit_multipliers.value
        left = [min(unit, count - start) for start in range(0, count, unit)] or [0]
        while True:
            beat = [min(each, rest) for rest in left]
            self._move(sum(beat), sum(beat), 1, self.bits.weights.value)
            left = [rest - taken for rest, taken in zip(left, beat, strict=True)]
            if not any(left):
                return

    def _move(self, read: int, delivered: int, cycles: int, width: int) -> None:
        size = read * width
        self._add("glb.read", max(1, size), sram_read=units(size, 8 * self.parts.glb.row.value))
        self._add("distribution", cycles, noc_byte=units(delivered * width, 8))

    def _column(self, held: list[Place], column: np.ndarray[Any, Any]) -> None:
        path, unit = self.machine.datapath, self.parts.array.unit_multipliers.value
        read = {k for _, k in held if column[k]}
        entering = [
            {k for _, k in held[start : start + unit] if column[k] or path.zeros == "sent"}
            for start in range(0, len(held), unit)
        ]
        most = max((len(values) for values in entering), default=0)
        cycles = max(1, units(most, self.parts.distribution.values.value))
        self._move(len(read), sum(len(values) for values in entering), cycles, self.bits.inputs.value)
        products = sum(bool(column[k]) for _, k in held)
        macs = products if path.gating else len(held)
        written = len(held) if path.zeros == "sent" else products
        self._add(
            "array", 0, mac=macs, mac_gated=len(held) - macs, operand_read=2 * macs, operand_write=written
        )

    def _outputs(self, rows: int, columns: int) -> None:
        width, burst = self.bits.outputs.value, self.parts.dram.burst.value
        if not rows:
            return
        line = max(1, 8 * burst // width)
        for start in range(0, rows, line):
            count = min(line, rows - start)
            self._add("drain", columns * units(count * width, 8), drain_word=columns * count)
        size = units(rows * columns * width, 8)
        self.work.traffic["outputs"] += size
        whole, rest = divmod(size, burst)
        written = whole * units(8 * burst, DRAM_WORD) + units(8 * rest, DRAM_WORD)
        self._add("dram", size, dram_write=written)
