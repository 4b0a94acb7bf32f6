from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.fibers import (
    as_fibers,
    block_counts,
    check_mask,
    check_seed,
    fiber_chunks,
    fiber_counts,
    fiber_index,
    from_fibers,
)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 4), st.integers(0, 200), st.integers(1, 90), st.integers(0, 9))
def test_block_counts_are_the_sums_of_slices(fibers: int, coords: int, length: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((fibers, coords)) < 0.7
    counts = block_counts(mask, length)
    assert counts.shape == (fibers, -(-coords // length))
    for fiber in range(fibers):
        for block in range(counts.shape[1]):
            assert counts[fiber, block] == mask[fiber, block * length : (block + 1) * length].sum()
    assert fiber_counts(mask).tolist() == mask.sum(axis=1).tolist()


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_fibers_run_along_the_axis_and_back(axis: int) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    rows = as_fibers(array, axis)
    assert (from_fibers(rows, array.shape, axis) == array).all()
    for fiber in range(len(rows)):
        index = list(fiber_index(fiber, array.shape, axis))
        index.insert(axis % 3, slice(None))
        assert (array[tuple(index)] == rows[fiber]).all()


def test_chunks_cover_all_fibers_once() -> None:
    parts = list(fiber_chunks(10, 1 << 20))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(10))
    assert len(parts) == 5
    assert list(fiber_chunks(0, 5)) == []


def test_an_axis_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"axis 2: an array of 2 axes has axes -2\.\.1"):
        as_fibers(np.ones((2, 2)), 2)
    with pytest.raises(InputError, match="scalar"):
        as_fibers(np.array(1.0), 0)


def test_values_are_not_masks() -> None:
    with pytest.raises(InputError, match="not an array of int64; write `values != 0`"):
        check_mask(np.arange(3))


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_seeds_are_whole_numbers(seed: object) -> None:
    with pytest.raises(InputError, match="whole number >= 0"):
        check_seed(seed)
