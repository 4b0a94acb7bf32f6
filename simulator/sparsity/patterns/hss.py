"""Hierarchical structured sparsity: a G:H rule at every rank of a fiber; N:M is the case of one rank.

Split a fiber's coordinates into nested ranks C_{n-1} .. C_0. A position of rank 0 is an element; a position
of rank r is a block of H_{r-1} positions of rank r-1, non-empty when any of them is. The rule G_r:H_r: of
every H_r consecutive positions of rank r at most G_r are non-empty.

    density = prod G_r / H_r            period = prod H_r elements

Pruning goes from the lowest rank up: keep the G_0 largest |w| of each H_0; then at each higher rank score a
position by the L2 norm of its surviving values and keep the G_r best of each H_r. Ties go to the lower
coordinate; a ragged tail counts as padded with zeros.

Source: Wu et al., HighLight (MICRO 2023, arXiv 2305.12718), hierarchical structured sparsity; the pruning
criterion is the magnitude recipe of its public reproductions, not a published one. (H1, H0) pairs of
smaller density do not nest in general: blocks of different lengths straddle each other, so nothing here
infers one pattern from another.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import (
    as_fibers,
    block_counts,
    check_axis,
    check_mask,
    check_seed,
    fiber_chunks,
    fiber_index,
    from_fibers,
)
from simulator.sparsity.patterns.magnitude import magnitudes, squares
from simulator.sparsity.patterns.pattern import Pattern, Violation

MAX_LENGTH = 65_536
"""Largest H of a rank."""

_TABLE = 4096


@dataclass(frozen=True)
class Hss(Pattern):
    """At most G of every H at each rank.

    Parameters
    ----------
    ranks : tuple of (G, H)
        Highest rank first, e.g. ``((4, 8), (2, 4))`` for ``C1(4:8)->C0(2:4)``; one rank is N:M.

    Raises
    ------
    InputError
        No rank, or not 1 <= G <= H <= 65,536 at some rank.
    """

    ranks: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if not self.ranks:
            raise InputError("a structured pattern needs at least one rank, for example ((2, 4),)")
        for rank, (kept, length) in zip(reversed(range(len(self.ranks))), self.ranks, strict=True):
            if not 1 <= kept <= length <= MAX_LENGTH:
                raise InputError(
                    f"rank {rank}: {kept}:{length}: must be G:H with 1 <= G <= H <= {MAX_LENGTH}"
                )

    @property
    def slots(self) -> tuple[int, ...]:
        """G of each rank, highest first."""
        return tuple(kept for kept, _ in self.ranks)

    @property
    def lengths(self) -> tuple[int, ...]:
        """H of each rank, highest first."""
        return tuple(length for _, length in self.ranks)

    @property
    def text(self) -> str:
        """See :class:`Pattern`."""
        return rank_text([f"{kept}:{length}" for kept, length in self.ranks])

    @property
    def density(self) -> Fraction:
        """See :class:`Pattern`."""
        return Fraction(math.prod(self.slots), math.prod(self.lengths))

    @property
    def block(self) -> int:
        """See :class:`Pattern`; the product of the lengths."""
        return math.prod(self.lengths)

    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """See :class:`Pattern`."""
        if self._kept(check_mask(mask), axis) is True:
            return None
        rows = as_fibers(mask, axis)
        for part in fiber_chunks(*rows.shape):
            found = self._first(rows[part])
            if found is not None:
                fiber, rank, block, count = found
                kept, length = self.ranks[-1 - rank]
                span = math.prod(self.lengths[len(self.lengths) - 1 - rank :])
                stop = min((block + 1) * span, rows.shape[1])
                where = fiber_index(part.start + fiber, mask.shape, axis)
                return Violation(where, rank, block, block * span, stop, count, kept, length)
        return None

    def satisfied(self, mask: NDArray[np.bool_], axis: int = -1) -> bool:
        """See :class:`Pattern`; a mask with more non-zeros than its blocks have room for is refused at once."""
        check_mask(mask)
        axis = check_axis(mask.ndim, axis)
        fibers = mask.size // mask.shape[axis] if mask.size else 0
        blocks = fibers * math.ceil(mask.shape[axis] / self.block)
        if np.count_nonzero(mask) > blocks * math.prod(self.slots):
            return False
        kept = self._kept(mask, axis)
        return self.violation(mask, axis) is None if kept is None else kept

    def _kept(self, mask: NDArray[np.bool_], axis: int) -> bool | None:
        """Whether one pass over a matrix sees that it keeps the rule; None where one pass is not enough."""
        if mask.ndim != 2 or not mask.size or not -2 <= axis < 2:
            return None
        from simulator.sparsity import fullest  # compiled kernels: reading a pattern does without

        lengths = self.lengths[::-1]
        if axis in (-1, 1) and lengths[0] <= fullest.WORD:
            found = fullest.along(mask, lengths, self.slots[::-1])
        elif axis in (0, -2) and max(lengths) <= fullest.MOST:
            found = fullest.down(mask, lengths)
        else:
            return None
        return all(count <= kept for count, kept in zip(found, self.slots[::-1], strict=True))

    def _first(self, rows: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
        """(fiber, rank, block, count) of the first violation: lowest fiber, then rank, then block."""
        found: list[tuple[int, int, int, int]] = []
        for rank, (kept, length) in enumerate(reversed(self.ranks)):
            counts = block_counts(rows, length)
            if kept < length and (over := counts > kept).any():
                fiber, block = divmod(int(over.argmax()), counts.shape[1])
                found.append((fiber, rank, block, int(counts[fiber, block])))
            rows = counts != 0
        return min(found, default=None)

    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """See :class:`Pattern`; exactly G of H where the block is full, else as many as fit up to G."""
        axis = check_axis(len(shape), axis)
        coords = shape[axis]
        rows = np.ones((math.prod(shape) // coords if coords else 0, coords), dtype=np.bool_)
        seeds = np.random.SeedSequence(check_seed(seed)).spawn(2 * len(self.ranks))
        streams = [np.random.default_rng(s) for s in seeds]
        for part in fiber_chunks(*rows.shape):
            below, units = 1, coords
            for rank, (kept, length) in enumerate(reversed(self.ranks)):
                if kept < length:
                    pair = streams[2 * rank], streams[2 * rank + 1]
                    keep = _draw(*pair, (part.stop - part.start, units), kept, length)
                    rows[part] &= _spread(keep, below, coords)
                below, units = below * length, -(-units // length)
        return from_fibers(rows, shape, axis)

    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """See :class:`Pattern`; exactly G of H where the block is full, zeros included if they must be."""
        rows = as_fibers(magnitudes(values), axis)
        norms = squares(rows)
        keep = np.ones(rows.shape, dtype=np.bool_)
        for part in fiber_chunks(*rows.shape):
            scores, sums, below = rows[part], norms[part], 1
            for kept, length in reversed(self.ranks):
                best = _largest(scores, kept, length)
                keep[part] &= _spread(best, below, rows.shape[1])
                scores = sums = _padded(sums * best, length).sum(axis=-1)
                below *= length
        return from_fibers(keep, values.shape, axis)


def rank_text(rules: list[str]) -> str:
    """Canonical text of rules, highest rank first; one rank is written bare."""
    if len(rules) == 1:
        return rules[0]
    return "->".join(f"C{len(rules) - 1 - i}({rule})" for i, rule in enumerate(rules))


def _spread(keep: NDArray[np.bool_], below: int, coords: int) -> NDArray[np.bool_]:
    """From positions of a rank (fibers, units) to the elements under them (fibers, coords)."""
    return keep if below == 1 else np.repeat(keep, below, axis=1)[:, :coords]


def _padded(scores: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """(fibers, units) as (fibers, blocks, length), the tail filled up with zeros."""
    fibers, units = scores.shape
    blocks = -(-units // length)
    if units % length:
        scores = np.pad(scores, ((0, 0), (0, blocks * length - units)))
    return scores.reshape(fibers, blocks, length)


def _largest(scores: NDArray[np.float64], kept: int, length: int) -> NDArray[np.bool_]:
    """Mark the `kept` largest scores of each block, ties to the lower coordinate, so padding loses them."""
    blocks = _padded(scores, length)
    order = np.argsort(-blocks, axis=-1, kind="stable")[..., :kept]
    keep = np.zeros(blocks.shape, dtype=np.bool_)
    np.put_along_axis(keep, order, True, axis=-1)
    return keep.reshape(len(scores), -1)[:, : scores.shape[1]]


def _draw(
    rng: np.random.Generator, tails: np.random.Generator, shape: tuple[int, int], kept: int, length: int
) -> NDArray[np.bool_]:
    """Mark `kept` of every `length` positions, uniformly; of a ragged tail as many as fit, up to `kept`.

    Tails have a stream of their own, so that drawing some fibers after the others draws the same masks.
    """
    fibers, units = shape
    blocks, tail = -(-units // length), units % length
    if math.comb(length, kept) <= _TABLE:
        table = _combinations(length, kept)
        keep = table[rng.integers(len(table), size=(fibers, blocks))]
    else:
        keep = rng.random((fibers, blocks, length)).argsort(axis=-1).argsort(axis=-1) < kept
    if tail:
        keep[:, -1, :tail] = tails.random((fibers, tail)).argsort(axis=-1).argsort(axis=-1) < kept
    return keep.reshape(fibers, blocks * length)[:, :units]


def _combinations(length: int, kept: int) -> NDArray[np.bool_]:
    """All masks of `length` with `kept` ones, shape (C(length, kept), length)."""
    chosen = np.array(list(itertools.combinations(range(length), kept)))
    table = np.zeros((len(chosen), length), dtype=np.bool_)
    np.put_along_axis(table, chosen, True, axis=1)
    return table
