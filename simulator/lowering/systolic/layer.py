"""A layer on a systolic machine: the passes in order, and what they decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import systolic as datapath
from simulator.datapath.verify import Box
from simulator.hardware.organisations.systolic import Systolic
from simulator.lowering import addresses, lowered
from simulator.lowering.systolic.array import Flow
from simulator.lowering.systolic.folds import Grid, depth, folds, spans, tiles
from simulator.lowering.systolic.network import Edges, build
from simulator.lowering.systolic.pieces import Operand, uses
from simulator.plan import Plan
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class SystolicLayer:
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`.

    Attributes
    ----------
    machine : Systolic
    view : GemmView
    grid : Grid
    flow : Flow
    operands : dict of str to Operand
    """

    machine: Systolic
    view: GemmView
    grid: Grid
    flow: Flow
    operands: dict[str, Operand]

    @cached_property
    def effectual(self) -> NDArray[np.int64]:
        """Effectual multiplications of every fold, shape (folds,)."""
        counts = [self._counts(group) for group in range(self.view.groups)]
        along_m, along_n = tiles(self.grid, self.view.M, self.view.N)
        k = depth(self.grid, self.view.K)
        at = {span: i for i, span in enumerate(along_m)}, {span: i for i, span in enumerate(along_n)}
        found = [
            counts[fold.west.group][at[0][fold.m], fold.west.k.start // k, at[1][fold.n]]
            for fold in self.flow.folds
        ]
        return np.array(found, dtype=np.int64)

    def _counts(self, group: int) -> NDArray[np.int64]:
        """Of every fold of a group, shape (tiles of M, of K, of N)."""
        view, k = self.view, depth(self.grid, self.view.K)
        along_m, along_n = tiles(self.grid, view.M, view.N)
        pieces = len(spans(view.K, k))
        weights, inputs = np.zeros((len(along_m), pieces * k)), np.zeros((pieces * k, len(along_n)))
        for i, span in enumerate(along_m):
            weights[i, : view.K] = view.weights_mask(group, *span).sum(axis=0)
        for i, span in enumerate(along_n):
            inputs[: view.K, i] = view.inputs_mask(group, 0, view.K, *span).sum(axis=1)
        cut = weights.reshape(-1, pieces, k), inputs.reshape(pieces, k, -1)
        found: NDArray[np.int64] = np.rint(np.einsum("mpk,pkn->mpn", *cut, optimize=True)).astype(np.int64)
        return found

    @cached_property
    def plan(self) -> Plan:
        """The network and its items."""
        stays = self.grid.dataflow == "is"
        edges = Edges("weights", "inputs") if stays else Edges("inputs", "weights")
        gated = self.effectual if self.machine.datapath.gating else None
        return build(self.machine, self.flow, self.operands, edges, gated)

    @property
    def lanes(self) -> int:
        """Multipliers of the array."""
        return self.machine.components.array.multipliers

    @property
    def macs(self) -> dict[str, int]:
        """Dense, effectual and issued multiplications; those idle while wavefronts enter and leave count as issued."""
        view = self.view
        return {
            "dense": lowered.dense(view),
            "effectual": int(self.effectual.sum()),
            "slots": self.lanes * self.flow.steps,
        }

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, lowered.outputs_mask(self.view)[0])

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        totals = {tensor: sum(operand.sizes) for tensor, operand in self.operands.items()}
        return {"dram": {**totals, "outputs": sum(self.flow.tile_bytes())}}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        held = "; ".join(
            f"{tensor} in pieces of {operand.chunk} steps, kept for a {operand.hold}"
            for tensor, operand in self.operands.items()
        )
        return {
            "weights_pattern": "dense",
            "inputs_format": "uncompressed",
            "outputs_format": "uncompressed",
            "dataflow": self.grid.dataflow,
            "mapping": f"{len(self.flow.folds)} folds, outermost {self.grid.outer}; {held}",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        return (
            "outputs are written uncompressed, whatever their non-zeros",
            *addresses.assumptions(self.machine.components.dram),
        )

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """A box of outputs, step by step through an array of these links."""
        weights = view.weights(box.group, box.m0, box.m1).astype(np.int64)
        inputs = view.inputs(box.group, 0, view.K, box.n0, box.n1).astype(np.int64)
        return datapath.outputs(self.grid.dataflow, self.grid.rows, self.grid.columns, weights, inputs)


def lower(machine: Systolic, layer: Layer) -> lowered.Lowered:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InputError
        The weights do not satisfy the declared pattern.
    InfeasibleError
        A memory is too small for the edges of the array.
    """
    layer.check_pattern()
    view, parts, bits = GemmView(layer), machine.components, machine.value_bits
    array = parts.array
    grid = Grid(
        array.rows.value, array.columns.value, array.accumulators.value, array.dataflow, machine.mapping.outer
    )
    found = tuple(folds(grid, view.groups, view.M, view.N, view.K))
    used = uses(found, grid.dataflow != "os")
    operands = {
        "weights": Operand(view, "weights", bits.weights.value, parts.sram.weights, used["weights"]),
        "inputs": Operand(view, "inputs", bits.inputs.value, parts.sram.inputs, used["inputs"]),
    }
    flow = Flow(
        found,
        grid.rows,
        grid.columns,
        stays=grid.dataflow != "os",
        shift=grid.dataflow == "os" and array.drain == "shift",
        whole=array.crossing == "whole",
        output_bits=bits.outputs.value,
        burst=parts.dram.burst.value,
    )
    layered = SystolicLayer(machine, view, grid, flow, operands)
    _ = layered.plan  # what cannot be told is said now
    return layered
