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
    """Candidates of one outer rank, in order.

    Attributes
    ----------
    outer : str
        ``M`` or ``N``.
    block, windows : ndarray of int64, shape (C,)
    hold : ndarray of int64, shape (2, C)
        Of weights and inputs.
    """

    outer: str
    block: Column
    windows: Column
    hold: Column

    def refetch(self, g: Geometry, which: int) -> Column:
        """Times each piece of weights (0) or inputs (1) is fetched."""
        return _refetch(self, which, (g.row_tiles, g.column_tiles), g.windows)

    def slots(self, g: Geometry, which: int, buffers: int) -> Column:
        """Pieces of weights (0) or inputs (1) the GLB has room for."""
        return _slots(self, which, (g.row_tiles, g.column_tiles), g.windows, g.groups, buffers)

    def need(self, g: Geometry, sizes: Sizes, buffers: int) -> tuple[Column, Column]:
        """GLB bytes of data and of metadata."""
        pieces = self._pieces(sizes)
        slots = np.stack([self.slots(g, which, buffers) for which in range(2)])
        data, metadata = (slots[:, None] * pieces[:, :, self._option]).sum(axis=0)
        return data, metadata

    def traffic(self, g: Geometry, sizes: Sizes, among: Column) -> Column:
        """DRAM bytes read; of those `among` the candidates, the others' are anything."""
        totals = np.zeros((2, len(self._options)), dtype=np.int64)
        for option in np.flatnonzero(np.bincount(self._option[among])).tolist():
            totals[:, option] = [sizes.total(tensor, self._options[option]) for tensor in TENSORS]
        found: Column = totals[0, self._option] * self.refetch(g, 0)
        found += totals[1, self._option] * self.refetch(g, 1)
        return found

    def rank(self, g: Geometry, sizes: Sizes, memory: Memory, traffic: Column) -> Column:
        """Estimated cycles, times a constant; see the module. `traffic` is that of :meth:`traffic`."""
        p, q = (memory.bandwidth.numerator, memory.bandwidth.denominator) if memory.bandwidth else (1, 0)
        buffers = memory.buffers
        visits = _visits(self, g.groups * g.row_tiles * g.column_tiles, g.windows)
        first = self._pieces(sizes).sum(axis=(0, 1))[self._option]
        latency, steps = memory.latency, g.steps
        terms = (steps * p, int(traffic.max()) * max(1, q), latency * p * (int(visits.max()) + 1))
        if buffers * (sum(terms) + int(first.max()) * q) >= _SAFE:
            traffic, visits, first = (part.astype(object) for part in (traffic, visits, first))
        turn = latency * visits * p + traffic * q + steps * p
        period = np.maximum(np.maximum(turn, traffic * (q * buffers)), steps * p * buffers)
        found: Column = np.where(visits > 1, period, steps * p * buffers) + first * (q * buffers)
        return found + latency * p * buffers

    @cached_property
    def _options(self) -> list[int]:
        """Sizes of pieces that occur."""
        found: list[int] = np.unique(self.windows).tolist()
        return found

    @cached_property
    def _option(self) -> Column:
        """Which of them each candidate has."""
        return np.searchsorted(self._options, self.windows)

    def _pieces(self, sizes: Sizes) -> Column:
        """Bytes of data and of metadata of a piece of either operand, shape (2, 2, sizes of pieces)."""
        found = [[sizes.piece(tensor, w) for w in self._options] for tensor in TENSORS]
        return np.array(found, dtype=np.int64).transpose(0, 2, 1)


_KEPT = 256
"""Grids, and what is known of them without the operands, kept for layers of the same size."""


@lru_cache(_KEPT)
def grid(outer: str, windows: tuple[int, ...], blocks: tuple[int, ...]) -> Candidates:
    """Every size of pieces with every size of blocks, and both operands kept for each length of time."""
    hold = np.array([(a, b) for a in range(3) for b in range(3)], dtype=np.int64)
    shape = len(windows), len(blocks), len(hold)
    w, b, h = (part.ravel() for part in np.indices(shape))
    return Candidates(outer, np.array(blocks)[b], np.array(windows)[w], hold[h].T)


@lru_cache(_KEPT)
def _visits(some: Candidates, tiles: int, windows: int) -> Column:
    """Visits of so many tiles."""
    return np.asarray(tiles * -(-windows // some.windows))


@lru_cache(_KEPT)
def _refetch(some: Candidates, which: int, tiles: tuple[int, int], windows: int) -> Column:
    outer, inner = tiles if some.outer == "M" else tiles[::-1]
    hold, whole = some.hold[which], some.windows >= windows
    if (which == 0) == (some.outer == "M"):
        once = (hold > 0) | (whole & (some.block == 1))
        return np.asarray(np.where(once, 1, inner))
    once = (hold == 2) | (whole & (inner == 1))
    kept = (hold == 1) | whole
    return np.asarray(np.where(once, 1, np.where(kept, -(-outer // some.block), outer)))


@lru_cache(_KEPT)
def _slots(
    some: Candidates, which: int, tiles: tuple[int, int], windows: int, groups: int, buffers: int
) -> Column:
    outer, inner = tiles if some.outer == "M" else tiles[::-1]
    hold, pieces, leads = some.hold[which], -(-windows // some.windows), (which == 0) == (some.outer == "M")
    own = outer if leads else inner
    part = pieces * (np.minimum(some.block, outer) if leads else 1)
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
