"""Dense: every element may be non-zero."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.fibers import check_axis, check_mask
from simulator.sparsity.patterns.magnitude import magnitudes
from simulator.sparsity.patterns.pattern import Pattern, Violation


@dataclass(frozen=True)
class Dense(Pattern):
    """No rule: any mask satisfies it, generated masks are all ones, pruning keeps everything."""

    @property
    def text(self) -> str:
        """See :class:`Pattern`."""
        return "dense"

    @property
    def density(self) -> Fraction:
        """See :class:`Pattern`."""
        return Fraction(1)

    @property
    def block(self) -> int:
        """See :class:`Pattern`."""
        return 1

    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """See :class:`Pattern`; always None."""
        check_axis(check_mask(mask).ndim, axis)
        return None

    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """See :class:`Pattern`."""
        check_axis(len(shape), axis)
        return np.ones(shape, dtype=np.bool_)

    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """See :class:`Pattern`."""
        check_axis(magnitudes(values).ndim, axis)
        return np.ones(values.shape, dtype=np.bool_)
