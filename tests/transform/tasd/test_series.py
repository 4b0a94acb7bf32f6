from fractions import Fraction

import pytest

from simulator import InputError
from simulator.transform.tasd import Series, parse


@pytest.mark.parametrize("text", ["2:4", "2:4+2:8", "1:8+1:8+2:8", "4:8+1:8", "2:4+4:8", "3:8+5:16"])
def test_text_is_read_and_printed_the_same(text: str) -> None:
    assert parse(text).text == text
    assert parse(f"  {text.replace('+', ' + ')} ") == parse(text)
    assert parse(parse(text)) == parse(text)


def test_cost_and_length() -> None:
    assert parse("2:4+2:8").cost == Fraction(3, 4)
    assert parse("2:4+2:8").length == 8
    assert parse("1:6+1:4").length == 12


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "is no term N:M"),
        ("2:4+", "is no term N:M"),
        ("2/4", "is no term N:M"),
        ("-1:4", "is no term N:M"),
        ("0:4", "N must be 1 to M"),
        ("5:4", "N must be 1 to M"),
        ("3:4+2:4", "keep 5 of every 4: at most 4"),
        ("4:4+1:8", "nothing is left"),
        ("1:63+1:62", "at most 64"),
        ("1:128", "at most 64"),
    ],
)
def test_a_bad_series_is_one_clear_error(text: str, rule: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert rule in str(caught.value)
    assert "series" in str(caught.value)


def test_other_things_are_no_series() -> None:
    with pytest.raises(InputError, match="must be text"):
        parse(4)
    with pytest.raises(InputError, match="at least one term"):
        Series(())
