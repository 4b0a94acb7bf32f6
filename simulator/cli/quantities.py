"""Numbers on the command line that click has no type for."""

from __future__ import annotations

import re
from fractions import Fraction

from simulator.errors import InputError


def share(text: str, option: str) -> Fraction:
    """A number from 0 to 1, exact.

    Raises
    ------
    InputError
        It is none.
    """
    try:
        value = Fraction(text) if len(text) < 32 else Fraction(-1)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise InputError(f"{option} {text!r}: must be a number from 0 to 1, for example 0.5")
    return value


def whole(text: str, option: str) -> int:
    """A whole number >= 1.

    Raises
    ------
    InputError
        It is none.
    """
    if re.fullmatch(r"[1-9][0-9]{0,11}", text) is None:
        raise InputError(f"{option}={text}: must be a whole number >= 1")
    return int(text)


def image_of(text: str) -> tuple[int, int]:
    """``HxW`` in elements.

    Raises
    ------
    InputError
        It is not of that form.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})", text)
    if match is None:
        raise InputError(f"--image {text!r}: must be HEIGHTxWIDTH, for example 14x14")
    return int(match.group(1)), int(match.group(2))
