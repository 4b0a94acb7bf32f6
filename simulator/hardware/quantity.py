"""Quantities of a machine description: a value with its unit, and where it comes from.

::

    {value: "42 B/cycle", source: "where it was read"}
    {value: 4, assumed: "why it was chosen"}

Exactly one of `source` and `assumed`. Values are exact integers or ratios (:mod:`simulator.units`); a number of things has
no unit, everything else must name one.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from simulator.errors import InputError
from simulator.hardware.specification import Specification, obey
from simulator.units import UNLIMITED, parse, parse_ratio

ONE_ORIGIN = "needs exactly one of 'source' (where the number was read) and 'assumed' (why it was chosen)"
MAX_COUNT = 2**20
MAX_CYCLES = 2**31 - 1
MAX_BYTES = 2**40
MAX_BITS = 1024
MAX_RATIO = 2**20


class Quantity(Specification):
    """A number with its origin; subclasses say its dimension and range.

    Attributes
    ----------
    text : str or int
        As written (YAML key ``value``).
    source : str or None
        Where the number was read.
    assumed : str or None
        Why it was chosen, when there is no source.
    """

    dimension: ClassVar[str]
    minimum: ClassVar[int] = 1
    maximum: ClassVar[int]

    text: str | int = Field(alias="value", union_mode="left_to_right")
    source: str | None = None
    assumed: str | None = Field(default=None, validate_default=True)

    @classmethod
    def parse(cls, text: object) -> Any:
        """Read a value as written; raises UnitError or InputError."""
        if text == UNLIMITED:
            raise InputError(
                f"{text!r}: must be a finite quantity in {cls.dimension}; only bandwidths may be unlimited"
            )
        value = parse(text, cls.dimension)
        return cls._in_range(text, value, cls.dimension)

    @classmethod
    def _in_range(cls, text: object, value: int, unit: str) -> int:
        if not cls.minimum <= value <= cls.maximum:
            raise InputError(f"{text!r}: must be between {cls.minimum} and {cls.maximum} ({unit})")
        return value

    @field_validator("text", mode="before")
    @classmethod
    def _readable(cls, text: object) -> object:
        obey(lambda: cls.parse(text))
        return text

    @field_validator("assumed")
    @classmethod
    def _one_origin(cls, assumed: str | None, info: ValidationInfo) -> str | None:
        if "source" not in info.data:
            return assumed
        given = [text for text in (info.data["source"], assumed) if text is not None]
        if len(given) != 1 or not given[0].strip():
            raise PydanticCustomError("origin", ONE_ORIGIN)
        return assumed


class Count(Quantity):
    """A number of things, without a unit."""

    dimension = "count"
    maximum = MAX_COUNT

    @classmethod
    def parse(cls, text: object) -> int:
        """A whole number; text and fractions are refused."""
        if isinstance(text, bool) or not isinstance(text, int):
            raise InputError(f"{text!r}: must be a whole number without a unit")
        return cls._in_range(text, text, "a count")

    @cached_property
    def value(self) -> int:
        """The count."""
        return self.parse(self.text)


class Cycles(Quantity):
    """A time in clock cycles."""

    dimension = "cycle"
    maximum = MAX_CYCLES

    @cached_property
    def value(self) -> int:
        """The time in cycles."""
        return int(self.parse(self.text))


class Clocks(Quantity):
    """A time in clocks of a memory, which may be none."""

    dimension = "tCK"
    minimum = 0
    maximum = 2**20

    @cached_property
    def value(self) -> int:
        """The time in clocks."""
        return int(self.parse(self.text))


class Bits(Quantity):
    """The width of a value."""

    dimension = "bit"
    maximum = MAX_BITS

    @cached_property
    def value(self) -> int:
        """The width in bits."""
        return int(self.parse(self.text))


class Bytes(Quantity):
    """A size of at least one byte."""

    dimension = "byte"
    maximum = MAX_BYTES

    @cached_property
    def value(self) -> int:
        """The size in bytes."""
        return int(self.parse(self.text))


class Capacity(Bytes):
    """A size that may be nothing."""

    minimum = 0


class Hertz(Quantity):
    """A clock frequency."""

    dimension = "Hz"
    maximum = 10**12

    @cached_property
    def value(self) -> int:
        """The frequency in Hz."""
        return int(self.parse(self.text))


class Picojoules(Quantity):
    """An energy, which may be nothing."""

    dimension = "pJ"
    maximum = 10**12

    @classmethod
    def parse(cls, text: object) -> Fraction:
        """An exact ratio."""
        value = parse_ratio(text, cls.dimension)
        if value > cls.maximum:
            raise InputError(f"{text!r}: must be at most {cls.maximum} ({cls.dimension})")
        return value

    @cached_property
    def value(self) -> float:
        """The energy in pJ."""
        return float(self.parse(self.text))


class BytesPerCycle(Quantity):
    """A bandwidth, or ``unlimited``."""

    dimension = "byte/cycle"

    @classmethod
    def parse(cls, text: object) -> Fraction | None:
        """An exact ratio; None is unlimited."""
        if text == UNLIMITED:
            return None
        value = parse_ratio(text, cls.dimension)
        if not 0 < value.numerator <= MAX_RATIO or value.denominator > MAX_RATIO:
            raise InputError(
                f"{text!r}: must be above 0 and, as a ratio p/q in lowest terms, neither may exceed {MAX_RATIO}; "
                f"'{UNLIMITED}' is a bandwidth that never limits"
            )
        return value

    @cached_property
    def value(self) -> Fraction | None:
        """The bandwidth in bytes per cycle, None when unlimited."""
        return self.parse(self.text)
