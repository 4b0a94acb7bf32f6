"""The interval log: what it says is int64, what it keeps is small."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from simulator.record.intervals import BINS, IntervalLog, bin_width
from simulator.record.states import STATES


@pytest.mark.parametrize(("width", "size"), [(1, 1), (128, 1), (256, 2), (1 << 16, 4), (1 << 32, 8)])
def test_a_count_takes_as_few_bytes_as_the_width_needs(width: int, size: int) -> None:
    counts = np.zeros((len(STATES), BINS), dtype=np.int64)
    counts[0], counts[2, ::2] = width, width - 1
    log = IntervalLog(width, counts)
    assert log.counts.dtype == np.int64
    assert np.array_equal(log.counts, counts)
    assert log.totals() == dict(zip(STATES, counts.sum(axis=1).tolist(), strict=True))
    assert len(pickle.dumps(log)) < size * counts.size + 1000
    assert log == pickle.loads(pickle.dumps(log))


def test_what_is_kept_is_the_logs_own() -> None:
    counts = np.ones((len(STATES), 3), dtype=np.int64)
    log = IntervalLog(1, counts)
    counts[:] = 0
    log.counts[:] = 0
    assert log.totals() == dict.fromkeys(STATES, 3)
    assert log != IntervalLog(1, counts)
    assert log != IntervalLog(2, log.counts)
    assert log != "log"


def test_no_bins_and_what_no_log_may_hold() -> None:
    assert IntervalLog(1, np.zeros((len(STATES), 0), dtype=np.int64)).totals() == dict.fromkeys(STATES, 0)
    wrong = np.array([[-1], [200]])
    assert np.array_equal(IntervalLog(1, wrong).counts, wrong)
    assert [bin_width(cycles) for cycles in (0, BINS, BINS + 1, 4 * BINS)] == [1, 1, 2, 4]
