"""N of M along K: by magnitude, by Wanda, by SparseGPT.

    magnitude   keep the N largest |W[m, k]| of a block
    Wanda       keep the N largest |W[m, k]| ||x[k]||                               Sun et al., arXiv 2306.11695, eq. 1
    SparseGPT   keep the N largest W[m, k]**2 / U[k, k]**2 when the block is reached, and after every coordinate k dropped
                W[m, j] -= W[m, k] / U[k, k] U[k, j]   for j >= k               Frantar and Alistarh, arXiv 2301.00774, section 3

U is the upper Cholesky factor of the inverse of the damped Gram matrix of the inputs X: its rows are those of the inverses of what
is left of it when k is reached. Coordinates that never fire are dropped first. Ties go to the lower coordinate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.transform.sdq.calibration import Calibration, checked

Floats = NDArray[np.float64]
_COLUMNS = 128


def sparsify(
    weights: NDArray[Any], rule: tuple[int, int], method: str, calibration: Calibration | None = None
) -> Floats:
    """Keep N of every M weights along K.

    Parameters
    ----------
    weights : ndarray of real numbers, shape (M, K)
    rule : (int, int)
        N, M.
    method : str
        ``magnitude``, ``wanda`` or ``sparsegpt``; empty: keep all.
    calibration : Calibration, optional
        Of the layer's inputs; Wanda and SparseGPT need it.

    Returns
    -------
    ndarray of float64, shape (M, K)
        SparseGPT changes the weights it keeps.

    Raises
    ------
    InputError
        An unknown method, a block that does not divide K, values that are not finite, calibration that is missing or of another K.
    """
    values = matrix(weights, rule[1])
    if not method or rule[0] == rule[1]:
        return values
    if method == "magnitude":
        return np.where(largest(np.abs(values), *rule), values, 0.0)
    if method not in ("wanda", "sparsegpt"):
        raise InputError(f"sparsify by {method!r}: choices: magnitude, wanda, sparsegpt")
    known = needed(calibration, method, values.shape[1])
    if method == "wanda":
        return np.where(largest(np.abs(values) * known.norms, *rule), values, 0.0)
    return _updated(values, rule, known)


def matrix(weights: NDArray[Any], block: int) -> Floats:
    """Weights as float64, checked: a matrix whose K the block divides."""
    checked(weights, "weights")
    if weights.ndim != 2:
        raise InputError(f"weights: must be a matrix (M, K), not {weights.shape}")
    if weights.shape[1] % block or not weights.size:
        raise InputError(f"weights {weights.shape}: K = {weights.shape[1]} is not a multiple of {block}")
    return weights.astype(np.float64)


def needed(calibration: Calibration | None, method: str, depth: int) -> Calibration:
    """Calibration of a K of `depth`, or InputError."""
    if calibration is None:
        raise InputError(f"sparsify by {method}: needs calibration activations")
    if len(calibration.norms) != depth:
        raise InputError(
            f"calibration activations have {len(calibration.norms)} coordinates, the weights' K is {depth}"
        )
    return calibration


def largest(scores: Floats, kept: int, length: int) -> NDArray[np.bool_]:
    """The `kept` largest of every `length` along the last axis; ties go to the lower coordinate."""
    blocks = scores.reshape(*scores.shape[:-1], -1, length)
    order = np.argsort(-blocks, axis=-1, kind="stable")[..., :kept]
    mask = np.zeros(blocks.shape, dtype=np.bool_)
    np.put_along_axis(mask, order, True, axis=-1)
    return mask.reshape(scores.shape)


def _updated(weights: Floats, rule: tuple[int, int], known: Calibration) -> Floats:
    """SparseGPT; see the module. Columns are worked off in groups, what follows a group is updated once."""
    kept, length = rule
    values, upper = weights.copy(), known.upper
    values[:, known.norms == 0.0] = 0.0
    width = max(1, _COLUMNS // length) * length
    for start in range(0, values.shape[1], width):
        stop = min(start + width, values.shape[1])
        errors = np.zeros((len(values), stop - start))
        mask = np.zeros((len(values), stop - start), dtype=np.bool_)
        for k in range(start, stop):
            if k % length == 0:
                block = slice(k, k + length)
                scores = (values[:, block] / np.diagonal(upper)[block]) ** 2
                mask[:, k - start : k - start + length] = largest(scores, kept, length)
            wrong = np.where(mask[:, k - start], 0.0, values[:, k]) / upper[k, k]
            values[:, k:stop] -= wrong[:, None] * upper[k, k:stop]
            errors[:, k - start] = wrong
        values[:, start:stop] = np.where(mask, values[:, start:stop], 0.0)
        values[:, stop:] -= errors @ upper[start:stop, stop:]
    return values
