"""A layer on a stationary machine: the passes in order, and what they decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code, Datapath, Rows
from simulator.datapath.narrow import narrow
from simulator.datapath.verify import Box
from simulator.errors import InfeasibleError
from simulator.hardware.components.array import Array
from simulator.hardware.organisations.stationary import Stationary
from simulator.lowering import addresses, alike, lowered, slots
from simulator.lowering.context import Context
from simulator.lowering.fibers import Widths
from simulator.lowering.operands import Operands
from simulator.lowering.output import Outputs, output_format, written
from simulator.lowering.packing import cuts
from simulator.lowering.stationary import build
from simulator.lowering.terms.along import TermOperands
from simulator.mapping import Geometry, Memory, Pass, Tiling, choose
from simulator.plan import Plan
from simulator.registry import resolve
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class StationaryLayer:
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
        """Multipliers of the machine; where rates differ, the most multiplications of the layer that start in a cycle."""
        array = self.context.machine.components.array
        rates = [code.rate for code, _ in self._products if code.rate is not None]
        return array.arrays.value * array.rows.value * max(rates) if rates else array.multipliers

    @property
    def macs(self) -> dict[str, int]:
        """Dense multiplications of the einsum, effectual ones, and slots issued (lanes x steps)."""
        effectual = sum(int(group.sum()) for group in self.context.operands.effectual)
        return {
            "dense": lowered.dense(self.view),
            "effectual": effectual,
            "slots": sum(self._slots(code, g.windows) for code, g in self._products),
        }

    @property
    def _products(self) -> list[tuple[Code, Geometry]]:
        """Layout and sizes of every term."""
        if isinstance(self.context.operands, TermOperands):
            return [(term.code, term.geometry) for term in self.context.operands.terms]
        return [(self.code, self.context.geometry)]

    def _slots(self, code: Code, windows: int) -> int:
        """Multiplications that could start during the steps of a term."""
        array, g = self.context.machine.components.array, self.context.geometry
        rate = array.pes.value * array.macs.value if code.rate is None else code.rate
        return array.arrays.value * array.rows.value * rate * code.cycles * (g.steps // g.windows * windows)

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, self.outputs.mask)

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        context = self.context
        visits = context.visits
        totals = {
            tensor: int(context.pieces(tensor)[0][visits.fetch[i]].sum())
            for i, tensor in enumerate(("weights", "inputs"))
        }
        totals["outputs"] = int(written(context, self.outputs).sum())
        return {"dram": totals}

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`; inputs go through their stored format and back."""
        inputs = view.inputs(box.group, 0, view.K, box.n0, box.n1)
        through = self.context.operands.through(inputs)
        operands = narrow(view.weights(box.group, box.m0, box.m1), through)
        return self.datapath.outputs(self.code, *operands).astype(np.int64, copy=False)

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
        dram = self.context.machine.components.dram
        notes = [f"output non-zeros: {self.outputs.provenance}", *addresses.assumptions(dram)]
        if self.context.machine.components.glb.banks is not None:
            notes.append(slots.ASSUMPTION)
        if self.code.rows is not None:
            notes.append("rows of outputs are written in the order the rows of weights run")
        if self.outputs.format != "uncompressed":
            notes.append(
                "compressed outputs are stored in windows of 8 blocks of 4 along M, the next layer's K"
            )
        return tuple(notes)


def lower(machine: Stationary, layer: Layer) -> StationaryLayer:
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
    size = _size(machine, view, code)
    known = alike.known(size)
    geometry = known.get("geometry", lambda: fastest(machine, view, code))
    operands = _operands(machine, view, code, geometry)
    mapped = partial(tiled, machine, layer, geometry, operands)
    same = operands.sized and not code.terms
    tiling = known.get(f"tiling, inputs {operands.format}", mapped) if same else mapped()
    shared = None if code.terms else alike.Size((size, operands.format))
    context = Context(machine, code, geometry, operands, tiling, shared)
    mask, provenance = lowered.outputs_mask(view)
    if mask is not None and code.rows is not None:
        mask = np.take_along_axis(mask, code.rows.order[:, :, None], axis=1)
    outputs = output_format(context, mask, provenance)
    return StationaryLayer(build(context, outputs), datapath, code, view, context, outputs)


def _size(machine: Stationary, view: GemmView, code: Code) -> alike.Size:
    """All that the geometry of a layer depends on."""
    if (rows := code.rows) is None:
        return alike.Size((alike.Same(machine), view.layer.einsum, code))
    each = rows.slots.tobytes(), rows.metadata_bits.tobytes()
    return alike.Size((alike.Same(machine), view.layer.einsum, replace(code, rows=None), *each))


