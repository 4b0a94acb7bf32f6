"""A sum of structured tensors told as one: their coordinates lie one after the other along the fiber, equally many of each.

    1:8 int8 + 6:8 fp4        the first half of K is 1:8, values in int8; the second 6:8, in fp4
    8:8 int4*fp16             weights in int4, the operand they meet in fp16

A B1 + C B2 = [A C] [B1; B2]: a product of several terms is one product, whose partial sums stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.patterns.hss import Hss
from simulator.sparsity.patterns.pattern import Pattern, Violation


@dataclass(frozen=True)
class Part:
    """One term.

    Attributes
    ----------
    rule : Hss
        Of one rank.
    weights, inputs : str
        Number formats of both operands.
    """

    rule: Hss
    weights: str
    inputs: str

    @property
    def text(self) -> str:
        """As it is written."""
        both = self.weights if self.weights == self.inputs else f"{self.weights}*{self.inputs}"
        return f"{self.rule.text} {both}"


@dataclass(frozen=True)
class Terms(Pattern):
    """Parts of a fiber, each with a rule and number formats of its own.

    Attributes
    ----------
    parts : tuple of Part
    """

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """See :class:`simulator.sparsity.patterns.Pattern`."""
        return " + ".join(part.text for part in self.parts)

    @property
    def density(self) -> Fraction:
        """See :class:`simulator.sparsity.patterns.Pattern`."""
        total = sum((part.rule.density for part in self.parts), Fraction(0))
        return total / len(self.parts)

    @property
    def block(self) -> int:
        """See :class:`simulator.sparsity.patterns.Pattern`; of a part."""
        return lcm(*(part.rule.block for part in self.parts))

    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """See :class:`simulator.sparsity.patterns.Pattern`."""
        start = 0
        for part, piece in zip(self.parts, self._cut(mask, axis), strict=True):
            found = part.rule.violation(piece, axis)
            if found is not None:
                return replace(found, start=found.start + start, stop=found.stop + start)
            start += piece.shape[axis]
        return None

    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """See :class:`simulator.sparsity.patterns.Pattern`."""
        pieces = self._cut(np.zeros(shape, dtype=np.bool_), axis)
        made = [
            part.rule.generate(piece.shape, axis, seed + i)
            for i, (part, piece) in enumerate(zip(self.parts, pieces, strict=True))
        ]
        return np.concatenate(made, axis=axis)

    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """See :class:`simulator.sparsity.patterns.Pattern`."""
        pieces = zip(self.parts, self._cut(values, axis), strict=True)
        return np.concatenate([part.rule.prune(piece, axis) for part, piece in pieces], axis=axis)

    def _cut(self, values: NDArray[Any], axis: int) -> list[NDArray[Any]]:
        if not -values.ndim <= axis < values.ndim:
            raise InputError(f"pattern {self.text}: an array of {values.ndim} axes has no axis {axis}")
        if values.shape[axis] % len(self.parts):
            raise InputError(
                f"pattern {self.text}: {values.shape[axis]} coordinates are not {len(self.parts)} equal parts, one per term"
            )
        return np.split(values, len(self.parts), axis=axis)
