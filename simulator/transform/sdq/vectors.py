"""Scales of two levels: an integer per vector of coordinates along K, a real number per row.

    x[r, k] ~ c[r] 2**e[r] s[r, v] q[r, k] u,     v = floor(k / V),  q a code of the number format, u its unit
    s[r, v] = clip(round(a[r, v] / (c[r] 2**e[r] u top)), 1, S),  a the largest magnitude of the vector,  S = 2**bits - 1

c 2**e is such that the vector of the largest magnitude gets at least S / 2. Terms that add up in one accumulator share c and differ
by 2**e, a shift: with the integers w = 2**e s q of both operands the accumulator holds exact integers::

    Z[m, n] = sum over terms, k of  w[m, k] x[k, n],        output = c_weights[m] c_inputs[n] Z[m, n]

Rows are outputs of the weights, and columns (tokens) of the activations, whose scales are found when they are produced. Source: Dai
et al., VS-Quant (arXiv 2102.04503), two-level scales; the shift between terms is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.numbers import Number
from simulator.transform.sdq.name import scale_bits
from simulator.transform.sdq.rounding import rounded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SHIFT = 10
"""Largest e; of wide formats less, so that 2**e s q stays within 31 bits. A term that much smaller gets coarser scales."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """A tensor in a number format with scales.

    Attributes
    ----------
    number : Number
    vector : int
    codes : ndarray of int64, shape (R, K)
    scales : ndarray of int64, shape (R, K / vector)
        1 .. 2**bits - 1.
    shifts : ndarray of int64, shape (R,)
    coarse : ndarray of float64, shape (R,)
        Shared by all terms, the unit of their formats included: what 1 of :attr:`integers` is worth.
    """

    number: Number
    vector: int
    codes: Ints
    scales: Ints
    shifts: Ints
    coarse: Floats

    @property
    def integers(self) -> NDArray[np.int32]:
        """2**e s q, int32, shape (R, K)."""
        wide = np.repeat(self.scales << self.shifts[:, None], self.vector, axis=1) * self.codes
        return wide.astype(np.int32)

    @property
    def values(self) -> Floats:
        """What the codes stand for, shape (R, K)."""
        found: Floats = self.integers * self.coarse[:, None]
        return found


def scaled(terms: Sequence[Floats], numbers: Sequence[Number], vector: int) -> tuple[Scaled, ...]:
    """Quantise tensors whose products add up.

    Parameters
    ----------
    terms : sequence of ndarray of float64, shape (R, K)
        K is a multiple of `vector`; finite.
    numbers : sequence of Number
        The format of each.
    vector : int
        Coordinates that share a scale.

    Returns
    -------
    tuple of Scaled
        One per term, of the same :attr:`Scaled.coarse`.
    """
    rows = len(terms[0])
    pairs = list(zip(terms, numbers, strict=True))
    tops = [np.abs(term).reshape(rows, -1, vector).max(axis=2) / number.top for term, number in pairs]
    most = [(1 << scale_bits(number)) - 1 for number in numbers]
    wanted = np.stack([top.max(axis=1) / limit for top, limit in zip(tops, most, strict=True)])
    room = [31 - (number.top * limit).bit_length() for number, limit in zip(numbers, most, strict=True)]
    coarse, shifts = shared(wanted, np.minimum(room, SHIFT))
    found = []
    for term, number, top, limit, shift in zip(terms, numbers, tops, most, shifts, strict=True):
        step = np.ldexp(coarse, shift)
        scales = np.clip(np.rint(top / step[:, None]), 1, limit).astype(np.int64)
        grid = np.repeat(scales, vector, axis=1) * step[:, None]
        found.append(Scaled(number, vector, rounded(term / grid, number), scales, shift, coarse))
    return tuple(found)


def shared(wanted: Floats, room: Ints) -> tuple[Floats, Ints]:
    """A number c and shifts e per term with c 2**e >= what each term wants, c the least of them where shifts suffice.

    Parameters
    ----------
    wanted : ndarray of float64, shape (terms, R)
        0 of a term that is all zero.
    room : ndarray of int64, shape (terms,)
        Largest shift of each.

    Returns
    -------
    (ndarray of float64, shape (R,), ndarray of int64, shape (terms, R))
    """
    largest = wanted.max(axis=0)
    held = np.where(wanted > 0.0, wanted, np.where(largest > 0.0, largest, 1.0))
    coarse = np.maximum(held.min(axis=0), np.ldexp(held, -room[:, None]).max(axis=0))
    mantissa, exponent = np.frexp(held / coarse)
    shifts = np.where(mantissa == 0.5, exponent - 1, exponent)  # the least e with 2**e >= the ratio
    return coarse, np.clip(shifts, 0, room[:, None]).astype(np.int64)
