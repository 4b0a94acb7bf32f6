"""Density models: how many non-zeros a tile of given shape holds.

    fixed-structured   floor(n d) or ceil(n d), so that the mean is n d
    hypergeometric     P(k) = C(r, k) C(N - r, n - k) / C(N, n),   N elements, r = ceil(N d) non-zeros, tile of n
    banded             counted over the aligned tiles of a square matrix with |i - j| <= w
    actual             counted over the aligned tiles of the recorded tensor

Every model answers the same questions of a *box* (elements along each axis): its distribution, its extremes, and how often a
sub-box is empty when the tile around it is known to hold k non-zeros. Logarithms of binomials are vectorised
(Stirling's series above :data:`TABLE`), and only occupancies of probability above 0 in double precision are listed,
so a tile of 10^5 elements costs microseconds per rank. Source: Wu et al., Sparseloop, MICRO 2022, section 5.3.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.sparseloop.loops import Box, volume
from simulator.errors import InputError
from simulator.workload.occupancy import Occupancy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Whole = int | np.int64 | Ints
TABLE = 256
"""Factorials up to here are tabled; larger ones by Stirling's series to x^-7 (relative error below 1e-16)."""
SPREAD = 60
"""Standard deviations from the mean beyond which a hypergeometric probability is 0 in double precision."""

_LOG_FACTORIAL = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, TABLE + 1, dtype=np.float64)))])


@dataclass(frozen=True)
class Distribution:
    """Occupancies a tile may have.

    Attributes
    ----------
    occupancy : ndarray of int64, shape (n,)
        Non-zeros, ascending.
    probability : ndarray of float64, shape (n,)
        All above 0.
    """

    occupancy: Ints
    probability: Floats

    def of(self, occupancy: int) -> float:
        """Probability of one occupancy."""
        i = int(np.searchsorted(self.occupancy, occupancy))
        return (
            float(self.probability[i]) if i < len(self.occupancy) and self.occupancy[i] == occupancy else 0.0
        )

    @property
    def mean(self) -> float:
        """Expected non-zeros."""
        return float(self.probability @ self.occupancy)


class DensityModel(Protocol):
    """What every density model answers."""

    kind: str

    def distribution(self, tile: Box) -> Distribution:
        """Occupancies of tiles of this shape."""

    def empty(self, tile: Box) -> float:
        """Probability that a tile holds no non-zero."""

    def most(self, tile: Box) -> int:
        """Largest occupancy a tile of this shape can have."""

    def least(self, tile: Box) -> int:
        """Smallest occupancy, as the method bounds it (it need not be reached)."""

    def mean(self, tile: Box) -> float:
        """Expected occupancy of a tile."""

    def scalar(self) -> float:
        """Expected occupancy of one element."""

    def empty_given(self, inner: Box, tile: Box, occupancy: Ints) -> Floats:
        """P(inner box empty | the tile around it holds `occupancy`), one per entry of `occupancy`."""

    def elements(self, fiber: Box, element: Box) -> int:
        """Most elements of a fiber that can be non-empty."""


