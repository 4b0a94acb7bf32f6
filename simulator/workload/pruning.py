"""Which weights a pattern keeps: by magnitude, along K = (R, S, C) flattened with channels fastest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.patterns import Pattern, parse
from simulator.workload.matrix import flat_weights


def keep(weights: NDArray[Any], pattern: str | Pattern) -> NDArray[np.bool_]:
    """Mask of the weights a pattern keeps.

    Parameters
    ----------
    weights : ndarray, shape (M, K) or (M, C, R, S)
    pattern : str or Pattern

    Returns
    -------
    ndarray of bool, of the weights' shape

    Raises
    ------
    InputError
        No pattern, or values that are not finite.
    """
    rule = parse(pattern) if isinstance(pattern, str) else pattern
    mask = rule.prune(np.ascontiguousarray(flat_weights(weights)), axis=-1)
    if weights.ndim == 2:
        return mask
    m, c, r, s = weights.shape
    return np.ascontiguousarray(mask.reshape(m, r, s, c).transpose(0, 3, 1, 2))
