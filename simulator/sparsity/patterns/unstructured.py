"""Unstructured sparsity: a bound on the non-zeros of the whole tensor, anywhere.

    non-zeros <= k = round(density * size)        (exact ratio, halves to even)

Generation draws exactly k positions uniformly: chunk after chunk takes a hypergeometric share of what is
left and shuffles it, which is the uniform law over all C(size, k) masks in bounded memory. Pruning keeps
the k largest |w|, ties to the lower position.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import as_fibers, check_axis, check_mask, check_seed, fiber_index, from_fibers
from simulator.sparsity.patterns.magnitude import magnitudes
from simulator.sparsity.patterns.pattern import Pattern, Violation

MAX_DENOMINATOR = 10**18
"""Finest step of a density."""

_DRAW = 1 << 16
_LARGEST = 10**9 - 1


@dataclass(frozen=True)
class Unstructured(Pattern):
    """At most a fraction of the tensor is non-zero.

    Parameters
    ----------
    fraction : Fraction
        Density, 0..1, exact, its denominator at most 10**18.

    Raises
    ------
    InputError
        Anything else.
    """

    fraction: Fraction

    def __post_init__(self) -> None:
        if not isinstance(self.fraction, Fraction) or not 0 <= self.fraction <= 1:
            raise InputError(f"unstructured density {self.fraction!r}: must be a Fraction between 0 and 1")
        if self.fraction.denominator > MAX_DENOMINATOR:
            raise InputError(f"unstructured density {self.fraction}: finer than 1/{MAX_DENOMINATOR}")

    @property
    def text(self) -> str:
        """See :class:`Pattern`; a decimal when that is exact, else p/q."""
        return f"unstructured({_decimal(self.fraction)})"

    @property
    def density(self) -> Fraction:
        """See :class:`Pattern`."""
        return self.fraction

    @property
    def block(self) -> int:
        """See :class:`Pattern`."""
        return 1

    def allowed(self, size: int) -> int:
        """Non-zeros allowed in a tensor of `size` elements."""
        return round(self.fraction * size)

    def violation(self, mask: NDArray[np.bool_], axis: int = -1) -> Violation | None:
        """See :class:`Pattern`; the place is the first element that is one too many, fibers in C order."""
        rows = as_fibers(check_mask(mask), axis)
        allowed, count = self.allowed(rows.size), int(np.count_nonzero(rows))
        if count <= allowed:
            return None
        per_fiber = np.cumsum([np.count_nonzero(row) for row in rows])
        fiber = int(np.searchsorted(per_fiber, allowed, side="right"))
        later = int(per_fiber[fiber]) - allowed
        at = int(np.flatnonzero(rows[fiber])[-later])
        return Violation(
            fiber_index(fiber, mask.shape, axis), None, 0, at, at + 1, count, allowed, int(rows.size)
        )

    def generate(self, shape: tuple[int, ...], axis: int = -1, seed: int = 0) -> NDArray[np.bool_]:
        """See :class:`Pattern`; exactly :meth:`allowed` ones.

        Raises
        ------
        InputError
            10**9 elements or more (a limit of the hypergeometric draw).
        """
        check_axis(len(shape), axis)
        mask = np.zeros(shape, dtype=np.bool_)
        flat = mask.reshape(-1)
        if flat.size > _LARGEST:
            raise InputError(f"shape {shape}: a seeded unstructured mask has at most {_LARGEST} elements")
        rng, left = np.random.default_rng(check_seed(seed)), self.allowed(flat.size)
        for start in range(0, flat.size, _DRAW):
            part = flat[start : start + _DRAW]
            share = int(rng.hypergeometric(left, flat.size - start - left, part.size))
            part[:share] = True
            rng.shuffle(part)
            left -= share
        return mask

    def prune(self, values: NDArray[Any], axis: int = -1) -> NDArray[np.bool_]:
        """See :class:`Pattern`; the largest of the tensor, ties to the lower position, fibers in C order."""
        size = magnitudes(values)
        flat = as_fibers(size, axis).reshape(-1)
        count = self.allowed(flat.size)
        keep = np.zeros(flat.size, dtype=np.bool_)
        if count:
            least = np.partition(flat, flat.size - count)[flat.size - count]
            keep = flat > least
            keep[np.flatnonzero(flat == least)[: count - int(np.count_nonzero(keep))]] = True
        return from_fibers(keep, values.shape, axis)


def _decimal(value: Fraction) -> str:
    """Exact decimal text of a ratio, or p/q when there is none."""
    places, rest = 0, value.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
