"""DSTC's claims on small products: what is judged holds, and each mechanism takes its share."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from validation.claims import dstc, information, mean_error


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dstc, "SIZE", 256)
    monkeypatch.setattr(dstc, "SEEDS", 2)


def rows(conflicts: bool) -> dict[dstc.Point, Fraction]:
    base = dstc.described()
    made = base if conflicts else replace(base, bank_rows=base.tile_rows)
    return {at: dstc.relative(made, at, 0, 256) for at in dstc.TIMES if at != dstc.DENSE}


def test_the_published_times_are_met_and_only_with_conflicts() -> None:
    errors = {}
    for conflicts in (True, False):
        found = rows(conflicts)
        claims = [information(str(at), found[at], "1", "ours", dstc.published(at)) for at in found]
        errors[conflicts] = mean_error("mean", claims, dstc.TOLERANCE, "ours")
    assert errors[True].holds
    assert not errors[False].holds


def test_conflicts_cost_more_as_density_falls() -> None:
    """Of the dense product they cost nothing."""
    base = dstc.described()
    apart = replace(base, bank_rows=base.tile_rows)
    cost = [
        dstc.cycles(base, at, 0, 256) / dstc.cycles(apart, at, 0, 256)
        for at in ((10, 10), (9, 10), (5, 10), (3, 10))
    ]
    assert cost[0] == 1
    assert cost == sorted(cost)
    assert cost[-1] > 1.05


@pytest.mark.usefixtures("small")
def test_a_point_says_how_far_its_seeds_spread() -> None:
    claim = dstc.point((5, 4), dstc.described())
    assert claim.expected == Fraction(1480, 4600)
    assert "2 seeds spread by" in claim.note


def test_the_truth_of_one_unit_is_its_service_time_and_little_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items one behind the other; tiles of K = 128 wait for the first operands and for the drain."""
    monkeypatch.setattr(dstc, "SIZE", 128)
    for at in ((10, 10), (3, 4)):
        work = dstc.cycles(dstc.described(), at, 0, 128)
        assert work < dstc.truth(at, dstc.ALONE) < work + 16 * 60 + 200
