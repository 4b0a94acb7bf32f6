"""A layer on a packed machine: tiles, rounds, network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.packed import multiply
from simulator.datapath.verify import Box
from simulator.hardware.components import Dram
from simulator.hardware.organisations.packed import Packed
from simulator.lowering import lowered
from simulator.lowering.packed.network import build
from simulator.lowering.packed.programs import written
from simulator.lowering.packed.tiles import Tiles, choose
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class PackedLayer(lowered.Uncompressed):
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`."""

    tiles: Tiles

    @property
    def dram(self) -> Dram:
        """See :class:`simulator.lowering.lowered.Uncompressed`."""
        return self.tiles.machine.components.dram

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return self.tiles.machine.components.array.multipliers

    @property
    def macs(self) -> dict[str, int]:
        """Dense and effectual multiplications, and slots issued: all multipliers x columns of all rounds."""
        view, k = self.view, self.view.K
        effectual = sum(
            int(
                np.count_nonzero(view.weights_mask(tile.group), axis=0).astype(np.int64)
                @ np.count_nonzero(view.inputs_mask(tile.group, 0, k, tile.n0, tile.n1), axis=1)
            )
            for tile in self.tiles.tiles
        )
        columns = sum(len(self.tiles.rounds[tile]) * tile.columns for tile in self.tiles.tiles)
        return {"dense": lowered.dense(view), "effectual": effectual, "slots": self.lanes * columns}

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        moved = {tensor: sum(p.dram for p in self.tiles.pieces(tensor)) for tensor in ("weights", "inputs")}
        return {"dram": {**moved, "outputs": sum(written(self.tiles))}}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        tiles = self.tiles
        rounds = sum(len(each) for each in tiles.rounds.values())
        loops = f"N:{len(tiles.tiles) // self.view.groups} of {tiles.columns} columns > rounds of weights > columns"
        return {
            "weights_pattern": "unstructured, bitmask",
            "inputs_format": "bitmask",
            "outputs_format": "uncompressed",
            "mapping": f"{loops}; weights kept for a {tiles.hold}",
            "rounds": f"{rounds} of {self.lanes} multipliers",
        }

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`: the box's rows packed by themselves."""
        path = self.tiles.machine.datapath
        weights = view.weights(box.group, box.m0, box.m1).astype(np.int64)
        inputs = view.inputs(box.group, 0, view.K, box.n0, box.n1).astype(np.int64)
        return multiply(weights, inputs, self.lanes, path.rows == "whole", path.unmatched == "dropped")


def lower(machine: Packed, layer: Layer) -> PackedLayer:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InputError
        The layer's weights do not satisfy the pattern it declares.
    InfeasibleError
        No mapping fits the machine.
    """
    layer.check_pattern()
    view = GemmView(layer)
    with lowered.told_of(layer, machine):
        tiles = choose(machine, view)
        plan = build(tiles)
    return PackedLayer(plan, view, *lowered.outputs_mask(view), tiles)
