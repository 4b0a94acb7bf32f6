"""The matrices of a layer whose weights or inputs are the sum of their terms, and the same with M and N in each other's place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.transform.tasd import Asked, decompose
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView
from simulator.workload.tensor import Tensor


class Recorded(GemmView):
    """A layer's matrices as they were recorded: no stand-ins, masks as ones."""

    def _seen(self, tensor: Tensor, what: str, box: NDArray[Any], first: int, pitch: int) -> NDArray[Any]:
        return np.asarray(box != 0) if what == "mask" else box


def magnitudes(view: GemmView, side: str, group: int, start: int, stop: int) -> NDArray[np.float64]:
    """Magnitudes of rows of weights, or of columns of inputs as rows, as recorded, shape (stop - start, K)."""
    found = (
        view.weights(group, start, stop)
        if side == "weights"
        else view.inputs(group, 0, view.K, start, stop).T
    )
    return np.ascontiguousarray(np.abs(found.astype(np.float64)))


class Kept(GemmView):
    """A layer's matrices without what no term takes.

    Parameters
    ----------
    layer : Layer
    asked : Asked
    seed : int
    """

    def __init__(self, layer: Layer, asked: Asked, seed: int = 0) -> None:
        super().__init__(layer, seed)
        self.asked = asked
        self.recorded = Recorded(layer)
        self._labels: tuple[tuple[int, int, int], NDArray[np.uint8]] | None = None

    def integers(self, seed: int) -> Kept:
        """The same matrices with stand-ins of another seed."""
        return Kept(self.layer, self.asked, seed)

    @property
    def operands(self) -> str:
        """What the operands are, in words."""
        return f"{super().operands}; {self.asked.side} as the sum of their terms {self.asked.series.text}"

    def labels(self, group: int, start: int, stop: int) -> NDArray[np.uint8]:
        """The term that takes each element, from 1 (0: none) of rows of weights or columns of inputs, shape (stop - start, K)."""
        key = group, start, stop
        if self._labels is None or self._labels[0] != key:
            if self.asked.side == "weights":
                values = self.recorded.weights(group, start, stop)
            else:
                values = np.ascontiguousarray(self.recorded.inputs(group, 0, self.K, start, stop).T)
            self._labels = key, decompose(values, self.asked.series, axis=1, pad=True).labels
        return self._labels[1]

    def _filters(self, group: int, what: str, m0: int, m1: int | None) -> NDArray[Any]:
        found = super()._filters(group, what, m0, m1)
        if self.asked.side != "weights":
            return found
        kept = self.labels(group, m0, self.M if m1 is None else m1) != 0
        return np.asarray(np.where(kept, found, np.zeros((), found.dtype)))

    @property
    def images(self) -> NDArray[np.bool_] | None:
        """See :class:`GemmView`; inputs that not all are kept are none."""
        return None if self.asked.side == "inputs" else super().images

    def _tile(self, what: str, group: int, k0: int, k1: int, n0: int, n1: int) -> NDArray[Any]:
        found = super()._tile(what, group, k0, k1, n0, n1)
        if self.asked.side != "inputs":
            return found
        kept = self.labels(group, n0, n1)[:, k0:k1].T != 0
        return np.asarray(np.where(kept, found, np.zeros((), found.dtype)))


class Turned(GemmView):
    """A layer's matrices with the inputs kept still and the weights streamed: Z^T = B^T A^T.

    Parameters
    ----------
    view : GemmView
    """

    def __init__(self, view: GemmView) -> None:
        super().__init__(view.layer, view.seed)
        self.view = view
        self.M, self.N = view.N, view.M

    @property
    def images(self) -> None:
        """What is streamed are weights."""
        return

    def _filters(self, group: int, what: str, m0: int, m1: int | None) -> NDArray[Any]:
        read = self.view.inputs if what == "values" else self.view.inputs_mask
        stop = self.M if m1 is None else m1
        return np.ascontiguousarray(read(group, 0, self.K, m0, stop).T)

    def _tile(self, what: str, group: int, k0: int, k1: int, n0: int, n1: int) -> NDArray[Any]:
        read = self.view.weights if what == "values" else self.view.weights_mask
        return read(group, n0, n1)[:, k0:k1].T

    def unique_inputs(self, group: int, k0: int, k1: int, n0: int, n1: int) -> tuple[int, int]:
        """(Elements, non-zeros) of a tile of the streamed operand."""
        tile = self.inputs_mask(group, k0, k1, n0, n1)
        return tile.size, int(np.count_nonzero(tile))

    @property
    def distinct(self) -> bool:
        """Weights are each their own element."""
        return True
