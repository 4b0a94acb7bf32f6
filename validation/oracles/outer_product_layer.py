"""Work of one layer on outer-product units, counted slab by slab from the masks.

A slab is a unit's tile of an operand over one instruction's k. What each count is follows docs/machines/dstc.md and the machine's
description; nothing here calls the lowering.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.datapath.outer_product import Unit
from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.workload.matrix import GemmView
from validation.oracles.nest import Nest, Visit, cut, visits
from validation.oracles.outer_product import item
from validation.oracles.storage import units

DRAM_WORD = 64
MASK_BITS = 4


@dataclass
class Work:
    """What a layer asks of the machine.

    Attributes
    ----------
    actions : dict of (component, action) to int
    demand : dict of component to int
    traffic : dict of str to int
        DRAM bytes per tensor.
    """

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    demand: Counter[str] = field(default_factory=Counter)
    traffic: Counter[str] = field(default_factory=Counter)


class Oracle:
    """One layer on one machine under one loop nest."""

    def __init__(self, machine: OuterProduct, view: GemmView, unit: Unit, nest: Nest) -> None:
        self.machine, self.view, self.unit, self.nest = machine, view, unit, nest
        self.parts, self.bits = machine.components, machine.value_bits
        self.a = [view.weights_mask(g) for g in range(view.groups)]
        self.b = [view.inputs_mask(g, 0, view.K, 0, view.N).T for g in range(view.groups)]
        self.work = Work()

    def count(self) -> Work:
        """Walk the whole layer."""
        for visit in visits(self.nest):
            for tensor in ("weights", "inputs"):
                self._move(visit, tensor)
            for row, rows in enumerate(self._tiles(visit, "weights")):
                for column, columns in enumerate(self._tiles(visit, "inputs")):
                    self._multiply(visit, f"unit.{row}.{column}", rows, columns)
        return self.work

    def _add(self, component: str, demand: int, **counts: int) -> None:
        self.work.demand[component] += demand
        for action, count in counts.items():
            self.work.actions[component, action] += count

    def _tiles(self, visit: Visit, tensor: str) -> list[range]:
        span, size = (
            (visit.m, self.unit.tile_rows) if tensor == "weights" else (visit.n, self.unit.tile_columns)
        )
        return [range(span.start + part.start, span.start + part.stop) for part in cut(len(span), size)]

    def _slab(self, visit: Visit, tensor: str, tile: range, window: range) -> np.ndarray[Any, Any]:
        mask = (self.a if tensor == "weights" else self.b)[visit.group]
        return mask[tile.start : tile.stop, window.start : window.stop]

    def _move(self, visit: Visit, tensor: str) -> None:
        """DRAM to GLB, when the piece is fetched, and GLB to the units."""
        glb, width = self.parts.glb, getattr(self.bits, tensor).value
        word, row = glb.metadata_word.value, glb.row.value
        held = stored = values = elements = 0
        for tile in self._tiles(visit, tensor):
            for number, window in enumerate(visit.windows):
                slab = self._slab(visit, tensor, tile, window)
                nonzeros = int(slab.sum())
                data = units(nonzeros * width, 8 * glb.word) * glb.word
                words = units(slab.size if nonzeros else 0, 8 * word) + (number % (8 * word) == 0)
                size = max(1, data + words * word)
                self._add("glb.read", size, sram_read=units(8 * data, 8 * row), metadata_read=words)
                held, stored = held + data, stored + words
                values, elements = values + nonzeros, elements + 1 + (slab.size if nonzeros else 0)
        if not visit.fetched[tensor]:
            return
        if tensor == "inputs":
            values, elements = self._once(visit, elements)
        size = units(values * width, 8) + units(elements, 8)
        self.work.traffic[tensor] += size
        burst = self.parts.dram.burst.value
        whole, rest = divmod(max(1, size), burst)
        read = whole * units(8 * burst, DRAM_WORD) + units(8 * rest, DRAM_WORD)
        self._add("dram", max(1, size), dram_read=read)
        self._fill(whole + (rest > 0), units(8 * held, 8 * row), stored)

    def _fill(self, bursts: int, rows: int, words: int) -> None:
        """Rows and words are written as soon as so much of the piece has arrived; a burst is written in a cycle at least."""
        glb = self.parts.glb
        done, demand = (0, 0), 0
        for burst in range(1, bursts + 1):
            now = (units(burst * rows, bursts), units(burst * words, bursts))
            moved = (now[0] - done[0]) * glb.row.value + (now[1] - done[1]) * glb.metadata_word.value
            demand, done = demand + max(1, moved), now
        self._add("glb.write", demand, sram_write=rows, metadata_write=words)

    def _once(self, visit: Visit, bits: int) -> tuple[int, int]:
        """(Non-zeros, bitmask bits) of a piece of inputs in DRAM: each element once, bits in proportion."""
        places = [(k, n) for window in visit.windows for k in window for n in visit.n]
        raw = {self._element(visit.group, k, n) for k, n in places} - {None}
        mask = self.view.layer.inputs.mask
        return sum(bool(mask[element]) for element in raw), -(-bits * len(raw) // len(places))

    def _element(self, group: int, k: int, n: int) -> tuple[int, ...] | None:
        """Raw input element at a coordinate, None in the padding."""
        einsum = self.view.layer.einsum
        if einsum.operation == "gemm":
            return (k, n)
        size, p = dict(einsum.ranks), einsum.parameters
        (r, rest), (image, place) = divmod(k, size["s"] * size["c"]), divmod(n, size["p"] * size["q"])
        (s, c), (row, column) = divmod(rest, size["c"]), divmod(place, size["q"])
        y = p["stride"][0] * row + p["dilation"][0] * r - p["padding"][0]
        x = p["stride"][1] * column + p["dilation"][1] * s - p["padding"][1]
        _, _, height, width = self.view.layer.inputs.shape
        inside = 0 <= y < height and 0 <= x < width
        return (image, group * size["c"] + c, y, x) if inside else None

    def _multiply(self, visit: Visit, name: str, rows: range, columns: range) -> None:
        """The items of a unit's tile, and its outputs when the reduction ends."""
        unit = self.unit
        a, b = np.zeros((unit.tile_rows, unit.depth), bool), np.zeros((unit.tile_columns, unit.depth), bool)
        for window in visit.windows:
            a[:], b[:] = False, False
            a[: len(rows), : len(window)] = self._slab(visit, "weights", rows, window)
            b[: len(columns), : len(window)] = self._slab(visit, "inputs", columns, window)
            cycles, steps, products, reads = item(unit, a[:, : len(window)], b[:, : len(window)])
            self._add(
                name,
                cycles,
                mac=products,
                mac_gated=steps * unit.rows * unit.columns - products,
                line_write=int(a.sum() + b.sum()),
                line_read=reads,
                mask_read=self._masks() * len(window) if steps else 0,
                psum_read=products,
                psum_write=products,
            )
        if visit.end:
            self._finish(len(rows), len(columns))

    def _masks(self) -> int:
        return units(self.unit.tile_rows, MASK_BITS) + units(self.unit.tile_columns, MASK_BITS)

    def _finish(self, rows: int, columns: int) -> None:
        width, burst = self.bits.outputs.value, self.parts.dram.burst.value
        for line in cut(rows, self.unit.bank_rows):
            values = len(line) * columns
            self._add("drain", units(values * width, 8), psum_read=values, drain_word=values)
        size = units(rows * columns * width, 8)
        whole, rest = divmod(size, burst)
        self.work.traffic["outputs"] += size
        self._add("dram", size, dram_write=whole * units(8 * burst, DRAM_WORD) + units(8 * rest, DRAM_WORD))
