"""Fullest blocks by words against blocks counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.sparsity.fibers import block_counts
from simulator.sparsity.fullest import along, down, of_rows
from simulator.sparsity.spans import column_counts, occupied, row_counts, stored, tile_sums

masks = st.builds(
    lambda shape, density, seed: np.random.default_rng(seed).random(shape) < density,
    st.tuples(st.integers(1, 12), st.integers(1, 300)),
    st.sampled_from([0.0, 0.03, 0.3, 0.9]),
    st.integers(0, 99),
)
lengths = st.lists(st.sampled_from([1, 2, 3, 4, 8, 37, 63, 64]), min_size=1, max_size=3).map(tuple)
lengths = lengths | st.sampled_from([(4,), (4, 1), (4, 2), (4, 4), (4, 8), (4, 16), (4, 3), (4, 8, 2)])


def plain(mask: np.ndarray, ranks: tuple[int, ...]) -> tuple[int, ...]:
    found = []
    for length in ranks:
        counts = block_counts(mask, length)
        found.append(int(counts.max(initial=0)))
        mask = counts != 0
    return tuple(found)


@pytest.mark.nojit
@settings(deadline=None)
@given(masks, lengths)
def test_fullest_blocks_of_rows_and_columns(mask: np.ndarray, ranks: tuple[int, ...]) -> None:
    assert along(mask, ranks) == plain(mask, ranks)
    assert along(np.asfortranarray(mask), ranks) == plain(mask, ranks)
    assert down(mask.T, ranks) == plain(mask, ranks)
    assert of_rows(mask, ranks[0]).tolist() == block_counts(mask, ranks[0]).max(axis=1).tolist()


@pytest.mark.nojit
@settings(deadline=None)
@given(masks, st.integers(1, 9), st.integers(1, 40), st.integers(0, 9))
def test_spans_count_what_is_in_them(mask: np.ndarray, length: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    edges = np.array([0, *sorted(rng.integers(0, len(mask), 2).tolist()), len(mask)])
    elements, blocks = occupied(mask, edges, length)
    order = rng.permutation(len(mask))
    counts = column_counts(mask, order, edges)
    for s in range(len(edges) - 1):
        span = mask[edges[s] : edges[s + 1]]
        assert (elements[s] == span.sum(axis=0)).all()
        assert (blocks[s] == (block_counts(np.ascontiguousarray(span.T), length) != 0).sum(axis=1)).all()
        assert (counts[s] == mask[order[edges[s] : edges[s + 1]]].sum(axis=0)).all()
    value, element, block = (int(x) for x in rng.integers(0, 40, 3))
    rest = rng.integers(0, 40, len(edges) - 1, dtype=np.int32)
    data, metadata = stored(mask, edges, length, (value, element, block), rest)
    assert data.dtype == metadata.dtype == np.int32
    assert (data == elements * value).all()
    assert (metadata == elements * element + blocks * block + rest[:, None]).all()
    starts = np.arange(0, mask.shape[1], columns)
    assert (row_counts(mask, columns) == np.add.reduceat(mask, starts, axis=1, dtype=np.int64)).all()
    for bits in (data, np.broadcast_to(data[:, :1], data.shape)):
        assert (tile_sums(bits, columns) == np.add.reduceat(bits, starts, axis=1, dtype=np.int64)).all()


def test_no_more_is_looked_at_than_is_asked_for() -> None:
    rng = np.random.default_rng(3)
    for density in (0.05, 0.3, 0.9):
        mask = rng.random((50, 70)) < density
        for most in ((1, 1), (2, 3), (4, 4)):
            whole, part = along(mask, (4, 4)), along(mask, (4, 4), most)
            over = any(a > b for a, b in zip(whole, most, strict=True))
            assert any(a > b for a, b in zip(part, most, strict=True)) == over
            assert over or part == whole
