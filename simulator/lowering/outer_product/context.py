"""What the programs share: machine, operands, tiling, and the walk over blocks of accumulator tiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.lowering.outer_product.operands import TENSORS, Operands, Pieces, Tensor
from simulator.lowering.outer_product.visits import Finished, Visits, finished, visits
from simulator.mapping import Tiling


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers."""

    machine: OuterProduct
    operands: Operands
    tiling: Tiling

    @cached_property
    def visits(self) -> Visits:
        """All visits of blocks of accumulator tiles in execution order."""
        return visits(self.tiling, self.operands.geometry)

    @cached_property
    def finished(self) -> Finished:
        """Tiles of outputs in the order they are drained."""
        return finished(self.visits, self.operands.unit, self.operands.units)

    def at_work(self, side: int) -> NDArray[np.int64]:
        """Rows (side 0) or columns (1) of units that have outputs in each visit."""
        unit, seen = self.operands.unit, self.visits
        return -(-seen.columns // unit.tile_columns) if side else -(-seen.rows // unit.tile_rows)

    def fetches(self, tensor: Tensor) -> Pieces:
        """The pieces of `tensor` in the order they are fetched."""
        group, block, first = self.fetched(tensor)
        return self.operands.pieces(tensor, self.tiling.windows).at(
            group, block, first // self.tiling.windows
        )

    def fetched(self, tensor: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Group, block and first slab of every piece that is fetched, in order."""
        side, seen = TENSORS.index(tensor), self.visits
        fetch = seen.fetch[side] > 0
        return seen.group[fetch], (seen.row, seen.column)[side][fetch], seen.first_window[fetch]

    def slots(self, tensor: Tensor) -> int:
        """Pieces of `tensor` the GLB has room for."""
        return self.tiling.slots(
            self.operands.geometry, tensor, self.machine.components.glb.tile_buffers.value
        )

    def output_bytes(self) -> NDArray[np.int64]:
        """DRAM bytes of every tile of outputs."""
        done = self.finished
        return -(-done.rows * done.columns * self.machine.value_bits.outputs.value // 8)
