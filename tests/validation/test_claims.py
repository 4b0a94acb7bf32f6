"""A claim that does not hold is seen, whatever its kind."""

from __future__ import annotations

from fractions import Fraction

import pytest

from validation.claims import Claim, highlight, information, mean_error, skipped, within


def test_highlight() -> None:
    claims = list(highlight.claims())
    assert len(claims) == 2 * 15 + 3 * 4 + 2 * 4
    assert [c for c in claims if not c.holds] == []


def relative(expected: int, measured: int, tolerance: Fraction) -> Claim:
    return Claim("x", Fraction(expected), Fraction(measured), "cycles", tolerance, "arithmetic")


def test_deviation_is_relative_and_judged() -> None:
    assert relative(100, 103, Fraction(2, 100)).deviation == Fraction(3, 100)
    assert relative(100, 103, Fraction(2, 100)).verdict == "fails"
    assert relative(100, 98, Fraction(2, 100)).verdict == "holds"
    assert relative(0, 0, Fraction(0)).holds
    assert not relative(0, 1, Fraction(1, 2)).holds


def test_a_tolerance_in_the_unit_holds_at_its_edge() -> None:
    for measured, holds in ((97, False), (98, True), (102, True), (103, False)):
        claim = within("x", 100, measured, "cycles", 2, "arithmetic")
        assert claim.deviation == measured - 100
        assert claim.holds == holds


def test_information_is_never_judged() -> None:
    row = information("x", 300, "cycles", "ours", expected=100)
    assert (row.deviation, row.verdict, row.holds) == (2, "information", True)
    assert information("x", 300, "cycles", "ours").deviation is None


def test_what_is_skipped_says_why() -> None:
    claim = skipped("x", "no data", "nowhere")
    assert (claim.verdict, claim.holds, claim.note, claim.deviation) == ("skipped", True, "no data", None)


def test_the_mean_is_of_absolute_errors() -> None:
    rows = [relative(100, 104, Fraction(0)), information("y", 94, "1", "ours", expected=100)]
    claim = mean_error("mean", rows, Fraction(5, 100), "arithmetic")
    assert claim.measured == Fraction(5, 100)
    assert claim.holds
    assert not mean_error("mean", rows, Fraction(49, 1000), "arithmetic").holds
    for bad in ([], [information("z", 1, "1", "ours")], [relative(0, 1, Fraction(0))]):
        with pytest.raises(ValueError, match=r"mean|error"):
            mean_error("mean", bad, Fraction(1), "arithmetic")


def test_a_judged_claim_needs_both_numbers() -> None:
    with pytest.raises(ValueError, match="needs both numbers"):
        Claim("x", None, Fraction(1), "1", Fraction(0), "arithmetic")
