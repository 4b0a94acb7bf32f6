"""From states of cycles to interval logs."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.engine.reference.states import component_states, interval_log
from simulator.record.intervals import BINS, bin_width
from simulator.record.states import BLOCKED, BUSY, CONFLICT, DISABLED, DRAINED, REFILL, STARVED, STATES


@pytest.mark.parametrize("cycles", [0, 1, 100, BINS, BINS + 1, 3 * BINS, 5 * BINS + 3])
def test_bins_count_states(cycles: int) -> None:
    states = np.random.default_rng(cycles).integers(0, len(STATES), cycles).astype(np.uint8)
    log = interval_log(states)
    assert log.width == bin_width(cycles)
    assert log.counts.dtype == np.int64
    assert log.counts.shape == (len(STATES), -(-cycles // log.width))
    for at in range(log.counts.shape[1]):
        part = states[at * log.width : (at + 1) * log.width]
        assert log.counts[:, at].tolist() == [int((part == state).sum()) for state in range(len(STATES))]


def test_a_component_is_what_comes_first_among_its_programs() -> None:
    order = [BUSY, STARVED, CONFLICT, BLOCKED, DRAINED, DISABLED]
    for i, first in enumerate(order):
        for other in order[i:]:
            for pair in ([first, other], [other, first]):
                columns = [np.array([state], dtype=np.uint8) for state in pair]
                assert component_states(columns, 1).tolist() == [first]


def test_the_lowest_waiting_program_names_the_wait() -> None:
    columns = [
        np.array(states, dtype=np.uint8)
        for states in ([BLOCKED, REFILL], [STARVED, STARVED], [REFILL, BLOCKED])
    ]
    assert component_states(columns, 2).tolist() == [STARVED, REFILL]


def test_a_component_without_programs_is_disabled() -> None:
    assert component_states([], 3).tolist() == [DISABLED] * 3
