"""Rows of filters over rows of inputs against a convolution written as loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from simulator.datapath.row_stationary import Slide, outputs


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(20))
def test_output_rows_are_those_of_the_convolution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stride, dilation, padding = ((int(x[0]), int(x[1])) for x in rng.integers((1, 1, 0), (3, 3, 3), (2, 3)).T)
    weights = rng.integers(-4, 5, tuple(rng.integers(1, 4, 4)))
    image = rng.integers(-4, 5, (weights.shape[1], *rng.integers(3, 8, 2)))
    rows, columns = range(int(rng.integers(0, 2)), 4), 5
    expected = np.zeros((len(weights), len(rows), columns), dtype=np.int64)
    for (k, i, q), (c, r, s) in product(np.ndindex(expected.shape), np.ndindex(weights.shape[1:])):
        y = stride[0] * rows[i] + dilation[0] * r - padding[0]
        x = stride[1] * q + dilation[1] * s - padding[1]
        if 0 <= y < image.shape[1] and 0 <= x < image.shape[2]:
            expected[k, i, q] += weights[k, c, r, s] * image[c, y, x]
    assert np.array_equal(outputs(Slide(stride, dilation, padding), weights, image, rows, columns), expected)
