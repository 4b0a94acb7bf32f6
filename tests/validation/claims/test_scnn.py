"""SCNN's claims on small layers: what they count, and what they would not accept."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import simulator
from validation.claims import scnn
from validation.oracles.cartesian import Tile


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(scnn.LAYERS, "small", (8, 4, 16, 3))
    monkeypatch.setattr(scnn, "MAIN", "small")
    return "small"


def test_effectual_products_are_the_pairs_that_land() -> None:
    rng = np.random.default_rng(1)
    weights, inputs = rng.random((2, 3, 3, 3)) < 0.5, rng.random((1, 3, 5, 5)) < 0.6
    tile = Tile((1, 1), (1, 1), (1, 1), (3, 3), (0, 0), ((0, 5), (0, 5)), (0, 0))
    pairs = sum(
        tile.landing((int(y), int(x)), (int(r), int(s))) is not None
        for _, c, r, s in np.argwhere(weights)
        for y, x in np.argwhere(inputs[0, c])
    )
    assert scnn.effectual(simulator.conv2d(weights, inputs, padding=1)) == pairs


def test_products_are_conserved_and_the_machine_loses_when_dense(small: str) -> None:
    claim = scnn.conserved(Fraction(1, 2))
    assert claim.holds
    assert claim.expected
    assert scnn.relative(small, Fraction(3, 10)) < scnn.relative(small, Fraction(1))


def test_the_break_even_lies_between_the_points_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cycles = {Fraction(8, 10): Fraction(9, 10), Fraction(9, 10): Fraction(11, 10), Fraction(1): Fraction(2)}
    monkeypatch.setattr(scnn, "DENSITIES", tuple(cycles))
    monkeypatch.setattr(scnn, "relative", lambda _name, density: cycles[density])
    *_, claim = scnn.crossing("any")
    assert claim.measured == Fraction(85, 100)
    assert claim.holds
    cycles |= {Fraction(8, 10): Fraction(2)}
    *_, claim = scnn.crossing("any")
    assert claim.measured == 1
    assert not claim.holds


@pytest.mark.usefixtures("small")
def test_conflicts_are_worth_more_with_fewer_banks() -> None:
    found = [
        scnn.per_step({"accumulators.banks": banks, "accumulators.entries": entries}, Fraction(1, 2))
        for banks, entries in (("8", "128"), ("32", "32"), ("128", "32"))
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] > 1
