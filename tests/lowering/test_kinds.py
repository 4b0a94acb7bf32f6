"""Visits told by kind mean the same items as one block after the other; streams told at once are those told alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering.test_blocks import varied

from simulator.lowering import blocks, kinds
from simulator.lowering.flows import FIELDS, serve
from simulator.lowering.streams import stream


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 7), st.booleans())
def test_telling_keeps_every_item(order: list[int], turn: int, small: bool) -> None:
    pool = [varied(0), varied(1), varied(2), *(blocks.plain([(n, n, 4, 1, 1, 0)]) for n in (3, 2))]
    if small:
        pool = [blocks.plain([(1 + n, 1, 1, 1, 1, n)]) for n in range(5)]
    expected = [item for kind in order for item in pool[kind].items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kinds, "MOST", 5)
        patch.setattr(kinds, "VALUES", 12)
        told = list(kinds.tell(np.array(order), kinds.Blocks.of(pool), turn))
    assert [item for chunk in told for item in chunk.items()] == expected


def test_what_a_visit_counts_itself_is_counted_with_its_last_item() -> None:
    pool = [blocks.plain([(5, 1, 1, 1, 1, 1)]), blocks.plain([(2, 1, 1, 1, 1, 2), (1, 1, 1, 1, 1, 3)])]
    order, actions = np.array([1, 0, 1]), np.array([[10], [20], [30]])
    (chunk,) = kinds.tell(order, kinds.Blocks.of(pool), 2, actions)
    assert [item[-1] for item in chunk.items()] == [2, 2, 13, 1, 1, 1, 1, 21, 2, 2, 33]
    assert chunk.told == len(chunk.sequence) == 5
    assert chunk.times.tolist() == [1, 2, 2]


def test_every_block_is_in_the_table_once() -> None:
    pool = [varied(0), blocks.plain([(5, 1, 1, 1, 1, 1)])]
    order = np.tile([0, 1, 1, 0], kinds.MOST)
    told = list(kinds.tell(order, kinds.Blocks.of(pool), 4))
    assert len(told) == 4
    assert all(len(chunk.runs) == sum(len(block.runs) for block in pool) for chunk in told)


def test_equal_single_runs_are_one() -> None:
    pool = [blocks.plain([(3, 1, 1, 1, 1, 1)]), blocks.plain([(2, 2, 2, 1, 1, 1)])]
    (chunk,) = kinds.tell(np.array([0, 0, 1, 0]), kinds.Blocks.of(pool), 1)
    assert chunk.runs[:, 0].tolist() == [6, 2, 3]


@pytest.mark.nojit
@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3)), min_size=1, max_size=40), st.booleans())
def test_kinds_tell_rows_apart(rows: list[tuple[int, int]], wide: bool) -> None:
    a, b = np.array(rows).T
    columns = (a * (1 << 40 if wide else 1), b, a * (1 << 50 if wide else 3))
    order, first = kinds.kinds(*columns)
    table = np.stack(columns, axis=1)
    assert (table[np.array(first)][order] == table).all()
    assert len(first) == len({tuple(row) for row in table.tolist()})
    assert all(order[place] == kind and kind not in order[:place] for kind, place in enumerate(first))


@pytest.mark.nojit
@settings(deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(1, 4),
    st.sampled_from([1, 8, 24, 512]),
)
def test_streams_told_at_once(seed: int, windows: int, columns: int, abreast: int, row: int) -> None:
    rng = np.random.default_rng(seed)
    bits = (rng.integers(0, 99, (windows, columns)) * (rng.random() < 0.8)).astype(np.int32)
    cut, half = int(rng.integers(0, windows)), int(rng.integers(0, columns))
    spans = np.array([[0, cut, 0, columns], [cut, windows, half, columns]], dtype=np.int64)[int(cut == 0) :]
    steps = (spans[:, 1] - spans[:, 0]) * -(-(spans[:, 3] - spans[:, 2]) // abreast)
    begin = 2 * (np.cumsum(steps) - steps)
    vectors, found = np.zeros(2 * int(steps.sum()), np.int32), np.zeros((len(spans), FIELDS), np.int64)
    serve(bits, spans, abreast, row, begin, vectors, found)
    for (w0, w1, n0, n1), at, count, numbers in zip(spans, begin, steps, found, strict=True):
        part = bits[w0:w1, n0:n1]
        alone = stream(
            np.add.reduceat(part, np.arange(0, n1 - n0, abreast), axis=1, dtype=np.int64).ravel(), row
        )
        known = (alone.rows, alone.bits, alone.held, alone.steps, alone.last_take, alone.last_release)
        assert tuple(numbers.tolist()) == known
        assert (vectors[at : at + count] == np.resize(alone.takes, count)).all()
        before = slice(at + count, at + 2 * count - 1)
        assert (vectors[before] == np.resize(alone.releases, count)[:-1]).all()


def test_plain_blocks_leave_out_what_is_empty() -> None:
    made = kinds.Blocks.plain([[(3, 1, 1, 1, 1, 7), (0, 9, 9, 9, 9, 9)], [(1, 2, 2, 1, 1, 0)]])
    one_by_one = kinds.Blocks.of([blocks.plain([(3, 1, 1, 1, 1, 7)]), blocks.plain([(1, 2, 2, 1, 1, 0)])])
    for name in ("runs", "varies", "counts", "vectors", "values"):
        np.testing.assert_array_equal(getattr(made, name), getattr(one_by_one, name))


@pytest.mark.parametrize("stretches", [1, 1024])
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12).filter(
        lambda x: any(u for _, u in x)
    )
)
def test_pieces_of_vectors(stretches: int, pieces: list[tuple[int, bool]]) -> None:
    counts, used = (np.array(part) for part in zip(*pieces, strict=True))
    vectors = np.arange(int(counts.sum()), dtype=np.int32)
    begin = np.cumsum(counts) - counts
    expected = [
        x for at, count, use in zip(begin, counts, used, strict=True) if use for x in range(at, at + count)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kinds, "_STRETCHES", stretches)
        assert kinds._pieces(vectors, begin[used], counts[used]).tolist() == expected
