"""What every lowering hands over, whatever the machine's organisation."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.verify import Box
from simulator.plan import Plan
from simulator.workload.matrix import GemmView


class Lowered(Protocol):
    """A layer ready to run."""

    @property
    def plan(self) -> Plan:
        """The network and its items."""
        ...

    @property
    def view(self) -> GemmView:
        """The layer's matrices."""
        ...

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        ...

    @property
    def macs(self) -> dict[str, int]:
        """Multiplications: `dense` (all of the einsum), `effectual` (both operands non-zero), `slots` (issued:
        lanes x busy steps).
        """
        ...

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        ...

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """Bytes per memory and tensor; ``dram`` has weights, inputs and outputs."""
        ...

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words; at least `weights_pattern`, `inputs_format`, `outputs_format`, `mapping`."""
        ...

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        ...

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """A box of outputs through the datapath's own selection logic, operands through their stored format first.

        Parameters
        ----------
        view : GemmView
            The layer's matrices in the integers to compute with.
        box : Box

        Returns
        -------
        ndarray of int64, shape (m1 - m0, n1 - n0)
        """
        ...


def nonzeros(view: GemmView, outputs: NDArray[np.bool_] | None) -> dict[str, tuple[int, int]]:
    """Per tensor: non-zero elements and elements; without a mask all outputs are non-zero."""
    tensors = {"weights": view.layer.weights, "inputs": view.layer.inputs}
    counts = {name: (tensor.nonzeros, tensor.size) for name, tensor in tensors.items()}
    size = view.groups * view.M * view.N
    return counts | {"outputs": (size if outputs is None else int(np.count_nonzero(outputs)), size)}


def outputs_mask(view: GemmView) -> tuple[NDArray[np.bool_] | None, str]:
    """Recorded non-zeros of the outputs, shape (groups, M, N), and where they are from; None: every output counts."""
    layer = view.layer
    if layer.outputs_mask is None:
        return None, "declared dense"
    mask = np.asarray(layer.outputs_mask.mask)
    if mask.ndim == 2:
        return mask[None], layer.outputs_provenance
    batch, channels, *_spatial = mask.shape
    grouped = mask.reshape(batch, view.groups, channels // view.groups, -1)
    return grouped.transpose(1, 2, 0, 3).reshape(view.groups, view.M, view.N), layer.outputs_provenance
