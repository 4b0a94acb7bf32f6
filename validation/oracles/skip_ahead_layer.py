"""Work of one layer on a skip-ahead machine, counted fiber pair by fiber pair from the masks.

What each count is follows docs/machines/extensor.md and the machine's description; nothing here calls the lowering or its kernel.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.hardware.organisations.skip_ahead import SkipAhead
from simulator.workload.matrix import GemmView
from validation.oracles.nest import cut
from validation.oracles.skip_ahead import intersect
from validation.oracles.storage import units

DRAM_WORD = 64
Mask = np.ndarray[Any, Any]


@dataclass
class Work:
    """What a layer asks of the machine: by (component, action), by component, DRAM bytes by tensor."""

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    demand: Counter[str] = field(default_factory=Counter)
    traffic: Counter[str] = field(default_factory=Counter)


class Oracle:
    """One layer on one machine, in strips of so many columns, weights kept for a ``group`` or a ``strip``."""

    def __init__(self, machine: SkipAhead, view: GemmView, columns: int, hold: str) -> None:
        self.machine, self.view, self.columns, self.hold = machine, view, columns, hold
        self.parts, self.bits, self.work, self.dealt = machine.components, machine.value_bits, Work(), 0

    def count(self) -> Work:
        """Walk the whole layer."""
        view, parts = self.view, self.parts.elements
        per = units(self.columns, parts.tile_columns.value) * parts.tile_columns.value
        rows = cut(view.M, parts.tile_rows.value)
        for group in range(view.groups):
            a, b = view.weights_mask(group), view.inputs_mask(group, 0, view.K, 0, view.N).T
            if self.hold == "group":
                self._fetch("weights", [a[m.start : m.stop] for m in rows], None)
            for strip in cut(view.N, per):
                inner = cut(len(strip), parts.tile_columns.value)
                tiles = [b[strip.start + n.start : strip.start + n.stop] for n in inner]
                unique = view.unique_inputs(group, 0, view.K, strip.start, strip.stop)[0]
                self._fetch("inputs", tiles, (unique, len(strip) * view.K))
                for m in rows:
                    if self.hold == "strip":
                        self._fetch("weights", [a[m.start : m.stop]], None)
                    for tile in tiles:
                        self._output(a[m.start : m.stop], tile)
        return self.work

    def _add(self, component: str, demand: int, **counts: int) -> None:
        self.work.demand[component] += demand
        for action, count in counts.items():
            self.work.actions[component, action] += count

    def _blocks(self, tile: Mask) -> list[Mask]:
        return [tile[:, k.start : k.stop] for k in cut(self.view.K, self.parts.elements.depth.value)]

    def _size(self, tensor: str, block: Mask) -> int:
        """Bits of a tile's block of K: a coordinate and a payload per fiber, a coordinate and a value per non-zero."""
        llb, width = self.parts.llb, getattr(self.bits, tensor).value
        fibers = sum(bool(row.any()) for row in block)
        return fibers * (llb.coordinate.value + llb.payload.value) + int(block.sum()) * (
            llb.coordinate.value + width
        )

    def _head(self, tile: Mask) -> int:
        """Bytes of the fiber of blocks."""
        held = sum(bool(block.any()) for block in self._blocks(tile))
        return units(held * (self.parts.llb.coordinate.value + self.parts.llb.payload.value), 8)

    def _fetch(self, tensor: str, tiles: list[Mask], once: tuple[int, int] | None) -> None:
        row, burst = self.parts.llb.row.value, self.parts.dram.burst.value
        bits = heads = rows = 0
        for tile in tiles:
            sizes = [self._size(tensor, block) for block in self._blocks(tile)]
            bits, heads = bits + sum(sizes), heads + self._head(tile)
            rows += sum(units(8 * units(size, 8), 8 * row) for size in sizes) + units(
                8 * self._head(tile), 8 * row
            )
        size = units(bits, 8) + heads
        if once is not None:
            size = -(-size * once[0] // once[1])
        self.work.traffic[tensor] += size
        whole, rest = divmod(max(1, size), burst)
        read = whole * units(8 * burst, DRAM_WORD) + units(8 * rest, DRAM_WORD)
        self._add("dram", max(1, size), dram_read=read)
        bursts, done, demand = whole + (rest > 0), 0, 0
        for arrived in range(1, bursts + 1):
            now = units(arrived * rows, bursts)
            demand, done = demand + max(1, (now - done) * row), now
        self._add("llb.write", demand, sram_write=rows)

    def _output(self, a: Mask, b: Mask) -> None:
        """A tile of outputs: blocks matched above, pairs read, fibers intersected, outputs drained."""
        row, window = self.parts.llb.row.value, self.parts.elements.window.value
        pairs = list(zip(self._blocks(a), self._blocks(b), strict=True))
        held = [[i for i, pair in enumerate(pairs) if pair[side].any()] for side in (0, 1)]
        heads = sum(units(8 * self._head(tile), 8 * row) for tile in (a, b))
        self._add("llb.intersect", max(1, intersect(held[0], held[1], window)[0]), sram_read=heads)
        name = f"element.{self.dealt % self.parts.elements.count.value}"
        self.dealt += 1
        matched = [pair for pair in pairs if pair[0].any() and pair[1].any()]
        for x, y in matched:
            sizes = [units(self._size(tensor, block), 8) for tensor, block in (("weights", x), ("inputs", y))]
            rows = sum(units(8 * size, 8 * row) for size in sizes)
            self._add("llb.read", max(1, sum(sizes)), sram_read=rows, noc_byte=sum(sizes))
            self._pair(name, x, y, sum(sizes))
        if not matched:
            self._add("llb.read", 1)
            self._add(name, 1)
        self._finish(len(a), len(b))

    def _pair(self, name: str, x: Mask, y: Mask, written: int) -> None:
        window, registers = self.parts.elements.window.value, units(self.parts.llb.coordinate.value, 8)
        cycles = matches = scanned = sums = 0
        for fiber in x:
            for other in y:
                found = intersect(np.flatnonzero(fiber), np.flatnonzero(other), window)
                cycles, matches, scanned = cycles + found[0], matches + found[1], scanned + found[2]
                sums += found[1] > 0
        read = 2 * matches + registers * scanned
        self._add(
            name,
            max(1, cycles),
            mac=matches,
            operand_read=read,
            operand_write=written,
            psum_read=sums,
            psum_write=sums,
        )

    def _finish(self, rows: int, columns: int) -> None:
        width, burst = self.bits.outputs.value, self.parts.dram.burst.value
        for part in cut(rows, max(1, 8 * burst // width)):
            self._add("drain", columns * units(len(part) * width, 8), drain_word=columns * len(part))
        size = units(rows * columns * width, 8)
        self.work.traffic["outputs"] += size
        whole, rest = divmod(size, burst)
        written = whole * units(8 * burst, DRAM_WORD) + units(8 * rest, DRAM_WORD)
        self._add("dram", size, dram_write=written)
