"""Drawn tensors hold what was declared."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.drawing import draw, tensor
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product, access

SIZES = {"m": 6, "k": 32, "n": 5}


def _access(name: str, *ranks: str) -> Access:
    return access(name, tuple(((rank, 1),) for rank in ranks), SIZES)


@pytest.mark.parametrize("density", [Fraction(0), Fraction(1, 3), Fraction(73, 100), Fraction(1)])
def test_hypergeometric_tensors_hold_exactly_their_share(density: Fraction) -> None:
    drawn = tensor(_access("A", "m", "k"), Occupancy("hypergeometric", density), 3)
    assert np.count_nonzero(drawn) == math.ceil(6 * 32 * density)
    assert drawn.shape == (6, 32)
    assert abs(drawn).max() <= 7


@pytest.mark.parametrize(
    ("density", "group"), [(Fraction(1, 2), 2), (Fraction(1, 4), 4), (Fraction(3, 8), 8)]
)
def test_structured_tensors_hold_it_in_every_group(density: Fraction, group: int) -> None:
    drawn = tensor(_access("A", "m", "k"), Occupancy("fixed-structured", density), 3) != 0
    assert (drawn.reshape(-1, group).sum(axis=1) == density * group).all()
    assert len({tuple(row) for row in drawn.reshape(-1, group)}) > 1


def test_what_is_left_over_is_rounded() -> None:
    drawn = tensor(_access("A", "n"), Occupancy("fixed-structured", Fraction(1, 2)), 0)
    assert np.count_nonzero(drawn[:4]) == 2


def test_a_band_is_full_and_alone() -> None:
    drawn = tensor(_access("A", "m", "n"), Occupancy("banded", Fraction(1, 2), 1), 0) != 0
    assert [int(row.sum()) for row in drawn] == [2, 3, 3, 3, 2, 1]


def test_a_draw_is_of_its_seed_and_name_only() -> None:
    a, b, z = _access("A", "m", "k"), _access("B", "k", "n"), _access("Z", "m", "n")
    declared = {name: Occupancy("hypergeometric", Fraction(1, 3)) for name in "AB"}
    one = draw(Product("gemm", tuple(SIZES.items()), (a, b), z), declared, 7)
    other = draw(Product("gemm", tuple(SIZES.items()), (b, a), z), declared, 7)
    assert set(one) == {"A", "B"}
    assert all((one[name] == other[name]).all() for name in one)
    assert (one["A"] != draw(Product("gemm", tuple(SIZES.items()), (a, b), z), declared, 8)["A"]).any()


def test_actual_tensors_are_given() -> None:
    with pytest.raises(InputError, match="'A': its occupancy is that of actual data"):
        tensor(_access("A", "m", "k"), Occupancy("actual", Fraction(1, 3)))
