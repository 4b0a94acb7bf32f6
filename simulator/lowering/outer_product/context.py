"""What the programs share: machine, operands, tiling, and the walk over blocks of accumulator tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.lowering.outer_product.operands import TENSORS, Operands, Piece, Tensor
from simulator.mapping import Tile, Tiling


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers."""

    machine: OuterProduct
    operands: Operands
    tiling: Tiling

    @cached_property
    def visits(self) -> tuple[Tile, ...]:
        """All visits of blocks of accumulator tiles in execution order."""
        return tuple(self.tiling.walk(self.operands.geometry))

    def fetches(self, tensor: Tensor) -> Iterator[Piece]:
        """The pieces of `tensor` in the order they are fetched."""
        side = TENSORS.index(tensor)
        for visit in self.visits:
            if visit.fetch[side]:
                yield self.piece(tensor, visit)

    def piece(self, tensor: Tensor, visit: Tile) -> Piece:
        """The piece of `tensor` a visit uses."""
        block = visit.row if tensor == "weights" else visit.column
        return self.operands.sized(tensor, visit.group, block, visit.first_window, visit.windows)

    def slots(self, tensor: Tensor) -> int:
        """Pieces of `tensor` the GLB has room for."""
        return self.tiling.slots(
            self.operands.geometry, tensor, self.machine.components.glb.tile_buffers.value
        )

    def at_work(self, visit: Tile) -> tuple[range, range]:
        """Rows and columns of units that have outputs in a visit."""
        unit = self.operands.unit
        return range(-(-visit.rows // unit.tile_rows)), range(-(-visit.columns // unit.tile_columns))

    def outputs(self, visit: Tile, row: int, column: int) -> tuple[int, int]:
        """Rows and columns of outputs of one unit's tile."""
        unit = self.operands.unit
        rows = min(unit.tile_rows, visit.rows - row * unit.tile_rows)
        return rows, min(unit.tile_columns, visit.columns - column * unit.tile_columns)
