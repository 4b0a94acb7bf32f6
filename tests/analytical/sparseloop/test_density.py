"""Density models against direct counting of small cases."""

from __future__ import annotations

import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest

from simulator.analytical.sparseloop.density import (
    Counted,
    Hypergeometric,
    Structured,
    banded,
    density_model,
    empty_by_draw,
)
from simulator.errors import InputError
from simulator.workload.occupancy import Occupancy


@pytest.mark.parametrize(
    ("size", "nonzeros", "tile"), [(12, 5, 4), (12, 0, 3), (12, 12, 5), (300, 290, 40), (20, 7, 20)]
)
def test_hypergeometric_is_the_ratio_of_binomials(size: int, nonzeros: int, tile: int) -> None:
    model = Hypergeometric(size, nonzeros, nonzeros / size)
    found = model.distribution((tile,))
    for k in range(tile + 1):
        exact = Fraction(math.comb(nonzeros, k) * math.comb(size - nonzeros, tile - k), math.comb(size, tile))
        assert found.of(k) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)
    assert found.probability.sum() == pytest.approx(1)
    assert model.empty((tile,)) == pytest.approx(found.of(0), rel=1e-9)
    assert found.occupancy[0] >= model.least((tile,))
    assert found.occupancy[-1] == model.most((tile,))


def test_hypergeometric_counts_draws() -> None:
    """Every placement of 3 non-zeros among 6 elements is equally likely."""
    placements = list(itertools.combinations(range(6), 3))
    share = sum(not set(p) & {0, 1} for p in placements) / len(placements)
    assert empty_by_draw(6, np.array([3]), 2)[0] == pytest.approx(share)


def test_a_tile_of_a_million_elements_is_cheap() -> None:
    model = Hypergeometric(1 << 24, 1 << 22, 0.25)
    start = time.process_time()
    found = model.distribution((1 << 20,))
    model.empty_given((64,), (1 << 20,), found.occupancy)
    assert time.process_time() - start < 2
    assert found.mean == pytest.approx((1 << 20) / 4, rel=1e-6)
    assert found.probability.sum() == pytest.approx(1, abs=1e-6)


def test_structured_keeps_the_mean() -> None:
    model = Structured(0.3)
    found = model.distribution((4,))
    assert found.occupancy.tolist() == [1, 2]
    assert found.probability.tolist() == pytest.approx([0.8, 0.2])
    assert (model.least((4,)), model.most((4,))) == (1, 2)
    assert model.empty((2,)) == pytest.approx(0.4)
    assert model.empty((4,)) == 0
    assert model.empty_given((2,), (8,), np.array([2, 4])).tolist() == pytest.approx([0.5, 0])


def test_counted_tiles_start_at_multiples_and_are_whole() -> None:
    mask = np.array([[1, 0, 0, 0, 1], [0, 0, 0, 0, 1], [1, 1, 0, 1, 1], [1, 1, 0, 0, 1]], dtype=bool)
    model = Counted(mask)
    assert model.counts((2, 2)).tolist() == [[1, 0], [4, 1]]
    assert model.counts((8, 8)).tolist() == [[10]]
    assert model.empty((2, 2)) == 0.25
    assert (model.least((2, 2)), model.most((2, 2))) == (0, 4)
    assert model.empty_given((1, 1), (2, 2), np.array([0, 4])).tolist() == [1, 0]
    assert model.elements((1, 5), (1, 1)) == 4


def test_a_structured_tensor_is_counted_as_structured() -> None:
    mask = np.tile(np.array([1, 0, 1, 0], dtype=bool), (8, 2))
    counted, told = Counted(mask), Structured(0.5)
    for box in ((1, 4), (2, 8), (8, 8)):
        assert counted.distribution(box).occupancy.tolist() == told.distribution(box).occupancy.tolist()
        assert counted.empty(box) == told.empty(box)


def test_a_band_is_where_rows_and_columns_are_near() -> None:
    model = banded((8, 8), 1)
    assert model.scalar() == pytest.approx((8 + 2 * 7) / 64)
    assert model.empty((2, 2)) == pytest.approx(6 / 16)
    assert model.most((2, 2)) == 4


def test_data_are_asked_for_and_looked_at() -> None:
    told = Occupancy("actual")
    with pytest.raises(InputError, match=r"g: A: density 'actual' needs the tensor's data"):
        density_model(told, (2, 2), None, "g: A")
    with pytest.raises(InputError, match=r"shape \(2, 3\); the product says \(2, 2\)"):
        density_model(told, (2, 2), np.ones((2, 3), bool), "g: A")
    with pytest.raises(InputError, match="'banded' is of matrices"):
        density_model(Occupancy("banded", band_width=1), (2, 2, 2), None, "g: A")
