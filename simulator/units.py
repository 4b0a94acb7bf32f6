"""Quantities with units, turned into exact integers or ratios once, when a file is read.

``parse("64 KiB", "byte") == 65536``; ``parse("42 B/cycle", "byte/cycle") == Fraction(42)``. A bare number where a unit is
due is refused. Binary prefixes (Ki, Mi, Gi) are powers of 1024, decimal ones (k, M, G) powers of 1000.
"""

from __future__ import annotations

import re
from fractions import Fraction

from simulator.errors import UnitError, suggest

_TABLE: dict[str, dict[str, Fraction]] = {
    "bit": {"b": Fraction(1), "bit": Fraction(1), "B": Fraction(8), "byte": Fraction(8)},
    "byte": {"B": Fraction(1), "byte": Fraction(1), "b": Fraction(1, 8), "bit": Fraction(1, 8)},
    "cycle": {"cycle": Fraction(1), "cycles": Fraction(1)},
    "tCK": {"tCK": Fraction(1)},
    "word": {"word": Fraction(1), "words": Fraction(1)},
    "pJ": {"fJ": Fraction(1, 1000), "pJ": Fraction(1), "nJ": Fraction(1000)},
    "Hz": {"Hz": Fraction(1)},
    "mm2": {"mm2": Fraction(1), "um2": Fraction(1, 10**6)},
}
_PREFIX = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_PREFIXED = {"b", "bit", "B", "byte", "word", "words", "Hz"}
_NUMBER = re.compile(
    r"\s*([0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)(?![0-9]|[eE][+-]?[0-9])\s*([^\W\d_].*)?\Z"
)
UNLIMITED = "unlimited"


def _scales(dimension: str) -> dict[str, Fraction]:
    base = _TABLE[dimension]
    return {p + u: f * k for u, f in base.items() for p, k in _PREFIX.items() if p == "" or u in _PREFIXED}


def parse_ratio(text: object, dimension: str) -> Fraction:
    """Parse ``"<number> <unit>"`` of a dimension such as ``byte`` or ``byte/cycle`` into an exact ratio.

    Parameters
    ----------
    text : object
        What the user wrote; anything but a string with number and unit is refused.
    dimension : str
        ``bit``, ``byte``, ``cycle``, ``tCK``, ``word``, ``pJ``, ``Hz``, ``mm2``, or a quotient of two of them.

    Returns
    -------
    Fraction
        The value in the dimension's base unit.

    Raises
    ------
    UnitError
        Missing unit, unknown unit, wrong dimension, or a number too large to be meant (over 2**62).
    """
    if isinstance(text, bool) or not isinstance(text, str):
        raise UnitError(
            f"{text!r}: a quantity in {dimension} needs a unit, for example '16 {_example(dimension)}'"
        )
    match = _NUMBER.match(text)
    if match is None:
        raise UnitError(f"{text!r}: expected '<number> <unit>' in {dimension}")
    number, unit = match.group(1), (match.group(2) or "").strip()
    if not unit:
        raise UnitError(
            f"{text!r}: a quantity in {dimension} needs a unit, for example '{number} {_example(dimension)}'"
        )
    over, _, under = dimension.partition("/")
    unit_over, slash, unit_under = (part.strip() for part in unit.partition("/"))
    if bool(under) != bool(slash):
        raise UnitError(
            f"{text!r}: the unit must be one of {dimension}, for example '{number} {_example(dimension)}'"
        )
    value = Fraction(number.replace("_", "")) * _scale(text, unit_over, over)
    if under:
        value /= _scale(text, unit_under, under)
    if value > 2**62:
        raise UnitError(f"{text!r}: larger than 2**62, which no machine has")
    return value


def _scale(text: str, unit: str, dimension: str) -> Fraction:
    scales = _scales(dimension)
    if unit not in scales:
        raise UnitError(f"{text!r}: unknown {dimension} unit {unit!r}; {suggest(unit, _TABLE[dimension])}")
    return scales[unit]


def _example(dimension: str) -> str:
    return "/".join({"bit": "b", "byte": "B"}.get(part, part) for part in dimension.split("/"))


def parse(text: object, dimension: str) -> int:
    """Parse a quantity that must be a whole number of base units; see :func:`parse_ratio`."""
    value = parse_ratio(text, dimension)
    if value.denominator != 1:
        raise UnitError(f"{text!r}: must be a whole number of {dimension}s, not {value}")
    return int(value)
