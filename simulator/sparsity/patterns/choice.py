"""Which member of a family a mask is in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.patterns.pattern import Pattern


def best_choice(pattern: Pattern, mask: NDArray[np.bool_], axis: int = -1) -> Pattern | None:
    """The sparsest member of `pattern` that `mask` satisfies along `axis`, or None.

    Of members of equal density the first of :meth:`Pattern.choices` is taken. Every member is checked by
    itself: a mask of one (H1, H0) need not satisfy another of higher density.

    Raises
    ------
    InputError
        `mask` is not boolean, or has no such axis.
    """
    best: Pattern | None = None
    for member in reversed(pattern.choices()):
        if best is not None and member.density != best.density:
            break
        if member.satisfied(mask, axis):
            best = member
    return best
