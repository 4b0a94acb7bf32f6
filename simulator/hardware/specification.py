"""What all parts of a machine description share: strict, frozen, no unknown keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from simulator.errors import InputError

T = TypeVar("T")


class Specification(BaseModel):
    """A mapping of the description; every key is known, every value has its exact type.

    `by_name` has the optional parts that may be given by name instead, and what their absence is called.
    """

    by_name: ClassVar[Mapping[str, str]] = {}

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def obey(rule: Callable[[], T]) -> T:
    """Run a check that raises our own errors where pydantic collects only ValueError."""
    try:
        return rule()
    except InputError as error:
        raise ValueError(str(error)) from None