def _log_factorial(x: Whole) -> Floats:
    """log(x!) for x >= 0."""
    value: Floats = np.asarray(x, dtype=np.float64)
    small = _LOG_FACTORIAL[np.minimum(value, TABLE).astype(np.int64)]
    z = np.maximum(value, TABLE) + 1.0
    inverse = 1.0 / z
    series = inverse * (1 / 12 - inverse**2 * (1 / 360 - inverse**2 * (1 / 1260 - inverse**2 / 1680)))
    large = (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + series
    return np.where(value <= TABLE, small, large)


def _log_choose(n: Whole, k: Whole) -> Floats:
    """log C(n, k); -inf where k < 0 or k > n."""
    top, chosen = np.broadcast_arrays(np.asarray(n, dtype=np.int64), np.asarray(k, dtype=np.int64))
    valid = (chosen >= 0) & (chosen <= top)
    n0, k0 = np.where(valid, top, 0), np.where(valid, chosen, 0)
    found = _log_factorial(n0) - _log_factorial(k0) - _log_factorial(n0 - k0)
    return np.where(valid, found, -np.inf)


def empty_by_draw(size: int, nonzeros: Ints, drawn: int) -> Floats:
    """P(no non-zero among `drawn` of `size` elements holding `nonzeros`) = C(size - nonzeros, drawn) / C(size, drawn)."""
    nonzeros = np.asarray(nonzeros, dtype=np.int64)
    drawn = min(drawn, size)
    if drawn == 1:
        return 1.0 - nonzeros / size
    found = np.exp(_log_choose(size - nonzeros, drawn) - _log_choose(size, drawn))
    return np.where(nonzeros == 0, 1.0, found)


def _whole(mean: float) -> Distribution:
    """Floor and ceiling of a mean, with the probabilities that keep it."""
    low, up = math.floor(mean), mean - math.floor(mean)
    if up == 0:
        return Distribution(np.array([low], dtype=np.int64), np.array([1.0]))
    return Distribution(np.array([low, low + 1], dtype=np.int64), np.array([1.0 - up, up]))


@dataclass
class Structured:
    """Every tile of n elements holds n d non-zeros, rounded up or down.

    Attributes
    ----------
    density : float
    """

    density: float
    kind: str = "fixed-structured"

    def distribution(self, tile: Box) -> Distribution:
        """Floor and ceiling of n d."""
        return _whole(volume(tile) * self.density)

    def empty(self, tile: Box) -> float:
        """1 - n d when that is positive."""
        return self.distribution(tile).of(0)

    def most(self, tile: Box) -> int:
        """Ceiling of n d."""
        return math.ceil(volume(tile) * self.density)

    def least(self, tile: Box) -> int:
        """Floor of n d."""
        return math.floor(volume(tile) * self.density)

    def mean(self, tile: Box) -> float:
        """n d."""
        return volume(tile) * self.density

    def scalar(self) -> float:
        """The density."""
        return self.density

    def empty_given(self, inner: Box, tile: Box, occupancy: Ints) -> Floats:
        """The same rule at the density the tile has."""
        mean = volume(inner) * (occupancy / volume(tile))
        return np.where(mean < 1, 1.0 - mean, 0.0)

    def elements(self, fiber: Box, element: Box) -> int:
        """Non-zeros of the fiber, at most its elements."""
        return min(volume(fiber) // volume(element), self.most(fiber))


@dataclass
class Hypergeometric:
    """Non-zeros drawn without replacement over the whole tensor.

    Attributes
    ----------
    size, nonzeros : int
        Of the tensor.
    density : float
        As declared.
    """

    size: int
    nonzeros: int
    density: float
    kind: str = "hypergeometric"
    _known: dict[int, Distribution] = field(default_factory=dict)

    def distribution(self, tile: Box) -> Distribution:
        """All occupancies of probability above 0."""
        n = volume(tile)
        if n not in self._known:
            self._known[n] = self._distribution(n)
        return self._known[n]

    def _distribution(self, n: int) -> Distribution:
        size, r = self.size, self.nonzeros
        mean = n * r / size
        spread = SPREAD * (1 + math.sqrt(mean * max(1 - r / size, 0) * max(size - n, 0) / max(size - 1, 1)))
        low = max(0, n + r - size, math.floor(mean - spread))
        high = min(n, r, math.ceil(mean + spread))
        k = np.arange(low, high + 1, dtype=np.int64)
        log = _log_choose(r, k) + _log_choose(size - r, n - k) - _log_choose(size, n)
        p = np.exp(log)
        return Distribution(k[p > 0], p[p > 0])

    def empty(self, tile: Box) -> float:
        """C(N - r, n) / C(N, n)."""
        n, zeros = min(volume(tile), self.size), self.size - self.nonzeros
        if n == 1 or zeros == self.size:
            return zeros / self.size
        if n > zeros:
            return 0.0
        log = math.lgamma
        return math.exp(log(zeros + 1) - log(zeros - n + 1) - log(self.size + 1) + log(self.size - n + 1))

    def most(self, tile: Box) -> int:
        """The whole tile, or all non-zeros there are."""
        return min(volume(tile), self.nonzeros)

    def least(self, tile: Box) -> int:
        """Those that cannot all lie outside the tile."""
        return max(volume(tile) + self.nonzeros - self.size, 0)

    def mean(self, tile: Box) -> float:
        """n r / N."""
        return volume(tile) * self.nonzeros / self.size

    def scalar(self) -> float:
        """r / N."""
        return self.nonzeros / self.size

    def empty_given(self, inner: Box, tile: Box, occupancy: Ints) -> Floats:
        """The same draw inside the tile."""
        return empty_by_draw(volume(tile), occupancy, volume(inner))

    def elements(self, fiber: Box, element: Box) -> int:
        """All of them, while there are non-zeros enough."""
        return min(volume(fiber) // volume(element), self.most(fiber))


@dataclass
class Counted:
    """Occupancies counted over the aligned tiles of a mask.

    Attributes
    ----------
    mask : ndarray of bool
        The tensor; tiles of box b start at multiples of b, and what is left at the edges is no tile.
    kind : str
        ``actual`` or ``banded``.
    """

    mask: NDArray[np.bool_]
    kind: str = "actual"
    _known: dict[Box, Ints] = field(default_factory=dict)

    def counts(self, tile: Box) -> Ints:
        """Non-zeros of every aligned tile, an array of the shape of the grid of tiles."""
        if tile not in self._known:
            found = self.mask.astype(np.int64)
            for axis, step in enumerate(tile):
                whole = max(self.mask.shape[axis] // step, 1)
                starts = np.arange(0, whole * step, step)
                found = np.add.reduceat(
                    found.take(np.arange(min(whole * step, found.shape[axis])), axis), starts, axis
                )
            self._known[tile] = found
        return self._known[tile]

    def distribution(self, tile: Box) -> Distribution:
        """Shares of the aligned tiles."""
        k, n = np.unique(self.counts(tile), return_counts=True)
        return Distribution(k.astype(np.int64), n / n.sum())

    def empty(self, tile: Box) -> float:
        """Share of empty tiles."""
        return float(np.mean(self.counts(tile) == 0))

    def most(self, tile: Box) -> int:
        """The fullest tile."""
        return int(self.counts(tile).max())

    def least(self, tile: Box) -> int:
        """The emptiest tile."""
        return int(self.counts(tile).min())

    def mean(self, tile: Box) -> float:
        """Mean of the tiles."""
        return float(self.counts(tile).mean())

    def scalar(self) -> float:
        """Density of the tensor."""
        return float(self.mask.mean())

    def empty_given(self, inner: Box, tile: Box, occupancy: Ints) -> Floats:
        """Share of empty inner boxes among the tiles that hold this many; an inner box counts to the tile it starts in."""
        outer, inside = self.counts(tile), self.counts(inner) == 0
        whole = [
            max(min(n, m * around // step), 1)
            for n, step, around, m in zip(inside.shape, inner, tile, outer.shape, strict=True)
        ]
        inside = inside[tuple(slice(n) for n in whole)]
        index = np.ix_(
            *(
                np.minimum(np.arange(n) * step // around, m - 1)
                for n, step, around, m in zip(whole, inner, tile, outer.shape, strict=True)
            )
        )
        held = outer[index]
        return np.array([float(inside[held == k].mean()) if (held == k).any() else 0.0 for k in occupancy])

    def elements(self, fiber: Box, element: Box) -> int:
        """Most non-empty elements of any fiber."""
        filled = Counted(self.counts(element) > 0)
        return filled.most(tuple(math.ceil(f / e) for f, e in zip(fiber, element, strict=True)))


def banded(shape: Box, width: int) -> Counted:
    """A matrix with non-zeros where |row - column| <= width."""
    rows, columns = np.indices(shape, sparse=True)
    return Counted(np.abs(rows - columns) <= width, "banded")


def density_model(
    occupancy: Occupancy, shape: Box, mask: NDArray[np.bool_] | None, where: str
) -> DensityModel:
    """The model of a declared occupancy.

    Parameters
    ----------
    occupancy : Occupancy
    shape : tuple of int
        Of the tensor.
    mask : ndarray of bool or None
        Non-zeros of the tensor, for ``actual``.
    where : str
        For messages.

    Raises
    ------
    InputError
        ``actual`` without data or with data of another shape; ``banded`` of what is not a matrix.
    """
    if occupancy.distribution == "actual":
        if mask is None:
            raise InputError(f"{where}: density 'actual' needs the tensor's data, and none was given")
        if mask.shape != shape:
            raise InputError(f"{where}: the tensor given is of shape {mask.shape}; the product says {shape}")
        return Counted(mask)
    if occupancy.distribution == "banded":
        if len(shape) != 2:
            raise InputError(f"{where}: density 'banded' is of matrices; this tensor has {len(shape)} axes")
        return banded(shape, occupancy.band_width or 0)
    density = float(occupancy.density)
    if occupancy.distribution == "hypergeometric":
        size = occupancy.size or volume(shape)
        return Hypergeometric(size, math.ceil(density * size), density)
    return Structured(density)
