"""A layer on an array that keeps rows of filters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.row_stationary import Slide, outputs
from simulator.datapath.verify import Box
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.row_stationary import RowStationary
from simulator.lowering import addresses, lowered
from simulator.lowering.row_stationary.blocking import blocking
from simulator.lowering.row_stationary.context import Context
from simulator.lowering.row_stationary.network import build
from simulator.lowering.row_stationary.programs import fetched
from simulator.plan import Plan
from simulator.sparsity.formats import RunLength
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class RowStationaryLayer:
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`.

    Attributes
    ----------
    context : Context
    provenance : str
        Where the non-zeros of the outputs are from.
    """

    context: Context
    provenance: str

    @cached_property
    def plan(self) -> Plan:
        """The network and its items."""
        return build(self.context)

    @property
    def view(self) -> GemmView:
        """The layer's matrices."""
        return self.context.view

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return self.context.lanes

    @cached_property
    def macs(self) -> dict[str, int]:
        """Dense, effectual and issued multiplications; a zero, gated or not, is issued."""
        view, context, effectual = self.view, self.context, 0
        for group in range(view.groups):
            weights = view.weights_mask(group).sum(axis=0, dtype=np.int64)
            for k in range(0, view.K, 256):
                last = min(view.K, k + 256)
                inputs = view.inputs_mask(group, k, last, 0, view.N).sum(axis=1, dtype=np.int64)
                effectual += int(weights[k:last] @ inputs)
        columns = context.blocking.shape.columns.outputs
        cycles = sum(context.blocking.cycles(at) for at in context.passes) * columns
        dense = lowered.dense(view)
        return {"dense": dense, "effectual": effectual, "slots": self.lanes * cycles}

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, self.context.mask)

    @cached_property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        context = self.context
        moved = {
            tensor: sum(size for size, _ in fetched(context, tensor)) for tensor in ("weights", "inputs")
        }
        return {
            "dram": {**moved, "outputs": sum(context.output_bytes(at) for at in context.passes if at.end)}
        }

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        made = self.context.blocking
        return {
            "weights_pattern": "dense",
            "inputs_format": "run_length",
            "outputs_format": "run_length",
            "mapping": f"{made.filters} x {made.channels} (filters x channels) in an element, "
            f"{made.filter_sets} x {made.channel_sets} sets; strips of {made.strip} rows, bands of {made.band}; "
            f"inputs {'kept' if made.kept else 'streamed'}",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        memory = addresses.assumptions(self.context.machine.components.dram)
        return f"output non-zeros: {self.provenance}", *memory

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """A box of outputs: inputs through their runs, rows of filters over rows of inputs, sums down the columns."""
        made = self.context.blocking.shape
        rows, columns, gemm = made.rows.outputs, made.columns.outputs, view.layer.einsum.operation == "gemm"
        taps = made.rows.taps, made.columns.taps
        flat = view.weights(box.group, box.m0, box.m1).astype(np.int64)
        weights = flat.reshape(len(flat), *taps, made.channels).transpose(0, 3, 1, 2)
        axes = [
            (getattr(made.rows, name), getattr(made.columns, name))
            for name in ("stride", "dilation", "padding")
        ]
        out = np.zeros((len(flat), box.n1 - box.n0), dtype=np.int64)
        first, last = box.n0 // columns, -(-box.n1 // columns)
        for image in range(first // rows, -(-last // rows)):
            values = view.image(box.group, image).astype(np.int64)
            stored = self._through_runs(values.transpose(0, 2, 1) if gemm else values)
            wanted = range(max(first - image * rows, 0), min(last - image * rows, rows))
            found = outputs(Slide(*axes), weights, stored, wanted, columns).reshape(len(flat), -1)
            start = (image * rows + wanted.start) * columns
            low, high = max(start, box.n0), min(start + found.shape[1], box.n1)
            out[:, low - box.n0 : high - box.n0] = found[:, low - start : high - start]
        return out

    def _through_runs(self, image: NDArray[np.int64]) -> NDArray[np.int64]:
        coded = RunLength(self.context.machine.components.coding.run.value)
        fibers = np.ascontiguousarray(image).reshape(-1, image.shape[2])
        decoded: NDArray[np.int64] = coded.decode(coded.encode(fibers)).reshape(image.shape)
        return decoded


def lower(machine: RowStationary, layer: Layer) -> RowStationaryLayer:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InputError
        The layer's weights do not satisfy the pattern it declares.
    InfeasibleError
        The layer does not fit the machine.
    """
    layer.check_pattern()
    view = GemmView(layer)
    try:
        found = blocking(machine, layer.einsum)
    except InfeasibleError as error:
        raise InfeasibleError(f"layer {layer.name!r} on {error}") from None
    mask, provenance = lowered.outputs_mask(view)
    return RowStationaryLayer(Context(machine, view, found, mask), provenance)
