"""A part of a matrix product along K: the same matrices, coordinates k0 <= k < k1 only."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.matrix import GemmView


class Span(GemmView):
    """Coordinates of a view; K counts them from 0.

    Parameters
    ----------
    view : GemmView
        Of a matrix product.
    k0, k1 : int

    Raises
    ------
    InputError
        A convolution, or coordinates beyond K.
    """

    def __init__(self, view: GemmView, k0: int, k1: int) -> None:
        super().__init__(view.layer, view.seed)
        if view.layer.einsum.operation != "gemm":
            raise InputError(f"layer {view.layer.name!r}: K of a convolution cannot be cut in terms")
        self._check("K", k0, k1, self.K)
        self.K, self._start = k1 - k0, k0

    def _filters(self, group: int, what: str, m0: int, m1: int | None) -> NDArray[Any]:
        return super()._filters(group, what, m0, m1)[:, self._start : self._start + self.K]

    def _tile(self, what: str, group: int, k0: int, k1: int, n0: int, n1: int) -> NDArray[Any]:
        self._check("K", k0, k1, self.K)
        self._check("N", n0, n1, self.N)
        return self._matrix(what, self._start + k0, self._start + k1, n0, n1)
