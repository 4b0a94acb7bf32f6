"""A layer on outer-product units: operands, mapping, network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.outer_product import Unit, multiply
from simulator.datapath.verify import Box
from simulator.hardware.components import Dram
from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.lowering import lowered
from simulator.lowering.outer_product.context import Context
from simulator.lowering.outer_product.network import build
from simulator.lowering.outer_product.operands import TENSORS, Operands, Storage
from simulator.mapping import Memory, choose
from simulator.sparsity.formats import resolve
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class OuterProductLayer(lowered.Uncompressed):
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`."""

    context: Context

    @property
    def dram(self) -> Dram:
        """See :class:`simulator.lowering.lowered.Uncompressed`."""
        return self.context.machine.components.dram

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return self.context.machine.components.units.multipliers

    @property
    def macs(self) -> dict[str, int]:
        """Dense and effectual multiplications, and slots issued: multipliers of a unit x steps."""
        view, found = self.view, self.context.operands.service
        unit = self.context.operands.unit
        return {
            "dense": lowered.dense(view),
            "effectual": sum(int(part.products.sum(dtype=np.int64)) for part in found),
            "slots": sum(int(part.steps.sum(dtype=np.int64)) for part in found) * unit.rows * unit.columns,
        }

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        context = self.context
        moved: dict[str, int] = {tensor: int(context.fetches(tensor).dram.sum()) for tensor in TENSORS}
        return {"dram": {**moved, "outputs": int(context.output_bytes().sum())}}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        return {
            "weights_pattern": "unstructured, bitmask",
            "inputs_format": "bitmask",
            "outputs_format": "uncompressed",
            "mapping": self.context.tiling.text(self.context.operands.geometry),
        }

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`: fibers across a tile go through their bitmasks and back."""
        weights = view.weights(box.group, box.m0, box.m1).astype(np.int64)
        inputs = view.inputs(box.group, 0, view.K, box.n0, box.n1).astype(np.int64)
        stored = resolve("bitmask")
        a = stored.decode(stored.encode(np.ascontiguousarray(weights.T))).T
        b = stored.decode(stored.encode(np.ascontiguousarray(inputs)))
        return multiply(self.context.operands.unit, a.astype(np.int64), b.astype(np.int64))


def unit(machine: OuterProduct) -> Unit:
    """One unit of the machine."""
    units, buffer = machine.components.units, machine.components.accumulation
    return Unit(
        tile_rows=units.tile_rows.value,
        tile_columns=units.tile_columns.value,
        depth=units.depth.value,
        rows=units.step_rows.value,
        columns=units.step_columns.value,
        bank_rows=buffer.bank_rows.value,
        bank_columns=buffer.bank_columns.value,
        bank_words=buffer.bank_words.value,
        bandwidth=buffer.bandwidth.value,
        queue=buffer.queue.value,
    )


def lower(machine: OuterProduct, layer: Layer) -> OuterProductLayer:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InputError
        The layer's weights do not satisfy the pattern it declares.
    InfeasibleError
        No mapping fits the machine.
    """
    layer.check_pattern()
    view, parts, bits = GemmView(layer), machine.components, machine.value_bits
    glb, dram = parts.glb, parts.dram
    words = glb.row.value, glb.word, glb.metadata_word.value
    units = parts.units.rows.value, parts.units.columns.value
    operands = Operands(view, unit(machine), units, Storage(bits.weights.value, bits.inputs.value, *words))
    capacity = glb.data_capacity.value, glb.metadata_capacity.value
    memory = Memory(capacity, glb.tile_buffers.value, dram.peak(machine.clock.value), dram.arrival)
    with lowered.told_of(layer, machine):
        tiling = choose(machine.mapping, operands.geometry, operands, memory)
    context = Context(machine, operands, tiling)
    return OuterProductLayer(build(context), view, *lowered.outputs_mask(view), context)
