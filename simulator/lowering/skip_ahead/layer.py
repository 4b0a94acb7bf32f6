"""A layer on a skip-ahead machine: strips, pairs of tiles, network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.skip_ahead import multiply
from simulator.datapath.verify import Box
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.skip_ahead import SkipAhead
from simulator.lowering import addresses, lowered
from simulator.lowering.skip_ahead.network import TENSORS, build
from simulator.lowering.skip_ahead.strips import Strips, choose
from simulator.plan import Plan
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class SkipAheadLayer:
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`."""

    plan: Plan
    view: GemmView
    strips: Strips
    outputs: NDArray[np.bool_] | None
    provenance: str

    @property
    def lanes(self) -> int:
        """Multipliers of the machine, one per element."""
        return self.strips.machine.components.elements.count.value

    @property
    def macs(self) -> dict[str, int]:
        """Dense and effectual multiplications, and slots issued: cycles in which an element intersects."""
        view, found = self.view, self.strips.service
        return {
            "dense": view.groups * view.M * view.N * view.K,
            "effectual": sum(int(part.products.sum()) for part in found),
            "slots": sum(int(part.cycles.sum()) for part in found),
        }

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, self.outputs)

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        moved = {tensor: sum(piece.dram for piece in self.strips.pieces(tensor)) for tensor in TENSORS}
        return {"dram": {**moved, "outputs": sum(self.strips.written())}}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        strips, (rows, columns) = self.strips, self.strips.tile
        pairs = sum(len(strips.matched(output)) for output in strips.outputs)
        blocks = sum(part.cycles.size for part in strips.service)
        return {
            "weights_pattern": "unstructured, compressed fibers",
            "inputs_format": "compressed fibers",
            "outputs_format": "uncompressed",
            "mapping": f"N:{len(strips.spans())} strips > M > N in tiles of {rows} x {columns} outputs > blocks of K; "
            f"weights kept for a {strips.hold}",
            "waves": str(sum(1 for _ in strips.waves())),
            "pairs": f"{pairs} of {blocks} pairs of tiles have a block in common",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        said = f"output non-zeros: {self.provenance}; every output is written"
        return said, *addresses.assumptions(self.strips.machine.components.dram)

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
    try:
        strips = choose(machine, view)
        plan = build(strips)
    except InfeasibleError as error:
        raise InfeasibleError(f"layer {layer.name!r} on {machine.name!r}: {error}") from None
    return SkipAheadLayer(plan, view, strips, *lowered.outputs_mask(view))
