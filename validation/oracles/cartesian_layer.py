"""Work of one layer on elements that multiply all with all, counted element by element from the raw masks.

What each count is follows docs/machines/scnn.md and the description of the machine; nothing here calls the lowering. The parts of
the plane, the grid each is dealt over and the filters at a time are given.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from simulator.datapath.cartesian import Element
from simulator.hardware.organisations.cartesian import Cartesian
from simulator.workload.layer import Layer
from validation.oracles.cartesian import Tile, item, stored
from validation.oracles.nest import cut
from validation.oracles.storage import units

WORD = 64
Part = tuple[range, range, tuple[int, int]]
"""Output rows and columns, and the grid they are dealt over."""


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


@dataclass(frozen=True)
class Line:
    """One axis of one element's tile: inputs, outputs owned, and the window, as ranges."""

    inputs: range
    owned: range
    window: range


class Oracle:
    """One layer on one machine, dealt as given."""

    def __init__(self, machine: Cartesian, layer: Layer, unit: Element, held: int, parts: list[Part]) -> None:
        self.machine, self.unit, self.held, self.parts = machine, unit, held, parts
        self.components, self.bits = machine.components, machine.value_bits
        self.work = Work()
        size, self.gemm = dict(layer.einsum.ranks), layer.einsum.operation == "gemm"
        w, a = layer.weights.mask, layer.inputs.mask
        self.weights = w[:, :, None, None] if self.gemm else w
        self.inputs = a[None, :, None, :] if self.gemm else a
        self.groups, self.filters, self.channels = size.get("g", 1), size["m"], self.weights.shape[1]
        plain = {"stride": [1, 1], "dilation": [1, 1], "padding": [0, 0]}
        self.geometry = plain if self.gemm else layer.einsum.parameters
        outputs = None if layer.outputs_mask is None else layer.outputs_mask.mask
        self.outputs = outputs[None, :, None, :] if self.gemm and outputs is not None else outputs

    def count(self) -> Work:
        """Walk the whole layer."""
        for group, image, part in product(range(self.groups), range(len(self.inputs)), self.parts):
            self._pass(group, image, part)
        return self.work

    def _add(self, component: str, demand: int, **counts: int) -> None:
        self.work.demand[component] += demand
        for action, count in counts.items():
            self.work.actions[component, action] += count

    def _move(self, tensor: str, bits: int, write: bool = False) -> int:
        """A piece over DRAM, burst by burst; its bytes."""
        size, burst = max(1, units(bits, 8)), self.components.dram.burst.value
        whole, rest = divmod(size, burst)
        words = whole * units(8 * burst, WORD) + units(8 * rest, WORD)
        self.work.traffic[tensor] += size
        self._add("dram", size, **{"dram_write" if write else "dram_read": words})
        return size

    # --- Geometry ---------------------------------------------------------------------------------------------

    def _lines(self, axis: int, outputs: range, tiles: int) -> list[Line]:
        stride, dilation, padding = (self.geometry[name][axis] for name in ("stride", "dilation", "padding"))
        taps, inputs = self.weights.shape[2 + axis], self.inputs.shape[2 + axis]
        read = [
            min(max(stride * p + dilation * r - padding, 0), inputs - 1)
            for p in outputs
            for r in (0, taps - 1)
        ]
        whole = range(min(read), max(read) + 1)
        found = []
        for number in range(tiles):
            share = units(len(whole), tiles)
            held = whole[number * share : (number + 1) * share]
            middle = [
                min(max(stride * p - padding + dilation * ((taps - 1) // 2), whole[0]), whole[-1])
                for p in outputs
            ]
            owned = [p for p, y in zip(outputs, middle, strict=True) if y in held]
            near = [
                p
                for p in outputs
                if any(stride * p - padding + t in held for t in range(dilation * (taps - 1) + 1))
            ]
            found.append(Line(held, _range(owned), _range(owned + near)))
        return found

    # --- A pass -----------------------------------------------------------------------------------------------

    def _pass(self, group: int, image: int, part: Part) -> None:
        rows, columns = (self._lines(axis, part[axis], part[2][axis]) for axis in range(2))
        tiles = {
            n: (row, column)
            for n, (row, column) in enumerate(product(rows, columns))
            if len(row.inputs) and len(column.inputs)
        }
        mine = self.inputs[image, group * self.channels : (group + 1) * self.channels]
        kept = {n: self._deal(mine, *tile) for n, tile in tiles.items()}
        for filters in cut(self.filters, self.held):
            blocks = self._broadcast(group, filters, len(tiles))
            for n, tile in tiles.items():
                for block in blocks:
                    self._multiply(n, tile, part, block, kept[n])
                self._finish(n, tiles, len(filters))
                if len(tile[0].owned) and len(tile[1].owned):
                    self._leave(group, image, filters, tile)

    def _name(self, kind: str, number: int) -> str:
        return "{}.{}.{}".format(kind, *divmod(number, self.components.pes.columns.value))

    def _deal(self, image: Any, row: Line, column: Line) -> list[list[tuple[tuple[int, int], bool]]]:
        """What an element stores of every channel."""
        run, found = self.components.inputs.run.value, []
        for channel in image:
            fiber = channel[row.inputs.start : row.inputs.stop, column.inputs.start : column.inputs.stop]
            entries = stored(fiber.ravel(), run)
            found.append([(divmod(at, len(column.inputs)), value) for at, value in entries])
        bits = sum(map(len, found)) * (self.bits.inputs.value + run)
        self._add("deal", self._move("inputs", bits), input_ram_write=units(bits, WORD))
        return found

    def _broadcast(self, group: int, filters: range, work: int) -> list[list[tuple[int, Any]]]:
        """Blocks of (channel, stored weights)."""
        fifo, wide = self.components.weights, self.unit.weights
        most = max(1, fifo.entries.value // 2)
        blocks: list[list[tuple[int, Any]]] = [[]]
        room = most
        for channel in range(self.channels):
            mine = self.weights[group * self.filters :][filters.start : filters.stop, channel]
            fiber = [
                (k, r, s)
                for r in range(mine.shape[1])
                for s in range(mine.shape[2])
                for k in range(len(mine))
            ]
            entries = stored(np.array([mine[k, r, s] for k, r, s in fiber]), fifo.run.value)
            for piece in cut(len(entries), most * wide):
                if units(len(piece), wide) > room:
                    blocks.append([])
                    room = most
                room -= units(len(piece), wide)
                blocks[-1].append((channel, [(fiber[entries[i][0]], entries[i][1]) for i in piece]))
        width = self.bits.weights.value + fifo.run.value
        sizes = [sum(len(weights) for _, weights in block) for block in blocks]
        self._move("weights", sum(sizes) * width)
        for size in sizes:
            self._add("broadcast", max(1, units(size * width, 8)), weight_fifo_write=size * work)
        return blocks

    def _multiply(self, n: int, tile: tuple[Line, Line], part: Part, block: Any, kept: Any) -> None:
        row, column = tile
        taps = self.weights.shape[2], self.weights.shape[3]
        stride, padding, dilation = (
            (self.geometry[name][0], self.geometry[name][1]) for name in ("stride", "padding", "dilation")
        )
        outputs = (part[0].start, part[0].stop), (part[1].start, part[1].stop)
        window = row.window.start, column.window.start
        held = Tile(stride, padding, dilation, taps, (row.inputs.start, column.inputs.start), outputs, window)
        cycles, steps, landed, live = item(self.unit, held, [(weights, kept[c]) for c, weights in block])
        made = landed if self.machine.datapath.gating else live
        vectors = [units(len(kept[c]), self.unit.inputs) for c, _ in block]
        self._add(
            self._name("pe", n),
            max(1, cycles),
            mac=made,
            mac_gated=steps * self.unit.weights * self.unit.inputs - made,
            input_ram_read=sum(vectors),
            weight_fifo_read=sum(
                count * len(weights) for count, (_, weights) in zip(vectors, block, strict=True)
            ),
            accumulator_read=landed,
            accumulator_write=landed,
        )

    def _finish(self, n: int, tiles: dict[int, tuple[Line, Line]], filters: int) -> None:
        """Sums of the window that others own go to these; own ones and those of others are finished."""
        word = self.components.accumulators.word.value
        sent = filters * sum(_shared(tiles[n], tiles[other]) for other in tiles if other != n)
        got = filters * sum(_shared(tiles[other], tiles[n]) for other in tiles if other != n)
        own = filters * len(tiles[n][0].owned) * len(tiles[n][1].owned)
        if self._ever(n):
            self._add(self._name("exchange", n), max(1, units(sent * word, 8)), accumulator_read=sent)
        size = max(1, units((own + got) * word, 8))
        self._add(self._name("ppu", n), size, accumulator_read=own, drain_word=own, compress_value=own)

    def _ever(self, n: int) -> bool:
        """Whether an element sends anything in any part."""
        for rows, columns, grid in self.parts:
            lines = list(product(self._lines(0, rows, grid[0]), self._lines(1, columns, grid[1])))
            if all(map(len, (lines[n][0].inputs, lines[n][1].inputs))) and any(
                _shared(lines[n], other) for i, other in enumerate(lines) if i != n
            ):
                return True
        return False

    def _leave(self, group: int, image: int, filters: range, tile: tuple[Line, Line]) -> None:
        run, rows, columns = self.components.ppu.run.value, *(line.owned for line in tile)
        entries = 0
        for k in filters:
            if self.outputs is None:
                entries += len(rows) * len(columns)
                continue
            plane = self.outputs[image, group * self.filters + k]
            entries += len(stored(plane[rows.start : rows.stop, columns.start : columns.stop].ravel(), run))
        bits = entries * (self.bits.outputs.value + run)
        self._add("drain", self._move("outputs", bits, write=True))


def _range(values: list[int]) -> range:
    return range(min(values), max(values) + 1) if values else range(0)


def _shared(sender: tuple[Line, Line], owner: tuple[Line, Line]) -> int:
    """Outputs of a window that another element owns."""
    return len(set(sender[0].window) & set(owner[0].owned)) * len(set(sender[1].window) & set(owner[1].owned))
