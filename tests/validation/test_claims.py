"""Every claim holds, and a claim that does not is seen."""

from __future__ import annotations

from fractions import Fraction

from validation.claims import Claim, highlight


def test_highlight() -> None:
    claims = list(highlight.claims())
    assert len(claims) == 2 * 15 + 3 * 4 + 2 * 4
    assert [c for c in claims if not c.holds] == []


def test_deviation_is_relative_and_judged() -> None:
    claim = Claim("x", Fraction(100), Fraction(103), "cycles", Fraction(2, 100), "arithmetic")
    assert claim.deviation == Fraction(3, 100)
    assert not claim.holds
    assert Claim("x", Fraction(0), Fraction(0), "1", Fraction(0), "arithmetic").holds
