"""Runs of pieces against items told one by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.lowering import bursts
from simulator.lowering.kinds import Blocks

BURST, ROW, WORD = 32, 16, 4
sizes = st.lists(st.integers(0, 300), min_size=1, max_size=5)
Item = tuple[int, ...]


def told(blocks: Blocks) -> list[list[Item]]:
    """Items of every block."""
    return [list(blocks.gather(np.array([kind])).items()) for kind in range(len(blocks.counts))]


def split(size: int, least: int) -> list[int]:
    """Bytes of every burst of a piece."""
    count = max(1, -(-size // BURST))
    return [*[BURST] * (count - 1), max(least, size - (count - 1) * BURST)]


@pytest.mark.nojit
@settings(deadline=None)
@given(sizes, st.integers(1, 2))
def test_reads_and_writes(pieces: list[int], spaces: int) -> None:
    given_sizes = np.array(pieces, dtype=np.int64)
    for size, items in zip(pieces, told(bursts.reads(given_sizes, BURST, spaces)), strict=True):
        assert items == [
            (each, each, *[int(i == 0)] * (2 * spaces), 1, -(-each // 8))
            for i, each in enumerate(split(size, 1))
        ]
    for size, items in zip(pieces, told(bursts.writes(given_sizes, BURST)), strict=True):
        assert items == [(each, each, 1, 1, -(-each // 8)) for each in split(size, 0)]


@pytest.mark.nojit
@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20), st.integers(0, 90)), min_size=1, max_size=4)
)
def test_fills_in_proportion(pieces: list[tuple[int, int, int]]) -> None:
    blocks = bursts.fills(np.array(pieces, dtype=np.int64).T.copy(), BURST, ROW, WORD, 2)
    for (size, rows, metadata), items in zip(pieces, told(blocks), strict=True):
        count = max(1, -(-size // BURST))
        moved = [
            [b - a for a, b in pairwise(-(-i * total // count) for i in range(count + 1))]
            for total in (rows, -(-metadata // WORD))
        ]
        assert items == [
            (r * ROW + w * WORD, r * ROW + w * WORD, 1, 1, *[int(i == count - 1)] * 2, r, w)
            for i, (r, w) in enumerate(zip(*moved, strict=True))
        ]


@pytest.mark.nojit
@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from([4, 8, 16]), st.integers(0, 1), st.integers(0, 1)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0, WORD]),
)
def test_rows_of_streams(pieces: list[tuple[int, int, int, int]], word: int) -> None:
    blocks = bursts.rows(np.array(pieces, dtype=np.int64).T.copy(), ROW, word)
    for (count, tail, fetch, last), items in zip(pieces, told(blocks), strict=True):
        ends = [(i == 0, i == count - 1) for i in range(count)]
        assert items == [
            (size, size, fetch * begin, last * end, 1, last * end, int(not word), size // word if word else 0)
            for begin, end in ends
            for size in [tail if end else ROW]
        ]
