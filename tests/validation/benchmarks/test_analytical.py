"""The benchmark of mappings measures what it says, and there are enough of them a second for a search."""

from __future__ import annotations

import numpy as np

from validation.benchmarks import analytical


def test_mappings_multiply_to_the_product() -> None:
    many = analytical.mappings(50)
    assert ((many.temporal * many.x * many.y).prod(axis=1) == analytical.SIZE).all()
    assert (np.sort(many.order, axis=2) == np.arange(3)).all()


def test_arrays_evaluate_ten_thousand_mappings_a_second() -> None:
    """A tenth of what is measured on one core; both points, with mappings that fit among them."""
    many = analytical.mappings(2000)
    for sparse in (False, True):
        base = analytical.point(sparse)
        assert 20 < analytical.evaluate(base, many).fits.sum() < 2000
        seconds = min(analytical.median(lambda base=base: analytical.evaluate(base, many)) for _ in range(3))
        assert 2000 / seconds > 10_000


def test_one_at_a_time_and_arrays_are_told_per_mode() -> None:
    rows = analytical.rates(500, 2)
    assert {row[1] for row in rows} == set(analytical.MODES)
    assert all(alone > 0 for _, _, alone, _ in rows)
    assert [batched is not None for _, mode, _, batched in rows] == [row[1] == "default" for row in rows]
