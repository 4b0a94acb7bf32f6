from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import UnitError
from simulator.units import parse, parse_ratio


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("64 KiB", "byte", 65536),
        ("64 kB", "byte", 64000),
        ("1 Mib", "byte", 131072),
        ("8 b", "bit", 8),
        ("2 B", "bit", 16),
        ("1.5 KiB", "byte", 1536),
        ("1_024 B", "byte", 1024),
        ("1 GHz", "Hz", 10**9),
        ("1e3 cycle", "cycle", 1000),
        ("100cycles", "cycle", 100),
        ("4 words", "word", 4),
    ],
)
def test_whole_quantities(text: str, dimension: str, value: int) -> None:
    assert parse(text, dimension) == value


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("42 B/cycle", "byte/cycle", Fraction(42)),
        ("4 b/cycle", "byte/cycle", Fraction(1, 2)),
        ("0.072 pJ", "pJ", Fraction(9, 125)),
        ("1 fJ", "pJ", Fraction(1, 1000)),
        ("250 um2", "mm2", Fraction(1, 4000)),
    ],
)
def test_exact_ratios(text: str, dimension: str, value: Fraction) -> None:
    assert parse_ratio(text, dimension) == value


@pytest.mark.parametrize(
    ("text", "dimension", "rule"),
    [
        (64, "byte", "needs a unit, for example '16 B'"),
        (True, "byte", "needs a unit"),
        ("64", "byte", "needs a unit, for example '64 B'"),
        ("64 KiC", "byte", "unknown byte unit 'KiC'"),
        ("64 B", "cycle", "unknown cycle unit 'B'"),
        ("64 B", "byte/cycle", "must be one of byte/cycle"),
        ("64 B/cycle", "byte", "must be one of byte"),
        ("-4 B", "byte", "expected '<number> <unit>'"),
        ("4 kcycle", "cycle", "unknown cycle unit"),
        ("nan B", "byte", "expected '<number> <unit>'"),
        ("1e99 B", "byte", "larger than 2**62"),
        ("", "byte", "expected '<number> <unit>'"),
    ],
)
def test_refusals_show_the_value_and_the_rule(text: object, dimension: str, rule: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_ratio(text, dimension)
    assert str(caught.value).startswith(repr(text))
    assert rule in str(caught.value)


def test_a_fraction_of_a_byte_is_no_size() -> None:
    with pytest.raises(UnitError, match="whole number of bytes, not 1/2"):
        parse("4 b", "byte")


@given(st.integers(0, 2**40), st.sampled_from(["", "Ki", "Mi", "k", "M"]))
def test_prefixes_scale_exactly(number: int, prefix: str) -> None:
    scale = {"": 1, "Ki": 2**10, "Mi": 2**20, "k": 10**3, "M": 10**6}[prefix]
    assert parse(f"{number} {prefix}B", "byte") == number * scale


@given(st.text(max_size=20))
def test_any_other_text_is_refused_by_our_own_error(text: str) -> None:
    with contextlib.suppress(UnitError):
        assert parse_ratio(text, "byte") >= 0
