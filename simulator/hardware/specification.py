"""What all parts of a machine description share: strict, frozen, no unknown keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from simulator.errors import InputError

T = TypeVar("T")


class Specification(BaseModel):
    """A mapping of the description; every key is known, every value has its exact type.

    `optional` has the parts that a caller may add or take away: what their absence is called, then the names of those that
    come with the package. A part of several numbers has a name of its own.
    """

    optional: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)


def obey(rule: Callable[[], T]) -> T:
    """Run a check that raises our own errors where pydantic collects only ValueError."""
    try:
        return rule()
    except InputError as error:
        raise ValueError(str(error)) from None
