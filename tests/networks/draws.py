"""Where random choices come from: a seeded generator (fast, for bulk), or Hypothesis (shrinks)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

T = TypeVar("T")


class Draw(Protocol):
    """Where choices come from."""

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        ...


class Seeded:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high + 1))


class Drawn:
    """Choices Hypothesis makes, and shrinks."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))


def choice(draw: Draw, options: Sequence[T]) -> T:
    return options[draw.integer(0, len(options) - 1)]


def chance(draw: Draw, one_in: int) -> bool:
    """True once in `one_in` times; what Hypothesis shrinks to is False."""
    return draw.integer(0, one_in - 1) == one_in - 1
