"""What a processing element over compressed sparse columns does, turn by turn, in obvious loops.

Nothing here calls the simulator: masks in, lists out. :func:`multiplications` is the count that published cycles of one
multiplier are; :func:`visit` tells a visit's turns in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Mask = Sequence[Sequence[bool]]


def multiplications(weights: Mask, inputs: Mask) -> int:
    """Pairs of a non-zero weight (m, c) and a non-zero input (pixel, c) with the same c.

    Parameters
    ----------
    weights : (M, C)
    inputs : (pixels, C)
    """
    count = 0
    for pixel in inputs:
        for c, present in enumerate(pixel):
            if present:
                for row in weights:
                    if row[c]:
                        count += 1
    return count


@dataclass
class Visit:
    """Turns of a visit.

    Attributes
    ----------
    reads : list of str
        ``input``, ``stored zero`` or ``nothing``.
    weights : list of (int, bool, tuple of int)
        Per turn: the turn of the inputs it belongs to, whether a word is read, rows of the values issued.
    issues : list of tuple of int
        Rows of the groups that reach the multiplier.
    """

    reads: list[str] = field(default_factory=list)
    weights: list[tuple[int, bool, tuple[int, ...]]] = field(default_factory=list)
    issues: list[tuple[int, ...]] = field(default_factory=list)


def stored(fiber: Sequence[bool], run_bits: int) -> list[int | None]:
    """Coordinates a fiber stores, None for a stored zero."""
    entries: list[int | None] = []
    zeros = 0
    for coordinate, present in enumerate(fiber):
        if present:
            while zeros > 2**run_bits - 1:
                entries.append(None)
                zeros -= 2**run_bits
            entries.append(coordinate)
            zeros = 0
        else:
            zeros += 1
    return entries


def words(column: Sequence[bool], word: int, run_bits: int) -> list[list[int]]:
    """Rows of the non-zeros of each word of a column."""
    entries = stored(column, run_bits)
    return [[m for m in entries[i : i + word] if m is not None] for i in range(0, len(entries), word)]


def visit(weights: Mask, inputs: Sequence[bool], lanes: int, word: int, run_bits: int) -> Visit:
    """A tile of weights (rows, columns) and one fiber of inputs (columns,)."""
    done = Visit()
    entries = stored(inputs, run_bits)
    for c in entries or [None]:
        turn = len(done.reads)
        done.reads.append("input" if c is not None else "stored zero" if entries else "nothing")
        read = [] if c is None else words([row[c] for row in weights], word, run_bits)
        if not read:
            done.weights.append((turn, False, ()))
        for held in read:
            groups = [tuple(held[i : i + lanes]) for i in range(0, len(held), lanes)] or [()]
            for number, group in enumerate(groups):
                done.weights.append((turn, number == 0, group))
                if group:
                    done.issues.append(group)
    return done


def waits(issues: Sequence[Sequence[int]], window: int) -> list[int | None]:
    """Per group of a visit, the latest earlier one it must wait for, None when there is none near enough."""
    found: list[int | None] = []
    for i, group in enumerate(issues):
        near = [j for j in range(max(0, i - window + 1), i) if set(issues[j]) & set(group)]
        found.append(max(near) if near else None)
    return found
