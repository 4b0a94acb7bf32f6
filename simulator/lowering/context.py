"""What every pass of the lowering shares: the machine, the operands' counts, the tiling and its walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.hardware.organisations.stationary import Stationary
from simulator.lowering.flows import Flows, Rows, flows
from simulator.lowering.kinds import kinds
from simulator.lowering.operands import Operands, Widths
from simulator.lowering.streams import Stream
from simulator.mapping import Geometry, Tile, Tiling, Visits, visits


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers; `told` keeps what several programs ask of a tensor."""

    machine: Stationary
    code: Code
    geometry: Geometry
    operands: Operands
    tiling: Tiling
    told: dict[str, tuple[NDArray[np.int64], ...]] = field(default_factory=dict)

    @cached_property
    def visits(self) -> Visits:
        """All accumulator-tile visits in execution order."""
        return visits(self.tiling, self.geometry)

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """What tells pieces of K apart whose windows are not alike, a number per visit, shape (V,)."""
        return self.operands.place(self.visits.first_window)

    @property
    def tiles(self) -> Iterator[Tile]:
        """The visits one by one."""
        return iter(self.visits)

    @property
    def widths(self) -> Widths:
        """Bit widths."""
        return self.operands.widths

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
        return flows(self.operands, self.tiling.windows)

    @cached_property
    def stream(self) -> NDArray[np.int64]:
        """The stream of every visit, shape (V,)."""
        v, g = self.visits, self.geometry
        found: NDArray[np.int64] = (v.group * g.column_tiles + v.column) * self.tiling.pieces(g) + v.piece
        return found

    def streams(self, tile: Tile) -> tuple[Stream, Stream | None]:
        """Row traffic of the tile's data and (when the inputs are compressed) metadata."""
        return self.operands.streams(tile.group, tile.column, tile.first_window, tile.windows)

    def tail(self, flow: Stream | Rows, metadata: bool) -> Any:
        """Bytes read of the last row of a stream of inputs (or of each of several), or of the last group of metadata words."""
        glb, before = self.machine.components.glb, (flow.rows - 1) * self.widths.row
        word = glb.metadata_word.value if metadata else glb.word
        return -(-(flow.bits - before) // (8 * word)) * word

    def slots(self, tensor: str) -> int:
        """Pieces of `tensor` the GLB has room for."""
        return self.tiling.slots(self.geometry, tensor, self.machine.components.glb.tile_buffers.value)
