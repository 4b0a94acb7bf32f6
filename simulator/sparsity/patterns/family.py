"""A family of structured patterns: at each rank a set of G and a set of H to choose from.

    members = product over ranks of {G} x {H}

HighLight's weights, for example, are ``C1(4:{4..8})->C0(2:{2..4})``: 15 members of 12 distinct densities
(Wu et al., MICRO 2023, arXiv 2305.12718, supported patterns).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.patterns.hss import MAX_LENGTH, Hss, rank_text
from simulator.sparsity.patterns.pattern import Pattern, Violation

MAX_MEMBERS = 65_536
"""Most members of a family."""

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Family(Pattern):
    """The union of its members: a mask satisfies a family if it satisfies any member.

    Parameters
    ----------
    ranks : tuple of (tuple of int, tuple of int)
        The G and the H to choose from at each rank, highest rank first, each strictly ascending.

    Raises
    ------
    InputError
        A set that is empty or not ascending, a G above an H it could meet, too long a rank, or more than
        65,536 members.
    """

    ranks: tuple[tuple[Numbers, Numbers], ...]

    def __post_init__(self) -> None:
        members = 1
        for rank, (kept, lengths) in zip(reversed(range(len(self.ranks))), self.ranks, strict=True):
            for numbers in (kept, lengths):
                if not numbers or list(numbers) != sorted(set(numbers)):
                    raise InputError(
                        f"rank {rank}: {numbers}: must be ascending, each number once, at least one"
                    )
            if kept[0] < 1 or kept[-1] > lengths[0] or lengths[-1] > MAX_LENGTH:
                text = f"{set_text(kept)}:{set_text(lengths)}"
                raise InputError(f"rank {rank}: {text}: every G:H needs 1 <= G <= H <= {MAX_LENGTH}")
            members *= len(kept) * len(lengths)
        if not self.ranks or members > MAX_MEMBERS:
            raise InputError(
                f"a family of {len(self.ranks)} ranks and {members} members: at most {MAX_MEMBERS}"
            )

    @property
    def text(self) -> str:
        """See :class:`Pattern`."""
        return rank_text([f"{set_text(kept)}:{set_text(lengths)}" for kept, lengths in self.ranks])

    @property
    def density(self) -> None:
        """See :class:`Pattern`; members differ."""
        return

    @property
    def block(self) -> int:
        """Refused: members differ.

        Raises
        ------
        InputError
            Always.
        """
        raise self._choose("a period")

    @property
    def concrete(self) -> bool:
        """See :class:`Pattern`."""
        return False

    def choices(self) -> tuple[Hss, ...]:
        """See :class:`Pattern`."""
        return self._members

    @cached_property
    def _members(self) -> tuple[Hss, ...]:
        rules = [list(itertools.product(kept, lengths)) for kept, lengths in self.ranks]
        members = (Hss(ranks) for ranks in itertools.product(*rules))
        return tuple(sorted(members, key=lambda member: (-member.density, member.text)))

    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """None if any member is satisfied, else where the densest member is violated."""
        first: Violation | None = None
        for member in self.choices():
            found = member.violation(mask, axis)
            if found is None:
                return None
            first = first or found
        return first

    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """Refused: choose a member.

        Raises
        ------
        InputError
            Always.
        """
        raise self._choose("generating")

    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """Refused: choose a member.

        Raises
        ------
        InputError
            Always.
        """
        raise self._choose("pruning")

    def _choose(self, what: str) -> InputError:
        members = [member.text for member in self.choices()]
        listed = ", ".join(members[:20]) + (", ..." if len(members) > 20 else "")
        return InputError(f"pattern '{self.text}' is a family; {what} needs one member; choices: {listed}")


def set_text(numbers: Numbers) -> str:
    """``4``, ``{4,6}`` or, for three or more in a row, ``{4..8}``."""
    if len(numbers) == 1:
        return str(numbers[0])
    parts: list[str] = []
    start = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            run = numbers[start:i]
            parts += [f"{run[0]}..{run[-1]}"] if len(run) > 2 else [str(n) for n in run]
            start = i
    return "{" + ",".join(parts) + "}"
