"""All candidates of a loop nest at once: what each needs and how it ranks, as integers.

The formulas are those of :mod:`simulator.mapping.tiling`, a row per candidate. With S steps, V visits, T bytes moved at p / q
bytes per cycle, L cycles of latency, B buffers and f bytes of first pieces, the estimate of a candidate is ranked by ::

    p B estimate = max(S p B, T q B, L V p + T q + S p) + f q B + L p B          (of one visit: S p B + ...)

in 64-bit integers where they are sure to suffice, in Python's own otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulator.mapping.tiling import Geometry, Memory, Sizes

Column = NDArray[Any]
_SAFE = 1 << 62
TENSORS = ("weights", "inputs")


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates in order.

    Attributes
    ----------
    leads : ndarray of bool, shape (C,)
        Whether M is the outer rank; otherwise it is N.
    block, windows : ndarray of int64, shape (C,)
    hold : ndarray of int64, shape (2, C)
        Of weights and inputs.
    """

    leads: Column
    block: Column
    windows: Column
    hold: Column

    def refetch(self, g: Geometry, which: int) -> Column:
        """Times each piece of weights (0) or inputs (1) is fetched."""
        return _refetch(self, which, (g.row_tiles, g.column_tiles), g.windows)

    def slots(self, g: Geometry, which: int, buffers: int) -> Column:
        """Pieces of weights (0) or inputs (1) the GLB has room for."""
        return _slots(self, which, (g.row_tiles, g.column_tiles), g.windows, g.groups, buffers)

    def need(self, g: Geometry, pieces: Column, buffers: int) -> tuple[Column, Column]:
        """GLB bytes of data and of metadata; `pieces` is that of :meth:`pieces`."""
        weights, inputs = (self.slots(g, which, buffers) for which in range(2))
        each = pieces[:, :, self._option]
        data, metadata = each[0] * weights + each[1] * inputs
        return data, metadata

    def traffic(self, g: Geometry, sizes: Sizes, among: Column) -> Column:
        """DRAM bytes read; of those `among` the candidates, the others' are anything."""
        totals = np.zeros((2, len(self.options)), dtype=np.int64)
        for option in np.flatnonzero(np.bincount(self._option[among])).tolist():
            totals[:, option] = [sizes.total(tensor, self.options[option]) for tensor in TENSORS]
        weights, inputs = totals[:, self._option]
        found: Column = weights * self.refetch(g, 0) + inputs * self.refetch(g, 1)
        return found

    def rank(self, g: Geometry, pieces: Column, memory: Memory, traffic: Column) -> Column:
        """Estimated cycles, times a constant; see the module. `pieces` and `traffic` are those of the methods."""
        p, q = (memory.bandwidth.numerator, memory.bandwidth.denominator) if memory.bandwidth else (1, 0)
        buffers = memory.buffers
        visits = _visits(self, g.groups * g.row_tiles * g.column_tiles, g.windows)
        first = pieces.sum(axis=(0, 1))[self._option]
        latency, steps = memory.latency, g.steps
        terms = (steps * p, int(traffic.max()) * max(1, q), latency * p * (int(visits.max()) + 1))
        if buffers * (sum(terms) + int(first.max()) * q) >= _SAFE:
            traffic, visits, first = (part.astype(object) for part in (traffic, visits, first))
        turn = latency * visits * p + traffic * q + steps * p
        period = np.maximum(np.maximum(turn, traffic * (q * buffers)), steps * p * buffers)
        found: Column = np.where(visits > 1, period, steps * p * buffers) + first * (q * buffers)
        return found + latency * p * buffers

    @cached_property
    def options(self) -> list[int]:
        """Sizes of pieces that occur."""
        found: list[int] = np.unique(self.windows).tolist()
        return found

    @cached_property
    def _option(self) -> Column:
        """Which of them each candidate has."""
        return np.searchsorted(self.options, self.windows)

    def pieces(self, sizes: Sizes) -> Column:
        """Bytes of a piece of either operand, of data and of metadata, for every size; shape (2, 2, sizes)."""
        found = [[sizes.piece(tensor, w) for w in self.options] for tensor in TENSORS]
        return np.array(found, dtype=np.int64).transpose(0, 2, 1)


_KEPT = 256
"""Grids, and what is known of them without the operands, kept for layers of the same size."""


@lru_cache(_KEPT)
def grid(windows: tuple[int, ...], blocks: tuple[tuple[str, tuple[int, ...]], ...]) -> Candidates:
    """Every size of pieces with every size of blocks of each outer rank, and both operands kept for each length of time.

    Candidates are in the order of `blocks`: an outer rank, ``M`` or ``N``, and sizes of its blocks.
    """
    hold = np.array([(a, b) for a in range(3) for b in range(3)], dtype=np.int64)
    found = []
    for outer, sizes in blocks:
        w, b, h = (part.ravel() for part in np.indices((len(windows), len(sizes), len(hold))))
        found.append((np.full(len(w), outer == "M"), np.array(sizes)[b], np.array(windows)[w], hold[h]))
    leads, block, window, held = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Candidates(leads, block, window, held.T)


@lru_cache(_KEPT)
def _visits(some: Candidates, tiles: int, windows: int) -> Column:
    """Visits of so many tiles."""
    return np.asarray(tiles * -(-windows // some.windows))


def _tiles(some: Candidates, tiles: tuple[int, int]) -> tuple[Column, Column]:
    """Tiles of the outer and of the inner rank, of so many of rows and of columns."""
    rows, columns = tiles
    return np.where(some.leads, rows, columns), np.where(some.leads, columns, rows)


@lru_cache(_KEPT)
def _refetch(some: Candidates, which: int, tiles: tuple[int, int], windows: int) -> Column:
    outer, inner = _tiles(some, tiles)
    hold, whole, own = some.hold[which], some.windows >= windows, some.leads == (which == 0)
    stays = (hold > 0) | (whole & (some.block == 1))
    once = (hold == 2) | (whole & (inner == 1))
    kept = (hold == 1) | whole
    other = np.where(once, 1, np.where(kept, -(-outer // some.block), outer))
    return np.where(own, np.where(stays, 1, inner), other)


@lru_cache(_KEPT)
def _slots(
    some: Candidates, which: int, tiles: tuple[int, int], windows: int, groups: int, buffers: int
) -> Column:
    outer, inner = _tiles(some, tiles)
    hold, pieces, leads = some.hold[which], -(-windows // some.windows), some.leads == (which == 0)
    own = np.where(leads, outer, inner)
    part = pieces * np.where(leads, np.minimum(some.block, outer), 1)
    live = np.where(hold == 0, 1, np.where(hold == 2, own * pieces, part))
    most = groups * own * pieces * _refetch(some, which, tiles, windows)
    return np.asarray(np.minimum(live + buffers - 1, most))


def first_of_least(*keys: Column) -> int:
    """The first place at which the keys, the earlier ones first, are least together."""
    left = np.arange(len(keys[0]))
    for key in keys:
        among = key[left]
        left = left[among == among.min()]
    return int(left[0])
