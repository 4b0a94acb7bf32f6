"""Row traffic of streams against a walk bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.lowering.streams import largest, spread, stream


def walk(bits: list[int], row: int) -> tuple[list[int], list[int], int]:
    """Oracle: rows touched for the first time and rows left behind, one step at a time."""
    takes, releases, held, position, taken, freed = [], [], 0, 0, 0, 0
    for width in bits:
        position += width
        need = -(-position // row)
        takes.append(need - taken)
        taken = need
        held = max(held, taken - freed)
        done = position // row
        releases.append(done - freed)
        freed = done
    releases[-1] += taken - freed
    return takes, releases, held


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60), st.sampled_from([64, 512]))
def test_stream_equals_the_walk(bits: list[int], row: int) -> None:
    if not any(bits):
        bits[-1] = 1
    takes, releases, held = walk(bits, row)
    flow = stream(np.array(bits), row)
    steps = len(bits)
    assert [*list(np.resize(flow.takes, steps)[:-1]), flow.last_take] == takes
    assert [*list(np.resize(flow.releases, steps)[:-1]), flow.last_release] == releases
    assert flow.held == held
    assert flow.rows == sum(takes) == sum(releases)


@pytest.mark.parametrize("width", [64, 80, 120, 128, 168, 224, 256])
def test_uniform_streams_are_told_in_one_period(width: int) -> None:
    steps = 1000
    flow = stream(np.full(steps, width), 512)
    takes, releases, _ = walk([width] * steps, 512)
    assert len(flow.takes) == 512 // np.gcd(512, width)
    assert list(np.resize(flow.takes, steps)[:-1]) == takes[:-1]
    assert list(np.resize(flow.releases, steps)[:-1]) == releases[:-1]


def test_a_stream_without_bits_still_reads_one_row() -> None:
    flow = stream(np.zeros(5, dtype=np.int64), 512)
    assert (flow.rows, flow.last_take, flow.last_release, flow.bits) == (1, 1, 1, 1)


@given(st.integers(1, 500), st.integers(1, 500))
def test_spread_serves_in_proportion(total: int, over: int) -> None:
    parts = spread(total, over)
    assert parts.sum() == total
    assert parts.min() >= 0
    for item in range(over):
        assert parts[: item + 1].sum() == -(-(item + 1) * total // over)


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 25), st.integers(0, 99))
def test_the_fullest_piece(windows: int, columns: int, each: int, seed: int) -> None:
    sums = np.random.default_rng(seed).integers(0, 1 << 40, (2, 3, windows, columns))
    pieces = [sums[:, :, first : first + each].sum(axis=2) for first in range(0, windows, each)]
    assert largest(sums, each).tolist() == np.max(pieces, axis=(0, 2, 3)).tolist()
    assert (
        largest(sums[:, ::2, :, ::-1], each).tolist()
        == np.max(pieces, axis=0)[:, ::2].max(axis=(1, 2)).tolist()
    )
