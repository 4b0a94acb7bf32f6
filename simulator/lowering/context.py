"""What every pass of the lowering shares: the machine, the operands' counts, the tiling and its walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.hardware.organisations.stationary import Stationary
from simulator.lowering import alike
from simulator.lowering.fibers import Widths
from simulator.lowering.flows import Flows, flows, spans_of
from simulator.lowering.kinds import kinds
from simulator.lowering.operands import Operands
from simulator.lowering.streams import Stream
from simulator.mapping import Geometry, Tile, Tiling, Visits, visits
from simulator.plan import Chunk

Chunks = Callable[[], Iterator[Chunk]]


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers; `told` keeps what several programs ask of a tensor.

    `size` is all that its plan depends on but for the tiling and the operands' elements; None: no other layer is looked for that
    has the same.
    """

    machine: Stationary
    code: Code
    geometry: Geometry
    operands: Operands
    tiling: Tiling
    size: alike.Size | None = None
    told: dict[str, tuple[NDArray[np.int64], ...]] = field(default_factory=dict)

    @cached_property
    def known(self) -> alike.Known:
        """What layers of this size and tiling share."""
        return alike.Known() if self.size is None else alike.known((self.size, self.tiling))

    @cached_property
    def visits(self) -> Visits:
        """All accumulator-tile visits in execution order."""
        return self.known.get("visits", lambda: visits(self.tiling, self.geometry))

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """What tells pieces of K apart whose windows are not alike, a number per visit, shape (V,)."""
        return self.known.get("place", lambda: self.operands.place(self.visits.first_window))

    @property
    def tiles(self) -> Iterator[Tile]:
        """The visits one by one."""
        return iter(self.visits)

    @property
    def widths(self) -> Widths:
        """Bit widths."""
        return self.operands.widths

    @property
    def ragged(self) -> NDArray[np.bool_]:
        """Whether each visit reaches the end of K, shape (V,)."""
        found: NDArray[np.bool_] = self.visits.first_window + self.visits.windows == self.geometry.windows
        return found

    def pieces(self, tensor: str) -> tuple[NDArray[np.int64], ...]:
        """(DRAM bytes, GLB data rows, GLB metadata bytes) of the piece of `tensor` that every visit uses, each shape (V,)."""
        if tensor not in self.told:
            shared = tensor == "weights" or self.operands.sized
            name, told = f"pieces of {tensor}", partial(self._pieces, tensor)
            self.told[tensor] = self.known.get(name, told) if shared else told()
        return self.told[tensor]

    def shared(self, program: str, tell: Chunks, same: bool = True) -> Chunks:
        """The chunks of a program, which are the `same` for all layers of this size or not."""
        return self.known.chunks(program, tell) if same else tell

    def _pieces(self, tensor: str) -> tuple[NDArray[np.int64], ...]:
        visits, at, word = self.visits, self.stream, self.widths.word
        if tensor == "weights":
            order, first = kinds(self.loads, self.ragged, visits.windows, self.place)
            found = np.array([self._weights(visits.tile(visit)) for visit in first])[order]
            return found[:, 0], found[:, 1], found[:, 2]
        sizes, metadata = self.operands.dram_pieces(self.tiling.windows), self.flows.metadata
        words = np.zeros_like(sizes) if metadata is None else -(-metadata.bits // word) * (word // 8)
        return sizes[at], self.flows.data.rows[at], words[at]

    def _weights(self, tile: Tile) -> tuple[int, int, int]:
        widths, held, meta, rows, words = self.widths, 0, 0, 0, 0
        for p, times in self.operands.alike(tile.first_window, tile.windows):
            values, places = self.operands.weight_bits(tile.load, tile.first_window + p)
            held, meta = held + times * values, meta + times * places
            rows, words = rows + times * -(-values // widths.row), words + times * -(-places // widths.word)
        return -(-held // 8) + -(-meta // 8), rows, words * (widths.word // 8)

    def begins(self, tile: Tile) -> int:
        """First window of the piece of K that a visit is in."""
        return tile.first_window

    def weights_at(self, tile: Tile) -> int:
        """Bytes of a piece of weights in front of what a visit reads of it."""
        return 0

    def inputs_at(self, tile: Tile) -> int:
        """Bytes of a piece of inputs in front of what a visit reads of it."""
        return 0

    def issues(self, tile: Tile, p: int) -> int:
        """Multiplications of a visit in a step of its window `p`, per column."""
        coded, coordinates = self.operands.layout(tile.first_window + p)
        return coded.issues(*self.geometry.span(tile.row), coordinates)

    @property
    def shares(self) -> int:
        """Shares of an accumulator column that the rows of a tile have at most."""
        return 1

    @property
    def called(self) -> dict[str, str]:
        """What the machine keeps still (`weights`) and what it streams (`inputs`), by the names the layer has for them."""
        return {"weights": "weights", "inputs": "inputs"}

    @cached_property
    def loads(self) -> NDArray[np.int64]:
        """What tells row tiles apart: a number for equal values and metadata bits of a full window, shape (V,)."""
        g, rows = self.geometry, self.code.rows
        if rows is None:
            return self.visits.rows
        edges = np.array(g.cuts[:-1])
        held = [np.add.reduceat(part, edges) for part in (rows.slots, rows.metadata_bits)]
        return kinds(*held, np.diff(g.cuts))[0][self.visits.row]

    @cached_property
    def flows(self) -> Flows:
        """Row traffic of all streams of inputs."""
        return self.known.get("flows", self._flows) if self.operands.fixed else self._flows()

    def _flows(self) -> Flows:
        windows = self.tiling.windows
        spans = self.known.get("spans of streams", lambda: spans_of(self.geometry, windows))
        return flows(self.operands, windows, spans)

    @cached_property
    def stream(self) -> NDArray[np.int64]:
        """The stream of every visit, shape (V,)."""
        return self.known.get("streams", self._stream)

    def _stream(self) -> NDArray[np.int64]:
        v, g = self.visits, self.geometry
        found: NDArray[np.int64] = (v.group * g.column_tiles + v.column) * self.tiling.pieces(g) + v.piece
        return found

    def streams(self, tile: Tile) -> tuple[Stream, Stream | None]:
        """Row traffic of the tile's data and (when the inputs are compressed) metadata."""
        return self.operands.streams(tile.group, tile.column, tile.first_window, tile.windows)

    @cached_property
    def tails(self) -> list[NDArray[np.int64]]:
        """Bytes read of the last row of every stream of inputs, and of its last group of metadata words where there are any."""
        glb, row = self.machine.components.glb, self.widths.row
        parts = [(self.flows.data, glb.word)]
        if self.flows.metadata is not None:
            parts.append((self.flows.metadata, glb.metadata_word.value))
        return [-(-(part.bits - (part.rows - 1) * row) // (8 * word)) * word for part, word in parts]

    def slots(self, tensor: str) -> int:
        """Pieces of `tensor` the GLB has room for."""
        return self.tiling.slots(self.geometry, tensor, self.machine.components.glb.tile_buffers.value)
