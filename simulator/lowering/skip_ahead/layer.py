"""A layer on a skip-ahead machine: strips, pairs of tiles, network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.skip_ahead import multiply
from simulator.datapath.verify import Box
from simulator.hardware.components import Dram
from simulator.hardware.organisations.skip_ahead import SkipAhead
from simulator.lowering import lowered
from simulator.lowering.skip_ahead.network import TENSORS, build
from simulator.lowering.skip_ahead.strips import Strips, choose
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class SkipAheadLayer(lowered.Uncompressed):
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`."""

    strips: Strips

    @property
    def dram(self) -> Dram:
        """See :class:`simulator.lowering.lowered.Uncompressed`."""
        return self.strips.machine.components.dram

    @property
    def lanes(self) -> int:
        """Multipliers of the machine, one per element."""
        return self.strips.machine.components.elements.count.value

    @property
    def macs(self) -> dict[str, int]:
        """Dense and effectual multiplications, and slots issued: cycles in which an element intersects."""
        view, found = self.view, self.strips.service
        return {
            "dense": lowered.dense(view),
            "effectual": sum(int(part.products.sum()) for part in found),
            "slots": sum(int(part.cycles.sum()) for part in found),
        }

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        moved = {tensor: sum(piece.dram for piece in self.strips.pieces(tensor)) for tensor in TENSORS}
        return {"dram": {**moved, "outputs": sum(self.strips.written())}}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        strips, (rows, columns) = self.strips, self.strips.tile
        held = [each.sum(axis=1) for each in strips.held]
        pairs = int((held[0] * held[1]).sum())
        blocks = sum(part.cycles.size for part in strips.service)
        return {
            "weights_pattern": "unstructured, compressed fibers",
            "inputs_format": "compressed fibers",
            "outputs_format": "uncompressed",
            "mapping": f"N:{len(strips.spans())} strips > M > N in tiles of {rows} x {columns} outputs > blocks of K; "
            f"weights kept for a {strips.hold}",
            "waves": str(len(strips.waves)),
            "pairs": f"{pairs} of {blocks} pairs of tiles have a block in common",
        }

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`: matches of compressed fibers, block by block."""
        weights = view.weights(box.group, box.m0, box.m1).astype(np.int64)
        inputs = view.inputs(box.group, 0, view.K, box.n0, box.n1).astype(np.int64)
        parts = self.strips.machine.components.elements
        return multiply(weights, np.ascontiguousarray(inputs.T), parts.depth.value, parts.window.value)


def lower(machine: SkipAhead, layer: Layer) -> SkipAheadLayer:
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
        strips = choose(machine, view)
        plan = build(strips)
    return SkipAheadLayer(plan, view, *lowered.outputs_mask(view), strips)
