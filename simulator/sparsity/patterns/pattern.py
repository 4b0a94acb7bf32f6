"""What a sparsity pattern is: a rule on masks that can be checked, generated and pruned to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Violation:
    """The first place where a mask breaks a pattern.

    Attributes
    ----------
    fiber : tuple of int
        Index of the fiber over the other axes; fibers are looked at in C order.
    rank : int or None
        Rank of the broken rule, the lowest broken one of the fiber; None when the rule is on the whole
        tensor.
    block : int
        Coordinate of the offending block among the blocks of that rank along the fiber.
    start, stop : int
        Coordinates of the fiber the block spans: start <= coordinate < stop.
    count, allowed, of : int
        Non-empty positions found, at most allowed, and positions there are.
    """

    fiber: tuple[int, ...]
    rank: int | None
    block: int
    start: int
    stop: int
    count: int
    allowed: int
    of: int

    def __str__(self) -> str:
        fiber = ", ".join(map(str, self.fiber))
        where = f"fiber ({fiber}), coordinates {self.start}..{self.stop - 1}"
        what = "whole tensor" if self.rank is None else f"rank {self.rank}, block {self.block}"
        return f"{where}: {what}: {self.count} of {self.of} non-empty, at most {self.allowed} allowed"


class Pattern(ABC):
    """A rule saying which masks are allowed."""

    @property
    @abstractmethod
    def text(self) -> str:
        """Canonical text; :func:`simulator.sparsity.patterns.parse` of it gives an equal pattern."""

    @property
    @abstractmethod
    def density(self) -> Fraction | None:
        """Non-zero fraction of a full tensor, exact; None when the pattern does not say."""

    @property
    @abstractmethod
    def block(self) -> int:
        """Elements along a fiber after which the rule repeats."""

    @property
    def concrete(self) -> bool:
        """Whether this is one pattern, not a family to choose from."""
        return True

    def choices(self) -> tuple[Pattern, ...]:
        """The concrete members, densest first, then by text; a concrete pattern is its only member."""
        return (self,)

    @abstractmethod
    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """The first place where `mask` (true is non-zero) breaks the rule along `axis`, or None.

        Raises
        ------
        InputError
            `mask` is not boolean, or has no such axis.
        """

    def satisfied(self, mask: NDArray[np.bool_], axis: int = -1) -> bool:
        """Whether `mask` keeps the rule along `axis`."""
        return self.violation(mask, axis) is None

    @abstractmethod
    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """A mask of `shape` drawn uniformly among those with the most non-zeros the rule allows.

        The same shape, axis and seed give the same mask.
        """

    @abstractmethod
    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """The mask of the elements of `values` to keep, by magnitude.

        Raises
        ------
        InputError
            `values` are not finite real numbers, or have no such axis.
        """

    def __str__(self) -> str:
        return self.text
