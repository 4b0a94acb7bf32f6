"""Recorded: the mask is what the data says, no rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import check_axis, check_mask
from simulator.sparsity.patterns.magnitude import magnitudes
from simulator.sparsity.patterns.pattern import Pattern, Violation


@dataclass(frozen=True)
class Recorded(Pattern):
    """Whatever was recorded: any mask satisfies it, nothing can be generated from it."""

    @property
    def text(self) -> str:
        """See :class:`Pattern`."""
        return "recorded"

    @property
    def density(self) -> None:
        """See :class:`Pattern`; the data knows, the pattern does not."""
        return

    @property
    def block(self) -> int:
        """See :class:`Pattern`."""
        return 1

    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """See :class:`Pattern`; always None."""
        check_axis(check_mask(mask).ndim, axis)
        return None

    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """Refused: there is no rule to draw from.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(
            "pattern 'recorded' has no rule to generate a mask from; "
            "give the data, or a pattern such as 'unstructured(0.5)'"
        )

    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """Keep what is not zero already."""
        size = magnitudes(values)
        check_axis(size.ndim, axis)
        return np.asarray(size != 0)
