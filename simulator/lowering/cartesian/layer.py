"""A layer on elements that multiply all with all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.cartesian import accumulate
from simulator.datapath.verify import Box
from simulator.hardware.organisations.cartesian import Cartesian
from simulator.lowering import addresses, lowered
from simulator.lowering.cartesian.context import Context, Pass, context, tile_inputs
from simulator.lowering.cartesian.network import build
from simulator.lowering.cartesian.outputs import Outputs
from simulator.lowering.cartesian.planes import Span
from simulator.plan import Plan
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class CartesianLayer:
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`.

    Attributes
    ----------
    context : Context
    outputs : Outputs
    provenance : str
        Where the non-zeros of the outputs are from.
    """

    context: Context
    outputs: Outputs
    provenance: str

    @cached_property
    def plan(self) -> Plan:
        """The network and its items."""
        return build(self.context, self.outputs)

    @property
    def view(self) -> GemmView:
        """The layer's matrices."""
        return self.context.view

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return self.context.machine.components.pes.multipliers

    @cached_property
    def macs(self) -> dict[str, int]:
        """Dense and effectual multiplications, and slots issued: multipliers of an element x steps."""
        context, view, steps, products = self.context, self.view, 0, 0
        for at in context.passes:
            for number in context.work(at):
                for held in range(len(context.filters[at.group])):
                    found = context.service(at, held, number)
                    steps += int(found.steps.sum(dtype=np.int64))
                    products += int(found.products.sum(dtype=np.int64))
        dense = lowered.dense(view)
        return {"dense": dense, "effectual": products, "slots": steps * context.element.multipliers}

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, self.outputs.mask)

    @cached_property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        context = self.context
        weights = [sum(map(context.weight_bytes, group)) for group in context.filters]
        inputs = (context.input_bytes(at, number) for at in context.passes for number in context.work(at))
        moved = {
            "weights": sum(weights[at.group] for at in context.passes),
            "inputs": sum(inputs),
            "outputs": sum(size for _, size in self.outputs.pieces()),
        }
        return {"dram": moved}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        parts = self.context.parts
        grids = {f"{len(part.rows)} x {len(part.columns)}" for part in parts}
        return {
            "weights_pattern": "unstructured, run_length",
            "inputs_format": "run_length",
            "outputs_format": "run_length",
            "mapping": f"{self.context.filters_held} filters at a time; plane in {len(parts)} parts over "
            f"{', '.join(sorted(grids))} elements",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        memory = addresses.assumptions(self.context.machine.components.dram)
        return f"output non-zeros: {self.provenance}", *memory

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """A box of outputs: operands through their runs, products scattered into banks, sums of a halo added to their owner's."""
        made = self.context.shape
        plane = made.rows.outputs * made.columns.outputs
        out = np.zeros((box.m1 - box.m0, box.n1 - box.n0), dtype=np.int64)
        for image in range(box.n0 // plane, -(-box.n1 // plane)):
            first, last = max(box.n0, image * plane), min(box.n1, (image + 1) * plane)
            found = self._plane(view, box, image, Span(first - image * plane, last - image * plane))
            out[:, first - box.n0 : last - box.n0] = found[:, first - image * plane : last - image * plane]
        return out

    def _plane(self, view: GemmView, box: Box, image: int, wanted: Span) -> NDArray[np.int64]:
        """Outputs of an image, right at least where they are wanted, shape (m1 - m0, plane)."""
        context, made = self.context, self.context.shape
        width = made.columns.outputs
        lines = Span(wanted.first // width, -(-wanted.last // width))
        values = view.image(box.group, image).astype(np.int64)
        out = np.zeros((made.filters, made.rows.outputs, width), dtype=np.int64)
        stored = context.stored_filters(view, box.group, values=True)
        filters = [held for held in stored if held.m0 < box.m1 and held.m1 > box.m0]
        for at in (at for at in context.passes if at[:2] == (box.group, image)):
            part = context.parts[at.part]
            for number in self._near(at, lines):
                tiles = part.tiles[number]
                inputs = tile_inputs(values, tiles, context.machine.components.inputs.run.value)
                p, q = (slice(tile.window.first, tile.window.last) for tile in tiles)
                for held in filters:
                    window, place = (held.count, *part.windows[number]), context.places(at, number)
                    sums = accumulate(context.element, held.weights, inputs, place, window)
                    out[held.m0 : held.m1, p, q] += sums
        return out[box.m0 : box.m1].reshape(box.m1 - box.m0, -1)

    def _near(self, at: Pass, lines: Span) -> list[int]:
        """Elements whose window has one of some lines of outputs."""
        part = self.context.parts[at.part]
        return [
            n
            for n in self.context.work(at)
            if part.tiles[n][0].window.overlap(lines) and 0 not in part.windows[n]
        ]


def lower(machine: Cartesian, layer: Layer) -> CartesianLayer:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InputError
        The layer's weights do not satisfy the pattern it declares.
    InfeasibleError
        No mapping fits the machine.
    """
    layer.check_pattern()
    found = context(machine, GemmView(layer))
    mask, provenance = lowered.outputs_mask(found.view)
    return CartesianLayer(found, Outputs(found, mask), provenance)
