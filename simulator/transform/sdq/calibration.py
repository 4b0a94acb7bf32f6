"""What calibration activations say of a layer's inputs: the norm of every coordinate of K, and the Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError

Floats = NDArray[np.float64]
DAMPING = 0.01
"""Share of the Gram matrix' mean diagonal that is added to it; SparseGPT's own default."""

_ROWS = 1 << 14


@dataclass(frozen=True, eq=False)
class Calibration:
    """Sums over samples x of a layer's inputs.

    Attributes
    ----------
    norms : ndarray of float64, shape (K,)
        sqrt of the sum of x[k]**2.
    gram : ndarray of float64, shape (K, K), or None
        Sum of x x^T; what SparseGPT needs.
    samples : int
    """

    norms: Floats
    gram: Floats | None
    samples: int

    @classmethod
    def of(cls, activations: NDArray[Any], gram: bool = True) -> Calibration:
        """Of activations, shape (..., K).

        Raises
        ------
        InputError
            No samples, or values that are not finite real numbers.
        """
        checked(activations, "calibration activations")
        samples = activations.reshape(-1, activations.shape[-1])
        if not len(samples):
            raise InputError("calibration activations: there are no samples")
        depth = samples.shape[1]
        squares, product = np.zeros(depth), np.zeros((depth, depth)) if gram else None
        for start in range(0, len(samples), _ROWS):
            x = samples[start : start + _ROWS].astype(np.float64)
            squares += (x * x).sum(axis=0)
            if product is not None:
                product += x.T @ x
        return cls(np.sqrt(squares), product, len(samples))

    @cached_property
    def upper(self) -> Floats:
        """Upper Cholesky factor U of the inverse of the damped Gram matrix H, H^-1 = U^T U, shape (K, K).

        H = X X^T + damping mean(diag X X^T) I; a coordinate that never fires counts as if its square were 1.

        Raises
        ------
        InputError
            The Gram matrix was not kept.
        """
        if self.gram is None:
            raise InputError("sparsify by sparsegpt: needs the Gram matrix of the calibration activations")
        hessian = self.gram.copy()
        diagonal = np.einsum("kk->k", hessian)
        diagonal[diagonal == 0.0] = 1.0
        diagonal += DAMPING * diagonal.mean()
        return np.ascontiguousarray(np.linalg.cholesky(np.linalg.inv(hessian)).T)


def checked(values: NDArray[Any], name: str) -> NDArray[Any]:
    """`values`, if they are finite real numbers along at least one axis; InputError otherwise."""
    if not isinstance(values, np.ndarray) or values.ndim == 0 or values.dtype.kind not in "fiu":
        told = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
        raise InputError(f"{name}: must be an array of real numbers, not {told}")
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise InputError(f"{name}: element {place} is {values[place]}; every value must be finite")
    return values
