"""Runs worked by hand: zeros stored for long runs, blocks that do not fit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.formats import RunLength


def test_long_runs_store_zeros_of_their_own() -> None:
    row = np.array([[0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0]], dtype=np.int8)
    encoded = RunLength(2).encode(row)
    # 2 zeros, 7; 7 zeros are 3 and a zero of its own, then 3, then 9; the end needs nothing
    assert encoded.data.tolist() == [7, 0, 9]
    assert encoded.metadata["run"].entries.tolist() == [2, 3, 3]
    assert (encoded.data_bits.tolist(), encoded.metadata_bits.tolist()) == ([24], [6])
    assert RunLength(2).decode(encoded).tolist() == row.tolist()


def test_a_run_of_the_longest_and_one_more() -> None:
    for zeros, stored in ((3, 1), (4, 2), (7, 2), (8, 3)):
        assert RunLength(2).bits(np.array([[False] * zeros + [True]]), 8).data.tolist() == [8 * stored]


def test_blocks_start_anew_and_are_padded() -> None:
    row = np.array([[0, 0, 0, 5, 0, 0, 6, 0, 0, 0, 0, 0]], dtype=np.int8)
    encoded = RunLength(2, 6, 2).encode(row)
    assert encoded.data.tolist() == [5, 0, 6, 0]
    assert encoded.metadata["run"].entries.tolist() == [3, 0, 0, 0]
    assert RunLength(2, 6, 2).decode(encoded).tolist() == row.tolist()


def test_two_bits_hold_all_pairs_of_six() -> None:
    pairs = list(itertools.combinations(range(6), 2))
    rows = np.array([[7 * (k == a) + 9 * (k == b) for k in range(6)] for a, b in pairs])
    form = RunLength(2, 6, 2)
    assert form.holds(rows != 0)
    encoded = form.encode(rows)
    fields = encoded.metadata["run"].entries.reshape(-1, 2).tolist()
    assert encoded.data.tolist() == [7, 9] * 15
    assert len({tuple(field) for field in fields}) == 15
    # runs of 4 are the two that would not fit: 2, 3 and 3, 2 lead beyond the block and stand for them
    assert (fields[pairs.index((0, 5))], fields[pairs.index((4, 5))]) == ([2, 3], [3, 2])
    plain = [i for i, (a, b) in enumerate(pairs) if a < 4 and b - a < 5]
    assert [fields[i] for i in plain] == [[pairs[i][0], pairs[i][1] - pairs[i][0] - 1] for i in plain]
    assert form.decode(encoded).tolist() == rows.tolist()


def test_every_block_of_six_with_at_most_two_comes_back() -> None:
    rows = np.array([row for row in itertools.product((0, 5), repeat=6) if sum(row) <= 10])
    assert len(rows) == 1 + 6 + 15
    for form in (RunLength(2, 6, 2), RunLength(3, 6, 2), RunLength(2, 6, 3)):
        assert form.decode(form.encode(rows)).tolist() == rows.tolist()
    assert (
        RunLength(2, 6, 2).decode(RunLength(2, 6, 2).encode(rows[:, :5][:7])).tolist()
        == rows[:, :5][:7].tolist()
    )


def test_a_block_that_needs_a_zero_too_many() -> None:
    rows = np.array([[0, 1, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1, 1]])
    form = RunLength(2, 8, 2)
    assert not form.holds(rows != 0)
    assert RunLength(3, 8, 2).holds(rows != 0)
    with pytest.raises(
        InputError, match=r"block 0 of fiber \(0\) needs 3 values with runs up to 3, blocks have 2"
    ):
        form.encode(rows)


@pytest.mark.parametrize("arguments", [(0,), (17,), (2, 6), (2, 6, 7), (2, 6, 0), (2, None, 2)])
def test_what_is_no_run_length_format(arguments: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        RunLength(*arguments)


@pytest.mark.parametrize(
    "form", [(1, 4, 2), (2, 4, 1), (2, 8, 4), (2, 8, 2), (3, 8, 2), (3, 16, 4), (2, 6, 2)]
)
@pytest.mark.parametrize("coordinates", [48, 45])
def test_blocks_store_a_value_for_every_run_that_is_too_long(
    form: tuple[int, int, int], coordinates: int
) -> None:
    rng, kind = np.random.default_rng(5), RunLength(*form)
    _, length, slots = form
    mask = rng.random((200, coordinates)) < rng.choice([0.05, 0.3, 0.7], (200, 1))
    stored = kind._stored(mask)
    special = kind.longest == length - slots - 1 and length > 2 * slots + 1 and slots > 1
    alone = length - slots if special else None
    for row, counts in zip(mask, stored, strict=True):
        for block, count in enumerate(counts.tolist()):
            some = np.zeros(length, dtype=bool)
            part = row[block * length : (block + 1) * length]
            some[: len(part)] = part
            ones = np.flatnonzero(some)
            runs = np.diff(ones, prepend=-1) - 1
            escaped = alone is not None and int((~some).sum()) == alone
            more = [int(run) // (kind.longest + 1) for run in runs if not (escaped and run == alone)]
            assert count == len(ones) + sum(more)
