"""Columns of a picture hold exactly the cycles of the interval log."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.record.intervals import IntervalLog
from simulator.record.states import STATES
from simulator.report.columns import columns


def log(cycles: int, width: int, seed: int = 0) -> IntervalLog:
    bins = -(-cycles // width)
    rng = np.random.default_rng(seed)
    counts = np.zeros((len(STATES), bins), dtype=np.int64)
    for i in range(bins):
        size = min(width, cycles - i * width)
        counts[:, i] = rng.multinomial(size, np.ones(len(STATES)) / len(STATES))
    return IntervalLog(width, counts)


@pytest.mark.parametrize(("cycles", "width"), [(1, 1), (7, 1), (4096, 1), (5001, 2), (100_003, 32)])
@pytest.mark.parametrize("per_column", [0.1, 1.0, 3.7, 100.0, 1e9])
def test_nothing_is_lost(cycles: int, width: int, per_column: float) -> None:
    found = columns(log(cycles, width), cycles, per_column)
    assert found.counts.sum(axis=1).tolist() == log(cycles, width).counts.sum(axis=1).tolist()
    assert np.array_equal(found.counts.sum(axis=0), np.diff(found.edges))
    assert (found.edges[0], found.edges[-1]) == (0, cycles)
    assert np.allclose(found.shares.sum(axis=0), 1)
    assert np.diff(found.edges).max() <= max(per_column, width)


def test_columns_by_hand() -> None:
    counts = np.zeros((len(STATES), 5), dtype=np.int64)
    counts[0], counts[1] = [2, 1, 0, 2, 1], [0, 1, 2, 0, 0]
    found = columns(IntervalLog(2, counts), 9, 4.5)
    assert found.edges.tolist() == [0, 4, 8, 9]
    assert found.counts[:2].tolist() == [[3, 2, 1], [1, 2, 0]]


def test_equal_neighbours_merge_into_the_same_picture() -> None:
    counts = np.zeros((len(STATES), 6), dtype=np.int64)
    counts[0], counts[1] = [2, 2, 1, 1, 2, 1], [0, 0, 1, 1, 0, 0]
    found = columns(IntervalLog(2, counts), 11, 2).merged()
    assert found.edges.tolist() == [0, 4, 8, 11]
    assert found.counts[:2].tolist() == [[4, 2, 3], [0, 2, 0]]


def test_merging_keeps_every_cycle() -> None:
    full = columns(log(5001, 2), 5001, 10)
    assert full.merged().counts.sum(axis=1).tolist() == full.counts.sum(axis=1).tolist()
