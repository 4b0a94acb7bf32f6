"""Local outliers: of every block of M weights the N largest, so that outliers and inliers are both structured.

An outlier is judged by

    magnitude    |W[m, k]|
    product      |W[m, k]| ||x[k]||, when activations were recorded
    error        |W[m, k] - q(W[m, k])|, q the inliers' number format with the block's largest weight at its top

A threshold over the whole tensor (LLM.int8(), SpQR) leaves blocks with many outliers and blocks with none; hardware of N:M could
run neither part. Source: Jeong et al., SDQ (arXiv 2406.13868); which metric it prefers is not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.numbers import resolve
from simulator.transform.sdq.calibration import Calibration
from simulator.transform.sdq.name import Config
from simulator.transform.sdq.rounding import rounded
from simulator.transform.sdq.sparsify import largest, needed

Floats = NDArray[np.float64]
METRICS = ("magnitude", "product", "error")


def split(
    weights: Floats, config: Config, metric: str = "magnitude", calibration: Calibration | None = None
) -> tuple[Floats, ...]:
    """Cut sparsified weights into the terms of a configuration.

    Parameters
    ----------
    weights : ndarray of float64, shape (M, K)
        At most N of every M along K are not zero.
    config : Config
    metric : str
        ``magnitude``, ``product`` or ``error``.
    calibration : Calibration, optional
        Needed by ``product``.

    Returns
    -------
    tuple of ndarray of float64, shape (M, K)
        A tensor per term; their supports are disjoint and their sum is `weights`.

    Raises
    ------
    InputError
        An unknown metric, or no calibration where it is needed.
    """
    if metric not in METRICS:
        raise InputError(f"outliers by {metric!r}: choices: {', '.join(METRICS)}")
    if len(config.terms) == 1:
        return (weights,)
    outliers, inliers = config.terms
    scores = np.abs(weights)
    if metric == "product":
        scores = scores * needed(calibration, "product", weights.shape[1]).norms
    elif metric == "error":
        number = resolve(inliers.weights)
        blocks = weights.reshape(len(weights), -1, outliers.length)
        step = np.abs(blocks).max(axis=2, keepdims=True) / number.top
        step[step == 0.0] = 1.0
        scores = np.abs(blocks - rounded(blocks / step, number) * step).reshape(weights.shape)
        scores += np.abs(weights) * 1e-9  # of equal errors the larger weight, and none that is zero
    mask = largest(scores, outliers.kept, outliers.length)
    return np.where(mask, weights, 0.0), np.where(mask, 0.0, weights)
