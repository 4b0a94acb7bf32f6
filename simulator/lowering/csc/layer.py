"""A layer on a processing element: which tiles, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import csc
from simulator.datapath.verify import Box
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.csc import Csc
from simulator.lowering import addresses, lowered
from simulator.lowering.csc.batch import Tile
from simulator.lowering.csc.network import build
from simulator.lowering.csc.tiles import Tiles
from simulator.plan import Plan
from simulator.sparsity import formats
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class CscLayer:
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`.

    Attributes
    ----------
    plan : Plan
    tiles : Tiles
    """

    plan: Plan
    tiles: Tiles

    @property
    def view(self) -> GemmView:
        """The layer's matrices."""
        return self.tiles.view

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return self.tiles.machine.components.mac.lanes.value

    @cached_property
    def macs(self) -> dict[str, int]:
        """Dense multiplications of the einsum, effectual ones, and slots issued (lanes x turns of the multiplier)."""
        effectual, issues = self.tiles.work
        return {"dense": lowered.dense(self.view), "effectual": effectual, "slots": self.lanes * issues}

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, lowered.outputs_mask(self.view)[0])

    @cached_property
    def traffic(self) -> dict[str, dict[str, int]]:
        """Bytes of the store per tensor, and of partial sums that are put away and come back."""
        tiles, visits = self.tiles, self.view.N
        outputs = [visits * tiles.output_bytes(tile) for tile in tiles.tiles if tile.last]
        away = sum(visits * -(-tiles.sums_bits(tile) // 8) for tile in tiles.tiles if not tile.last)
        inputs = sum(
            int((-(-tiles.fiber_bits(each) // 8)).sum())
            for tile in tiles.tiles
            if (tile.m0 == 0)
            for each in tiles.entries(tile)
        )
        sizes = {
            "weights": int((-(-tiles.bits // 8)).sum()),
            "inputs": len(tiles.cuts) * inputs,
            "outputs": sum(outputs),
        }
        return {"dram": sizes, "psums": {"put away": away, "brought back": away}}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        tiles = self.tiles
        return {
            "weights_pattern": "zeros anywhere",
            "inputs_format": "csc",
            "outputs_format": "uncompressed",
            "mapping": f"loops M, K, N; tiles of {tiles.rows} x {tiles.columns} weights (M x K)",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        notes = "every output leaves, zero or not", "the store holds all operands and partial sums"
        return *notes, *addresses.assumptions(self.tiles.machine.components.dram)

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`; tile by tile, both operands through their stored forms."""
        parts, tiles = self.tiles.machine.components, self.tiles
        stationary = formats.Csc(
            parts.weights.run.value, parts.weights.address.value, parts.weights.word.value
        )
        streamed = formats.Csc(parts.inputs.run.value, parts.inputs.address.value)
        out = np.zeros((box.m1 - box.m0, box.n1 - box.n0), dtype=np.int64)
        for tile in tiles.tiles:
            if tile.group == box.group and tile.m0 < box.m1 and box.m0 < tile.m1:
                weights = view.weights(tile.group, tile.m0, tile.m1)[:, tile.k0 : tile.k1].astype(np.int64)
                inputs = view.inputs(tile.group, tile.k0, tile.k1, box.n0, box.n1).astype(np.int64)
                found = csc.outputs(weights, inputs, stationary, streamed)
                first, end = max(tile.m0, box.m0), min(tile.m1, box.m1)
                out[first - box.m0 : end - box.m0] += found[first - tile.m0 : end - tile.m0]
        return out


def lower(machine: Csc, layer: Layer) -> CscLayer:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InfeasibleError
        A tile of the mapping does not fit the scratch pads.
    """
    view = GemmView(layer)
    rows, columns = tile_size(machine, view)
    tiles = Tiles(machine, view, rows, columns)
    check_tile(machine, tiles.tiles[0])
    tiles.check()
    return CscLayer(build(tiles), tiles)


def tile_size(machine: Csc, view: GemmView) -> tuple[int, int]:
    """(Rows, columns) of a tile: as described, or half of each scratch pad, so that the next can load meanwhile."""
    parts, tile = machine.components, machine.mapping.tile
    longest = min(parts.inputs.entries.value, (1 << parts.inputs.address.value) - 1)
    columns = min(
        max(1, parts.inputs.entries.value // 2), max(1, parts.weights.addresses.value // 2), longest
    )
    columns = columns if tile.K is None else tile.K.value
    per_column = min(parts.weights.words // columns, (1 << parts.weights.address.value) - 1)
    rows = min(max(1, parts.psums.entries.value // 2), 1 << parts.weights.run.value)
    rows = max(1, min(rows, per_column * parts.weights.word.value)) if tile.M is None else tile.M.value
    return min(rows, view.M), min(columns, view.K)


def check_tile(machine: Csc, tile: Tile) -> None:
    """The largest tile against the scratch pads whose occupancy does not depend on zeros."""
    parts = machine.components
    limits = (
        ("M", tile.rows, parts.psums.entries.value, "psums.entries"),
        ("K", tile.columns, parts.weights.addresses.value, "weights.addresses"),
        ("K", tile.columns, parts.inputs.entries.value, "inputs.entries"),
        ("K", tile.columns, (1 << parts.inputs.address.value) - 1, "what inputs.address tells apart"),
    )
    for rank, size, limit, name in limits:
        if size > limit:
            raise InfeasibleError(
                f"machine {machine.name!r}: a tile has {size} coordinates of {rank}, {name} is {limit}; lower mapping.tile.{rank}"
            )
