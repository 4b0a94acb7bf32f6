"""A series of structured terms, written as it is read: ``2:4+2:8``.

Term i keeps of every M_i coordinates along an axis the N_i largest magnitudes of what the terms before it left. Source: Jeong et
al., Enabling Unstructured Sparse Acceleration on Structured Sparse Accelerators (MLSys 2025, arXiv 2403.07953).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from simulator.errors import InputError

LONGEST = 64
"""Most coordinates of a block, and of the least block that all terms divide."""

_TERM = re.compile(r"(\d+):(\d+)")


@dataclass(frozen=True)
class Series:
    """Terms in order.

    Attributes
    ----------
    terms : tuple of (int, int)
        N and M of each.

    Raises
    ------
    InputError
        No term, a term with N above M or a block too long, or one that can never keep anything.
    """

    terms: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if not self.terms:
            raise InputError("series '': needs at least one term N:M, for example 2:4+2:8")
        kept: dict[int, int] = {}
        for place, (n, m) in enumerate(self.terms):
            if not 1 <= n <= m:
                raise InputError(f"series {self.text!r}: term {n}:{m}: N must be 1 to M")
            kept[m] = kept.get(m, 0) + n
            if kept[m] > m:
                raise InputError(f"series {self.text!r}: its terms keep {kept[m]} of every {m}: at most {m}")
            if n == m and place < len(self.terms) - 1:
                raise InputError(
                    f"series {self.text!r}: term {n}:{m} keeps everything; nothing is left for those after it"
                )
        if self.length > LONGEST:
            raise InputError(
                f"series {self.text!r}: its blocks come together every {self.length} coordinates: at most {LONGEST}"
            )

    @property
    def text(self) -> str:
        """As :func:`parse` reads it."""
        return "+".join(f"{n}:{m}" for n, m in self.terms)

    def __str__(self) -> str:
        return self.text

    @property
    def length(self) -> int:
        """Coordinates after which the blocks of all terms begin together: the least common multiple of all M."""
        return math.lcm(*(m for _, m in self.terms))

    @property
    def cost(self) -> Fraction:
        """Multiplications relative to a dense operand on ideal structured hardware: the sum of N / M."""
        return sum((Fraction(n, m) for n, m in self.terms), Fraction(0))

    def check(self, size: int, what: str) -> None:
        """Raise InputError if a block does not divide an axis of `size` coordinates; `what` names it in the message."""
        for n, m in self.terms:
            if size % m:
                raise InputError(
                    f"series {self.text!r}: blocks of {m} (term {n}:{m}) do not divide the {size} coordinates of {what}; "
                    f"choose blocks that divide it, or pad it with zeros"
                )


def parse(text: str | Series) -> Series:
    """Read a series.

    Parameters
    ----------
    text : str
        Terms ``N:M`` joined by ``+``; blanks around them do not matter.

    Raises
    ------
    InputError
        It is none.
    """
    if isinstance(text, Series):
        return text
    if not isinstance(text, str):
        raise InputError(f"series {text!r}: must be text, for example '2:4+2:8'")
    terms = []
    for part in text.split("+"):
        found = _TERM.fullmatch(part.strip())
        if found is None:
            raise InputError(
                f"series {text!r}: {part.strip()!r} is no term N:M of two whole numbers; for example 2:4+2:8"
            )
        terms.append((int(found[1]), int(found[2])))
    return Series(tuple(terms))
