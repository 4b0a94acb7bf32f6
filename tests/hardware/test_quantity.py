from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from simulator.hardware.quantity import Bits, Bytes, BytesPerCycle, Capacity, Count, Cycles, Quantity


def test_a_leaf_keeps_text_and_origin() -> None:
    leaf = BytesPerCycle.model_validate({"value": "42 B/cycle", "source": "a paper"})
    assert (leaf.value, leaf.text, leaf.source, leaf.assumed) == (Fraction(42), "42 B/cycle", "a paper", None)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (Count, 1, 2**20),
        (Cycles, "1 cycle", f"{2**31 - 1} cycle"),
        (Bits, "1 b", "1024 b"),
        (Bytes, "1 B", f"{2**40} B"),
        (Capacity, "0 B", f"{2**40} B"),
        (BytesPerCycle, f"1/{2**20} B/cycle", f"{2**20} B/cycle"),
    ],
)
def test_both_edges_of_every_range(kind: type[Quantity], low: int | str, high: int | str) -> None:
    for text in (low, high):
        if "/1" not in str(text):
            kind.model_validate({"value": text, "assumed": "x"})
    for text in (_step(low, -1), _step(high, 1)):
        with pytest.raises(ValidationError):
            kind.model_validate({"value": text, "assumed": "x"})


def _step(text: int | str, by: int) -> int | str:
    if isinstance(text, int):
        return text + by
    number, unit = text.split(" ")
    return f"{int(number) + by} {unit}" if number.isdigit() else f"0 {unit}"


@pytest.mark.parametrize("origin", [{}, {"source": "x", "assumed": "y"}, {"source": " "}, {"assumed": ""}])
def test_exactly_one_origin(origin: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="needs exactly one of 'source'"):
        Count.model_validate({"value": 1, **origin})


@pytest.mark.parametrize("value", [True, "4", 4.0, None, "4 B"])
def test_a_count_is_a_bare_whole_number(value: object) -> None:
    with pytest.raises(ValidationError):
        Count.model_validate({"value": value, "source": "x"})


def test_only_bandwidths_may_be_unlimited() -> None:
    assert BytesPerCycle.model_validate({"value": "unlimited", "source": "x"}).value is None
    for kind in (Count, Cycles, Bits, Bytes, Capacity):
        with pytest.raises(ValidationError):
            kind.model_validate({"value": "unlimited", "source": "x"})


def test_leaves_are_frozen() -> None:
    leaf = Count.model_validate({"value": 4, "source": "x"})
    with pytest.raises(ValidationError):
        leaf.text = 5
