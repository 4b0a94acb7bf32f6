"""Registers that hand their values on give the matrix product."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.datapath.systolic import outputs


@pytest.mark.nojit
@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
@pytest.mark.parametrize("array", [(1, 1), (1, 5), (3, 2), (4, 4), (16, 16)])
def test_any_array(dataflow: str, array: tuple[int, int]) -> None:
    rng = np.random.default_rng(array[0])
    for shape in ((1, 1, 1), (4, 4, 4), (9, 5, 7), (2, 17, 6)):
        m, k, n = shape
        weights, inputs = rng.integers(-9, 10, (m, k)), rng.integers(-9, 10, (k, n))
        assert np.array_equal(outputs(dataflow, *array, weights, inputs), weights @ inputs)
