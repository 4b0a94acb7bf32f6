"""What every pass of the lowering shares: the machine, the operands' counts, the tiling and its walk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from simulator.datapath.code import Code
from simulator.hardware.organisations.stationary import Stationary
from simulator.lowering.operands import Operands, Widths
from simulator.lowering.streams import Stream, stream
from simulator.mapping import Geometry, Tile, Tiling


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers."""

    machine: Stationary
    code: Code
    geometry: Geometry
    operands: Operands
    tiling: Tiling

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """All accumulator-tile visits in execution order."""
        return tuple(self.tiling.walk(self.geometry))

    @property
    def widths(self) -> Widths:
        """Bit widths."""
        return self.operands.widths

    @cached_property
    def pieces(self) -> dict[tuple[str | int, ...], tuple[int, int, int]]:
        """Sizes of the pieces told so far; see :func:`simulator.lowering.memory.fetched`."""
        return {}

    @cached_property
    def _loads(self) -> dict[int, tuple[int, int]]:
        return {}

    @cached_property
    def _streams(self) -> dict[tuple[int, int, int], tuple[Stream, Stream | None]]:
        return {}

    def streams(self, tile: Tile) -> tuple[Stream, Stream | None]:
        """Row traffic of the tile's data and (when the inputs are compressed) metadata."""
        key = (tile.group, tile.column, tile.first_window)
        if key not in self._streams:
            data, metadata = self.operands.stream(tile.group, tile.column, tile.first_window, tile.windows)
            row = self.widths.row
            self._streams[key] = (
                stream(data, row),
                stream(metadata, row) if self.operands.compressed else None,
            )
        return self._streams[key]

    def load(self, tile: Tile) -> tuple[int, int]:
        """Values and metadata bits of a full window of the tile's weights: what tells row tiles apart."""
        if tile.row not in self._loads:
            self._loads[tile.row] = self.code.held(*self.geometry.span(tile.row), self.code.window)
        return self._loads[tile.row]

    def tail(self, flow: Stream, metadata: bool) -> int:
        """Bytes read of the last row of a stream of inputs, or of the last group of metadata words."""
        glb, before = self.machine.components.glb, (flow.rows - 1) * self.widths.row
        word = glb.metadata_word.value if metadata else glb.word
        return -(-(flow.bits - before) // (8 * word)) * word

    def slots(self, tensor: str) -> int:
        """Pieces of `tensor` the GLB has room for."""
        return self.tiling.slots(self.geometry, tensor, self.machine.components.glb.tile_buffers.value)
