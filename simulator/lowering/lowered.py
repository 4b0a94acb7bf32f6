"""What every lowering hands over, whatever the machine's organisation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.verify import Box
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.components import Dram
from simulator.hardware.machine import Machine
from simulator.lowering import addresses
from simulator.plan import Plan
from simulator.workload.layer import Layer
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


@dataclass(frozen=True)
class Uncompressed(ABC):
    """What layers share whose outputs are all written, zero or not; see :class:`Lowered`.

    Attributes
    ----------
    plan : Plan
    view : GemmView
    outputs : ndarray of bool, shape (groups, M, N), or None
        Recorded non-zeros.
    provenance : str
        Where they are from.
    """

    plan: Plan
    view: GemmView
    outputs: NDArray[np.bool_] | None
    provenance: str

    @property
    @abstractmethod
    def dram(self) -> Dram:
        """Main memory of the machine."""

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return nonzeros(self.view, self.outputs)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        written = f"output non-zeros: {self.provenance}; every output is written"
        return written, *addresses.assumptions(self.dram)


@contextmanager
def told_of(layer: Layer, machine: Machine) -> Iterator[None]:
    """Errors raised inside say which layer does not fit which machine."""
    try:
        yield
    except (InfeasibleError, InputError) as error:
        raise type(error)(f"layer {layer.name!r} on {machine.name!r}: {error}") from None


def dense(view: GemmView) -> int:
    """Multiplications of the einsum."""
    return view.groups * view.M * view.N * view.K


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
