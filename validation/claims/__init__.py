"""Claims: what is expected, what is measured, how far apart they may be, and where the expected number is from.

A file per subject; its ``claims()`` measures and yields :class:`Claim`, and :mod:`validation.registry` names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["relative", "absolute", "information", "skipped"]


@dataclass(frozen=True)
class Claim:
    """One statement, measured.

    Attributes
    ----------
    name : str
    expected, measured : Fraction or None
        Exact numbers in `unit`; None where there is none (nothing to compare with, or skipped).
    unit : str
    tolerance : Fraction
        Largest deviation that still holds; 0 is equality.
    source : str
        Where the expected number is from.
    kind : str
        ``relative``: the tolerance is a fraction of what is expected. ``absolute``: it is in `unit`.
        ``information``: shown beside the others, never judged. ``skipped``: not measured, `note` says why.
    note : str
        A remark.
    """

    name: str
    expected: Fraction | None
    measured: Fraction | None
    unit: str
    tolerance: Fraction
    source: str
    kind: Kind = "relative"
    note: str = ""

    def __post_init__(self) -> None:
        if self.judged and (self.expected is None or self.measured is None):
            raise ValueError(f"claim {self.name!r}: a {self.kind} claim needs both numbers")

    @property
    def judged(self) -> bool:
        """Whether the claim can hold or fail at all."""
        return self.kind in ("relative", "absolute")

    @property
    def deviation(self) -> Fraction | None:
        """Measured - expected, in `unit`; over expected unless the claim is absolute or 0 is expected."""
        if self.expected is None or self.measured is None:
            return None
        difference = self.measured - self.expected
        return difference / self.expected if self.expected and self.kind != "absolute" else difference

    @property
    def holds(self) -> bool:
        """Whether the deviation is within the tolerance; what is not judged holds."""
        return not self.judged or abs(self.deviation or Fraction(0)) <= self.tolerance

    @property
    def verdict(self) -> str:
        """``holds``, ``fails``, ``information`` or ``skipped``."""
        return ("holds" if self.holds else "fails") if self.judged else self.kind


def within(
    name: str, expected: int | Fraction, measured: int | Fraction, unit: str, tolerance: int, source: str
) -> Claim:
    """A claim whose tolerance is a number of `unit`, e.g. 2 cycles."""
    numbers = Fraction(expected), Fraction(measured)
    return Claim(name, *numbers, unit, Fraction(tolerance), source, "absolute")


def information(
    name: str,
    measured: int | Fraction,
    unit: str,
    source: str,
    expected: int | Fraction | None = None,
    note: str = "",
) -> Claim:
    """A row beside the claims; with `expected` its deviation is shown, but not judged."""
    against = None if expected is None else Fraction(expected)
    return Claim(name, against, Fraction(measured), unit, Fraction(0), source, "information", note)


def skipped(name: str, reason: str, source: str) -> Claim:
    """A claim that cannot be measured here."""
    return Claim(name, None, None, "", Fraction(0), source, "skipped", reason)


def mean_error(name: str, rows: Iterable[Claim], tolerance: Fraction, source: str) -> Claim:
    """The mean of the rows' absolute relative deviations, which is to be 0 within `tolerance`.

    Raises
    ------
    ValueError
        No row, or one without an expected number other than 0.
    """
    errors = [_error(row) for row in rows]
    if not errors:
        raise ValueError(f"claim {name!r}: a mean needs a row")
    mean = sum(errors, Fraction(0)) / len(errors)
    note = f"largest {float(max(errors)):.2%} of {len(errors)}"
    return Claim(name, Fraction(0), mean, "mean |error|", tolerance, source, "absolute", note)


def _error(row: Claim) -> Fraction:
    if not row.expected or row.measured is None:
        raise ValueError(f"claim {row.name!r}: a relative error needs an expected number other than 0")
    return abs((row.measured - row.expected) / row.expected)
