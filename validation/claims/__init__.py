"""Claims, one file per machine. Each file has ``claims()``, which measures and yields :class:`Claim`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Claim:
    """One statement, measured.

    Attributes
    ----------
    name : str
    expected, measured : Fraction
        Exact numbers in `unit`.
    unit : str
    tolerance : Fraction
        Largest relative deviation that still holds; 0 is equality.
    source : str
        Where the expected number is from.
    """

    name: str
    expected: Fraction
    measured: Fraction
    unit: str
    tolerance: Fraction
    source: str

    @property
    def deviation(self) -> Fraction:
        """(measured - expected) / expected; the difference itself when 0 is expected."""
        difference = self.measured - self.expected
        return difference / self.expected if self.expected else difference

    @property
    def holds(self) -> bool:
        """Whether the deviation is within the tolerance."""
        return abs(self.deviation) <= self.tolerance
