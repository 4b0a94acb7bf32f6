"""What the oracle says, and the words it says it in."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Point = tuple[int, ...]
THERE, GATED, SKIPPED = "there", "gated", "skipped"
ACTUAL = "actual"
ORDER = {ACTUAL: 0, GATED: 1, SKIPPED: 2}


@dataclass
class Told:
    """What the oracle says.

    Attributes
    ----------
    counts : Counter
        By (level, tensor, access, state): words; metadata accesses are called ``metadata_...``.
    bits : Counter
        By (level, ``read`` or ``write``): bits moved in time, gated ones too.
    computes : Counter
        By state.
    slots : int
        Computed, gated and bubbles.
    outputs : ndarray of int64
    """

    counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    bits: Counter[tuple[str, str]] = field(default_factory=Counter)
    computes: Counter[str] = field(default_factory=Counter)
    slots: int = 0
    outputs: Any = None


@dataclass(frozen=True)
class Loop:
    level: int
    rank: str
    bound: int
    stride: int
    spatial: bool


def cells(box: tuple[range, ...] | None) -> set[Point]:
    """Points of a box."""
    return set() if box is None else set(itertools.product(*box))
