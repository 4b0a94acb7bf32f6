"""Sparse decomposed quantization, slowly: sums in Python integers vector by vector, SparseGPT by inverting what is left.

After coordinates 0 .. k - 1 are settled, H^-1 of the coordinates from k on is the inverse of that part of H. Dropping w[k] costs
w[k]**2 / H^-1[k, k] and moves the rest by -w[k] / H^-1[k, k] times the row of k (Frantar and Alistarh, arXiv 2301.00774, eq. 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def outputs(weights: Any, inputs: Any) -> list[list[int]]:
    """Sum over terms and vectors of (scale scale 2**(e + e')) (sum of code code), of tuples of `Scaled`."""
    rows, columns = len(weights[0].codes), len(inputs[0].codes)
    found = [[0] * columns for _ in range(rows)]
    for w, x in zip(weights, inputs, strict=True):
        for m in range(rows):
            for n in range(columns):
                for v in range(w.scales.shape[1]):
                    at = range(v * w.vector, (v + 1) * w.vector)
                    dot = sum(int(w.codes[m, k]) * int(x.codes[n, k]) for k in at)
                    scale = int(w.scales[m, v]) * int(x.scales[n, v])
                    found[m][n] += dot * scale << int(w.shifts[m] + x.shifts[n])
    return found


def sparsegpt(
    weights: NDArray[np.float64], rule: tuple[int, int], hessian: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights kept N of M, row by row; `hessian` is damped already."""
    kept, length = rule
    found = weights.copy()
    depth = weights.shape[1]
    inverses = [np.linalg.inv(hessian[k:, k:]) for k in range(depth)]
    for row in found:
        for start in range(0, depth, length):
            cost = [row[k] ** 2 / inverses[k][0, 0] for k in range(start, start + length)]
            drop = np.argsort(np.array(cost), kind="stable")[: length - kept] + start
            for k in range(start, start + length):
                if k in drop:
                    inverse = inverses[k]
                    row[k:] -= row[k] / inverse[0, 0] * inverse[0]
                    row[k] = 0.0
    return found
