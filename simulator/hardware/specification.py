"""What all parts of a machine description share: strict, frozen, no unknown keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from simulator.errors import InputError

T = TypeVar("T")


class Specification(BaseModel):
    """A mapping of the description; every key is known, every value has its exact type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def obey(rule: Callable[[], T]) -> T:
    """Run a check that raises our own errors where pydantic collects only ValueError."""
    try:
        return rule()
    except InputError as error:
        raise ValueError(str(error)) from None
