"""Totals are exact, whatever the size of the sums."""

from __future__ import annotations

from networks import server

from simulator.engine.reference.totals import s0, s1
from simulator.plan import Plan


def test_totals_are_rounded_up_once() -> None:
    parts = (server("a", rate=(42, 1), group="g", lanes=3), server("b", rate=(42, 1), group="g", lanes=2))
    assert s0(Plan(parts, ()), [100, 110]) == {"g": 1}
    assert s0(Plan(parts, ()), [101, 110]) == {"g": 2}
    assert s1(Plan(parts, ()), [42, 43]) == [1, 2]


def test_totals_beyond_floating_point() -> None:
    parts = (server("a", rate=(3, 2)),)
    work = 3 * 2**60 + 1
    assert s0(Plan(parts, ()), [work]) == {"a": 2**61 + 1}
    assert s1(Plan(parts, ()), [work]) == [2**61 + 1]


def test_groups_take_the_largest_of_their_rates() -> None:
    rates = ((1, 1), (2, 2), (1, 3), (1, 0))
    parts = tuple(server(name, rate=rate, group="g") for name, rate in zip("abcd", rates, strict=True))
    assert s0(Plan(parts, ()), [10, 4, 2, 10**9]) == {"g": 7}
    assert s0(Plan(parts, ()), [10, 4, 3, 10**9]) == {"g": 9}
