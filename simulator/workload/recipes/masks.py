"""What recipes of synthetic masks may be told: one pattern of the weights, a density of the inputs, how many of something."""

from __future__ import annotations

from fractions import Fraction

from simulator.errors import InputError
from simulator.sparsity.patterns import Pattern, Unstructured, parse

EXAMPLE = "C1(4:8)->C0(2:4)"


def concrete(text: str) -> Pattern:
    """A pattern that masks can be generated from.

    Raises
    ------
    InputError
        It is none, or a family of several, or only recorded.
    """
    pattern = parse(text)
    if not pattern.concrete or pattern.text == "recorded":
        raise InputError(f"pattern={pattern.text}: must be one pattern to generate, e.g. {EXAMPLE}")
    return pattern


def non_zero(text: str) -> Unstructured:
    """Non-zeros anywhere, with the probability told.

    Raises
    ------
    InputError
        Not a number from 0 to 1.
    """
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise InputError(f"density={text!r}: must be a number from 0 to 1, e.g. 0.5")
    return Unstructured(value)


def at_least_one(name: str, value: int) -> int:
    """The value.

    Raises
    ------
    InputError
        It is below 1.
    """
    if value < 1:
        raise InputError(f"{name}={value}: must be at least 1")
    return value
