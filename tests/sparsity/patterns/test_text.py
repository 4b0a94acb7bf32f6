from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.patterns import Family, Hss, Pattern, Unstructured, parse


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("dense", "dense"),
        (" recorded ", "recorded"),
        ("unstructured(0.50)", "unstructured(0.5)"),
        ("unstructured( 1 / 3 )", "unstructured(1/3)"),
        ("unstructured(1)", "unstructured(1)"),
        ("unstructured(0.0)", "unstructured(0)"),
        ("unstructured(0.0625)", "unstructured(0.0625)"),
        ("2:4", "2:4"),
        ("C0(2:4)", "2:4"),
        ("C1( 4:8 ) -> C0(2:4)", "C1(4:8)->C0(2:4)"),
        ("C2(1:2)->C1(3:4)->C0(2:4)", "C2(1:2)->C1(3:4)->C0(2:4)"),
        ("C1(4:{4..8})->C0(2:{2..4})", "C1(4:{4..8})->C0(2:{2..4})"),
        ("2:{8,4,6,4}", "2:{4,6,8}"),
        ("{1..2}:{4..6,8}", "{1,2}:{4..6,8}"),
        ("2:{4}", "2:4"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert parse(text).text == canonical
    assert parse(canonical) == parse(text)


RANKS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 9)).map(lambda r: (r[0], r[0] + r[1])), min_size=1
)
SETS = st.tuples(
    st.sets(st.integers(1, 6), min_size=1, max_size=3), st.sets(st.integers(6, 20), min_size=1, max_size=3)
)


@settings(deadline=None, derandomize=True)
@given(
    st.one_of(
        st.fractions(0, 1, max_denominator=10**18).map(Unstructured),
        RANKS.map(lambda ranks: Hss(tuple(ranks))),
        st.lists(SETS, min_size=1, max_size=3)
        .filter(lambda ranks: any(len(kept) * len(lengths) > 1 for kept, lengths in ranks))
        .map(lambda ranks: Family(tuple((tuple(sorted(k)), tuple(sorted(h))) for k, h in ranks))),
    )
)
def test_text_round_trips(pattern: Pattern) -> None:
    assert parse(pattern.text) == pattern


@pytest.mark.parametrize(
    ("text", "column", "rule"),
    [
        ("", 1, "not the end of the text"),
        ("dens", 1, "did you mean 'dense'"),
        ("2:", 3, "expected a rule G:H"),
        ("5:4", 1, "every G must be at most every H"),
        ("0:4", 1, "between 1 and 65536"),
        ("2:4 4", 5, "expected the end of the text"),
        ("C1(4:8)", 8, "numbered down to C0"),
        ("C1(4:8)->C2(2:4)", 10, "expected C0"),
        ("C1(4:8)->C0[2:4]", 12, "expected '('"),
        ("unstructured", 13, "expected '(' and a density"),
        ("unstructured(1.5)", 14, "between 0 and 1"),
        ("unstructured(1/0)", 14, "divided by 0"),
        ("unstructured(0.0000000000000000001)", 14, "finer than"),
        ("2:{8..4}", 4, "must run upwards"),
        ("2:{4 5}", 6, "expected ',' or '}'"),
        ("{1..300}:{300..600}", 1, "90300 members"),
        ("2:99999999999", 3, "between 1 and 65536"),
    ],
)
def test_errors_name_column_rule_and_an_example(text: str, column: int, rule: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.startswith(f"pattern {text!r}, column {column}: ")
    assert rule in message
    assert "'C1(4:8)->C0(2:4)'" in message


def test_what_yaml_makes_of_an_unquoted_rule_is_explained() -> None:
    with pytest.raises(InputError, match=r"pattern 124: .*write '2:4' in quotes"):
        parse(124)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(alphabet="C01249(){}:.,->/ densructo", max_size=24))
def test_any_text_is_a_pattern_or_one_error(text: str) -> None:
    try:
        pattern = parse(text)
    except InputError:
        return
    assert parse(pattern.text) == pattern


def test_reading_a_pattern_imports_no_compiler() -> None:
    code = "import sys, simulator.sparsity.patterns as p; p.parse('2:4'); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_density_is_exact() -> None:
    assert parse("unstructured(0.1)").density == Fraction(1, 10)
    assert parse("C1(3:4)->C0(2:4)").density == Fraction(3, 8)
