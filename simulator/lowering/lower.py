"""The passes in order, and what they decided."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code, Datapath
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.machine import Machine
from simulator.lowering.context import Context
from simulator.lowering.memory import fetched
from simulator.lowering.operands import Operands, Widths
from simulator.lowering.output import Outputs, output_format, tile_bytes
from simulator.lowering.stationary import build
from simulator.mapping import Geometry, Memory, choose
from simulator.plan import Plan
from simulator.registry import resolve
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class Lowered:
    """A layer ready to run.

    Attributes
    ----------
    plan : Plan
    datapath : Datapath
    code : Code
    view : GemmView
    context : Context
    outputs : Outputs
    """

    plan: Plan
    datapath: Datapath
    code: Code
    view: GemmView
    context: Context
    outputs: Outputs

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        array = self.context.machine.components.array
        return array.arrays.value * array.rows.value * array.pes.value * array.macs.value

    @property
    def macs(self) -> dict[str, int]:
        """Dense multiplications of the einsum, effectual ones, and slots issued (lanes x steps)."""
        view, g = self.view, self.context.geometry
        effectual = sum(int(group.sum()) for group in self.context.operands.effectual)
        return {
            "dense": view.groups * view.M * view.N * view.K,
            "effectual": effectual,
            "slots": self.lanes * g.steps,
        }

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        layer = self.view.layer
        counts = {"weights": (layer.weights.nonzeros, layer.weights.size)}
        counts["inputs"] = (layer.inputs.nonzeros, layer.inputs.size)
        mask, size = self.outputs.mask, self.view.groups * self.view.M * self.view.N
        counts["outputs"] = (size if mask is None else int(np.count_nonzero(mask)), size)
        return counts

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        context = self.context
        totals = {"weights": 0, "inputs": 0, "outputs": 0}
        for tile in context.tiles:
            for i, tensor in enumerate(("weights", "inputs")):
                if tile.fetch[i]:
                    totals[tensor] += fetched(context, tile, tensor)[0]
            if tile.end:
                totals["outputs"] += tile_bytes(context, self.outputs, tile)
        return {"dram": totals}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        return {
            "weights_pattern": self.code.pattern,
            "inputs_format": self.context.operands.format,
            "outputs_format": self.outputs.format,
            "arrays": f"{self.context.geometry.abreast} windows at once",
            "mapping": self.context.tiling.text(self.context.geometry),
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        notes = [f"output non-zeros: {self.outputs.provenance}"]
        if self.outputs.format != "uncompressed":
            notes.append(
                "compressed outputs are stored in windows of 8 blocks of 4 along M, the next layer's K"
            )
        return tuple(notes)


def lower(machine: Machine, layer: Layer) -> Lowered:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InputError
        The layer's pattern is unsupported or its weights do not satisfy it.
    InfeasibleError
        No mapping fits the machine.
    """
    datapath: Datapath = resolve("datapath", machine.datapath.kind)()
    view = GemmView(layer)
    code = datapath.code(machine, layer)
    geometry = _geometry(machine, view, code)
    operands = Operands(view, code, geometry, _widths(machine), list(machine.datapath.inputs))
    parts = machine.components
    capacity = (parts.glb.data_capacity.value, parts.glb.metadata_capacity.value)
    memory = Memory(
        capacity, parts.glb.tile_buffers.value, parts.dram.bandwidth.value, parts.dram.latency.value
    )
    try:
        tiling = choose(machine.mapping, geometry, operands, memory)
    except (InfeasibleError, InputError) as error:
        raise type(error)(f"layer {layer.name!r} on {machine.name!r}: {error}") from None
    context = Context(machine, code, geometry, operands, tiling)
    mask, provenance = _outputs_mask(layer, view)
    outputs = output_format(mask, parts.compress is not None, machine.value_bits.outputs.value, provenance)
    return Lowered(build(context, outputs), datapath, code, view, context, outputs)


def _geometry(machine: Machine, view: GemmView, code: Code) -> Geometry:
    """Arrays side by side along M share a window, those along N take one each; ``auto`` takes the estimated
    fastest split.
    """
    array = machine.components.array
    arrays = array.arrays.value
    splits = [1] if array.shared_window is True else [arrays]
    if array.shared_window == "auto":
        splits = [n for n in range(1, arrays + 1) if arrays % n == 0]
    options = [
        Geometry(
            view.groups,
            view.M,
            view.N,
            view.K,
            array.rows.value * arrays // abreast,
            array.columns.value * abreast,
            code.window,
            abreast,
        )
        for abreast in splits
    ]
    return min(options, key=lambda geometry: _streaming(machine, geometry))


def _streaming(machine: Machine, g: Geometry) -> Fraction:
    """Cycles to stream the inputs through: the most of steps, GLB reads and distribution, all
    uncompressed.
    """
    parts = machine.components
    window = Fraction(g.abreast * g.window * machine.value_bits.inputs.value, 8)
    per_step = [Fraction(1)]
    for bandwidth in (parts.glb.read_bandwidth.value, parts.distribute.bandwidth.value):
        if bandwidth is not None:
            per_step.append(window / bandwidth)
    return g.steps * max(per_step)


def _widths(machine: Machine) -> Widths:
    bits, glb = machine.value_bits, machine.components.glb
    return Widths(
        bits.weights.value,
        bits.inputs.value,
        bits.outputs.value,
        8 * glb.row.value,
        8 * glb.metadata_word.value,
        machine.components.fetch.variable,
    )


def _outputs_mask(layer: Layer, view: GemmView) -> tuple[NDArray[np.bool_] | None, str]:
    if layer.outputs_mask is None:
        return None, "declared dense"
    mask = np.asarray(layer.outputs_mask.mask)
    if mask.ndim == 2:
        return mask[None], layer.outputs_provenance
    batch, channels, *_spatial = mask.shape
    grouped = mask.reshape(batch, view.groups, channels // view.groups, -1)
    return grouped.transpose(1, 2, 0, 3).reshape(view.groups, view.M, view.N), layer.outputs_provenance