def tiled(machine: Stationary, layer: Layer, geometry: Geometry, operands: Operands) -> Tiling:
    """The loop nest that is estimated the fastest.

    Raises
    ------
    InfeasibleError
        None fits the machine.
    """
    parts = machine.components
    capacity = (parts.glb.data_capacity.value, parts.glb.metadata_capacity.value)
    peak = parts.dram.peak(machine.clock.value)
    memory = Memory(capacity, parts.glb.tile_buffers.value, peak, parts.dram.arrival)
    with lowered.told_of(layer, machine):
        return choose(machine.mapping, geometry, operands, memory)


def splits(array: Array) -> tuple[int, ...]:
    """Windows that the arrays of a machine may take at once."""
    arrays = array.arrays.value
    if array.shared_window == "auto":
        return tuple(n for n in range(1, arrays + 1) if arrays % n == 0)
    return (1,) if array.shared_window is True else (arrays,)


Passes = Callable[[int], tuple[Pass, ...]]
"""Passes over the rows of the stationary operand, by the rows of multipliers that share a window."""


def fastest(machine: Stationary, view: GemmView, code: Code, passes: Passes | None = None) -> Geometry:
    """Arrays side by side along M share a window, those along N take one each; ``auto`` takes the estimated
    fastest split.
    """
    array = machine.components.array
    arrays = array.arrays.value
    options = []
    for abreast in splits(array):
        rows, cut = array.rows.value * arrays // abreast, tuple[int, ...]()
        if code.rows is not None:
            rows, cut = _packed(machine, code.rows, rows)
        told = () if passes is None else passes(rows)
        rows = max((each.stop - each.start for each in told), default=rows)
        sizes = (
            view.groups,
            view.M,
            view.N,
            view.K,
            rows,
            array.columns.value * abreast,
            code.window,
            abreast,
        )
        apart = () if code.shared else code.terms
        terms = tuple((view.K // len(apart), term.window) for term in apart)
        options.append(Geometry(*sizes, cuts=cut, terms=terms, passes=told))
    return min(options, key=lambda geometry: _streaming(machine, code, geometry))


def _operands(machine: Stationary, view: GemmView, code: Code, geometry: Geometry) -> Operands:
    if code.terms:
        interleaved = machine.datapath.schedule == "interleaved"
        return TermOperands(view, code, geometry, widths_of(machine), interleaved)
    widths = widths_of(machine)
    if code.widths is not None:
        widths = replace(widths, weights=code.widths[0], inputs=code.widths[1])
    formats = list(machine.datapath.inputs) if code.inputs is None else [code.inputs[0]]
    return Operands(view, code, geometry, widths, formats)


def _packed(machine: Stationary, rows: Rows, lanes: int) -> tuple[int, tuple[int, ...]]:
    """(Most rows of a tile, first row of every tile) when rows take different numbers of multipliers."""
    array = machine.components.array
    multipliers = lanes * array.pes.value * array.macs.value
    if (most := int(rows.slots.max())) > multipliers:
        raise InfeasibleError(
            f"machine {machine.name!r}: a row of weights needs {most} multipliers, those that share a window are {multipliers}"
        )
    found = cuts(rows.slots, multipliers)
    return int(np.diff(found).max()), found


def _streaming(machine: Stationary, code: Code, g: Geometry) -> Fraction:
    """Cycles to stream the inputs through: the most of steps, GLB reads and distribution, all
    uncompressed.
    """
    if g.terms:
        alone = [replace(g, K=depth, window=window, terms=()) for depth, window in g.terms]
        pairs = zip(code.terms, alone, strict=True)
        return sum((_streaming(machine, term, some) for term, some in pairs), Fraction(0))
    parts = machine.components
    width = machine.value_bits.inputs.value if code.widths is None else code.widths[1]
    window = Fraction(g.abreast * code.window_bits(width), 8)
    per_step = [Fraction(code.cycles)]
    for bandwidth in (parts.glb.read_bandwidth.value, parts.distribute.bandwidth.value):
        if bandwidth is not None:
            per_step.append(window / bandwidth)
    return g.steps * max(per_step)


def widths_of(machine: Stationary) -> Widths:
    """Bit widths of a machine."""
    bits, glb = machine.value_bits, machine.components.glb
    return Widths(
        bits.weights.value,
        bits.inputs.value,
        bits.outputs.value,
        8 * glb.row.value,
        8 * glb.metadata_word.value,
        machine.components.fetch.ragged,
    )
