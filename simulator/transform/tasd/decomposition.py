"""A tensor as the sum of structured terms and a residual.

    A = A_1 + ... + A_t + R,   A_i: the N_i largest magnitudes of every M_i coordinates of R_{i-1},  R_0 = A, R_t = R

Elements are taken whole, so supports are disjoint and A_1 + ... + A_t equals A wherever it is not zero. Ties go to the lower
coordinate. Source: arXiv 2403.07953 (see :mod:`simulator.transform.tasd.series`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.transform.tasd.extraction import label, taken
from simulator.transform.tasd.series import Series, parse

_LARGEST = 1 << 62


@dataclass(frozen=True, eq=False)
class Decomposition:
    """What :func:`decompose` found.

    Attributes
    ----------
    array : ndarray
        What was decomposed.
    series : Series
    axis : int
        Not negative.
    labels : ndarray of uint8, of the array's shape
        The term that takes an element, from 1; 0: none, or the element is zero.
    """

    array: NDArray[Any]
    series: Series
    axis: int
    labels: NDArray[np.uint8]

    @cached_property
    def terms(self) -> tuple[NDArray[Any], ...]:
        """The terms, each of the array's shape and type."""
        return tuple(self._part(i + 1) for i in range(len(self.series.terms)))

    @cached_property
    def residual(self) -> NDArray[Any]:
        """What no term takes, of the array's shape and type."""
        return self._part(0)

    @cached_property
    def approximation(self) -> NDArray[Any]:
        """The sum of the terms, of the array's shape and type."""
        return self._part(0, others=True)

    @property
    def nonzeros(self) -> int:
        """Non-zeros of the array."""
        return int(np.count_nonzero(self.array))

    @property
    def dropped_nonzeros(self) -> int:
        """Non-zeros no term takes."""
        return self.nonzeros - int(np.count_nonzero(self.labels))

    @property
    def magnitude(self) -> float:
        """Sum of all magnitudes."""
        return _magnitude(self.array)

    @property
    def dropped_magnitude(self) -> float:
        """Sum of the magnitudes no term takes."""
        return _magnitude(self.residual)

    @property
    def dropped_squares(self) -> float:
        """Sum of the squares no term takes."""
        return float(np.sum(self.residual.astype(np.float64) ** 2))

    def _part(self, term: int, others: bool = False) -> NDArray[Any]:
        values = np.ascontiguousarray(self.array)
        out = np.empty(values.shape, values.dtype)
        whole = values.dtype if values.dtype.kind in "biu" else f"u{values.dtype.itemsize}"
        if values.dtype.itemsize > 8 or not values.dtype.isnative:
            return np.asarray(np.where((self.labels == term) != others, values, np.zeros((), values.dtype)))
        taken(
            values.reshape(-1).view(whole), self.labels.reshape(-1), term, others, out.reshape(-1).view(whole)
        )
        return out


def _magnitude(values: NDArray[Any]) -> float:
    return float(np.abs(values.astype(np.float64)).sum())


def decompose(array: NDArray[Any], series: str | Series, axis: int = -1, pad: bool = False) -> Decomposition:
    """Decompose a tensor along one of its axes.

    Parameters
    ----------
    array : ndarray of bool, integers or floating point, any shape
        Bool: every True has magnitude 1.
    series : str or Series
        For example ``2:4+2:8``.
    axis : int
        The axis blocks lie along; negative ones count from the last.
    pad : bool
        Whether an axis that a block does not divide is filled up with zeros at its end, as machines do; otherwise it is an error.

    Returns
    -------
    Decomposition

    Raises
    ------
    InputError
        No such series or axis, a block that does not divide the axis, values that are not finite or no real numbers.
    """
    rule = parse(series)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise InputError(f"values to decompose must be an array of real numbers, not {kind}")
    if (
        isinstance(axis, bool)
        or not isinstance(axis, (int, np.integer))
        or not -array.ndim <= axis < array.ndim
    ):
        raise InputError(
            f"axis {axis!r} of an array of shape {array.shape}: must be {-array.ndim} to {array.ndim - 1}"
            if array.ndim
            else f"axis {axis!r}: the array has no axis"
        )
    at = int(axis) % array.ndim
    size = array.shape[at]
    if not pad:
        rule.check(size, f"axis {at} of an array of shape {array.shape}")
    last = np.moveaxis(array, at, -1)
    more = -size % rule.length
    if more:  # blocks of the longer terms that are cut short are filled up
        last = np.pad(last, [(0, 0)] * (array.ndim - 1) + [(0, more)])
    flat = np.ascontiguousarray(last).reshape(-1)
    labels = np.zeros(flat.size, dtype=np.uint8)
    bits, mask, limit = _bits(flat)
    ns, ms = (np.array(part, dtype=np.int64) for part in zip(*rule.terms, strict=True))
    largest = label(bits, bits.dtype.type(mask), ns, ms, rule.length, labels)
    if largest >= limit:
        _refuse(array)
    found = np.moveaxis(labels.reshape(last.shape)[..., :size], -1, at)
    return Decomposition(array, rule, at, np.ascontiguousarray(found))


def _bits(values: NDArray[Any]) -> tuple[NDArray[Any], int, int]:
    """(Integers in the order of magnitudes, the bits of them that count, the least that is no finite number)."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "f" and size in (2, 4, 8):
        native = values.astype(values.dtype.newbyteorder("="), copy=False)
        infinity = np.array(np.inf, dtype=native.dtype).view(f"i{size}")
        return native.view(f"i{size}"), (1 << (8 * size - 1)) - 1, int(infinity)
    if kind == "f":  # more than 64 bits: compared as float64
        return _bits(values.astype(np.float64))
    if kind == "b":
        return values.astype(np.int16), 1, _LARGEST
    if size == 8:
        return _wide(values), _LARGEST - 1, _LARGEST
    wide = {1: np.int16, 2: np.int32, 4: np.int64}[size]
    return np.abs(values.astype(wide)), (1 << (16 * size - 1)) - 1, _LARGEST


def _wide(values: NDArray[Any]) -> NDArray[np.int64]:
    if len(values) and (int(values.max()) >= _LARGEST or int(values.min()) <= -_LARGEST):
        raise InputError(
            f"values to decompose: integers must lie within -2^62 .. 2^62, not {values.dtype} beyond"
        )
    return np.abs(values.astype(np.int64))


def _refuse(array: NDArray[Any]) -> None:
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    raise InputError(f"values to decompose: element {place} is {array[place]}; every value must be finite")
