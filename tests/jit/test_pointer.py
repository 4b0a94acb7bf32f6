"""Elements of an array in a row, compiled or not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.jit import kernel, pointer


@kernel
def _reversed(array: NDArray[np.int64], out: NDArray[np.int64]) -> None:
    source, to = pointer(array), pointer(out)
    for n in range(array.size):
        to[n] = source[array.size - 1 - n]


@pytest.mark.nojit
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 0, 3), (2, 3, 4)])
def test_elements_in_a_row(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    out = np.zeros_like(array)
    _reversed(array, out)
    assert np.array_equal(out.reshape(-1), array.reshape(-1)[::-1])


def test_only_of_contiguous_arrays() -> None:
    with pytest.raises(ValueError, match="not in a row"):
        pointer(np.zeros((3, 4)).T)
