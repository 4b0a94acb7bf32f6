"""Tiles of many mappings at once: sizes, dense counts, words and entries of the formats, an array over mappings each.

The counts are those of ``exact`` and ``transfers``, for products whose axes are single ranks with coefficient 1 and
densities that depend on the size of a tile only. Here levels count from the outermost memory, as in a nest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.sparseloop.density import DensityModel, density_model
from simulator.analytical.sparseloop.formats import entry_bits
from simulator.analytical.sparseloop.mappings import Ints, Mappings, check
from simulator.hardware.saf import Representation
from simulator.mapping.design_point import DesignPoint

Array = NDArray[np.float64]
ACCESSES = ("read", "fill", "update", "drain")
STATES = ("random", "gated", "skipped")


@dataclass(frozen=True)
class Position:
    """One loop of all mappings: its rank (an array for temporal loops), bounds, level and whether it is spatial."""

    rank: Ints | int
    bound: Array
    level: int
    spatial: bool


@dataclass
class ArrayTile:
    """One tensor at one memory: dense counts, then counts by state and bits of entries by state."""

    level: int
    size: Array
    instances: Array
    dense: dict[str, Array]
    counts: dict[tuple[str, str], Array]
    bits: dict[tuple[str, str], Array]
    format: Representation | None

    @property
    def compressed(self) -> bool:
        """Whether zeros are not stored."""
        return self.format is not None and self.format.compressed


class ArrayTiles:
    """Geometry, dense counts and formats of a design point under many mappings."""

    def __init__(self, point: DesignPoint, mappings: Mappings) -> None:
        self.point, self.mappings = point, mappings
        self.ranks = [name for name, _ in point.product.ranks]
        self.storage = point.hierarchy.storage
        self.levels = len(self.storage)
        check(point, mappings)
        self.sets = {
            t.name: np.array([rank in t.ranks for rank in self.ranks]) for t in point.product.tensors
        }
        self.density: dict[str, DensityModel] = {
            t.name: density_model(point.occupancy_of(t.name), t.shape, None, t.name)
            for t in point.product.tensors
        }
        self.ones = np.ones(len(mappings))
        self.positions = self._positions()
        self.extents = self._extents()
        self._asked: dict[tuple[str, str], dict[int, float]] = {}
        self.kept = {t.name: point.kept(t.name) for t in point.product.tensors}
        self.sparse = bool(point.features.compute) or any(
            level.rules or level.representations for level in point.features.levels.values()
        )

    # geometry

    def _positions(self) -> list[Position]:
        """Loops, outermost first: temporal ones of a level in its order, then Y, then X."""
        found = []
        rows = np.arange(len(self.mappings))
        for level in range(self.levels):
            for place in range(len(self.ranks)):
                rank = self.mappings.order[:, level, place]
                bound = self.mappings.temporal[rows, level, rank].astype(np.float64)
                found.append(Position(rank, bound, level, False))
            for along in (self.mappings.y, self.mappings.x):
                for r in range(len(self.ranks)):
                    if (along[:, level, r] > 1).any():
                        found.append(Position(r, along[:, level, r].astype(np.float64), level, True))
        return found

    def _extents(self) -> list[Array]:
        """Extents of every rank at a level and inside, shape (n, ranks); one entry more for compute."""
        found = [np.ones((len(self.mappings), len(self.ranks)))]
        for level in reversed(range(self.levels)):
            factors = self.mappings.temporal[:, level] * self.mappings.x[:, level] * self.mappings.y[:, level]
            found.insert(0, found[0] * factors)
        return found

    def size(self, tensor: str, extents: Array) -> Array:
        return np.asarray(np.prod(np.where(self.sets[tensor], extents, 1.0), axis=1), dtype=np.float64)

    def moves(self, tensor: str, position: Position) -> NDArray[np.bool_]:
        """Where a loop moves a tensor."""
        told = self.sets[tensor][position.rank]
        return np.asarray(told & (position.bound > 1))

    def ask(self, tensor: str, what: str, sizes: Array, answer: Callable[[int], float]) -> Array:
        """Ask a density model once per size."""
        known = self._asked.setdefault((tensor, what), {})
        values, inverse = np.unique(sizes, return_inverse=True)
        for value in values:
            if int(value) not in known:
                known[int(value)] = answer(int(value))
        return np.array([known[int(value)] for value in values])[inverse]

    def filled(self, tensor: str, sizes: Array) -> Array:
        """P(a tile of this size is not empty)."""
        density = self.density[tensor]
        most = self.point.product.tensor(tensor).size
        return self.ask(tensor, "filled", sizes, lambda n: 1.0 - density.empty((min(n, most),)))

    # dense counts

    def tiles(self, tensor: str) -> dict[int, ArrayTile]:
        path = self.kept[tensor]
        found = {}
        for level in path:
            outside = [p for p in self.positions if p.level < level and p.spatial]
            found[level] = ArrayTile(
                level,
                self.size(tensor, self.extents[level]),
                product_of([p.bound for p in outside], self.ones),
                dict.fromkeys(ACCESSES, 0.0 * self.ones),
                {},
                {},
                self.point.features.at(self.storage[level].name).representation(tensor),
            )
        output = tensor == self.point.product.output.name
        for parent, child in itertools.pairwise([*path, self.levels]):
            self._between(tensor, found[parent], found.get(child), child, output)
        return found

    def _between(
        self, tensor: str, parent: ArrayTile, child: ArrayTile | None, level: int, output: bool
    ) -> None:
        """Dense words between a memory and its child (compute, where `child` is None)."""
        steps = [p for p in self.positions if p.level < level and not p.spatial]
        across = [p for p in self.positions if parent.level <= p.level < level and p.spatial]
        moving = product_of([np.where(self.moves(tensor, p), p.bound, 1.0) for p in across], self.ones)
        shares = tensor not in self.point.nest.levels[parent.level].no_multicast
        distinct = moving if shares else product_of([p.bound for p in across], self.ones)
        first = product_of([np.where(self.moves(tensor, p), p.bound, 1.0) for p in steps], self.ones)
        if child is None:
            points = product_of([p.bound for p in steps], self.ones) * distinct
            parent.dense["update" if output else "read"] = points
            if output:
                parent.dense["read"] = points - first * moving
            return
        entering = child.size * self._visits(tensor, steps)
        if not output:
            child.dense["fill"], parent.dense["read"] = entering, entering * distinct
            return
        again = entering - child.size * first
        child.dense["drain"], child.dense["fill"] = entering, again
        parent.dense["update"], parent.dense["read"] = entering * distinct, again * distinct

    def _visits(self, tensor: str, steps: list[Position]) -> Array:
        """How often a tile is sent: all loops down to the innermost that moves it."""
        running, found = self.ones.copy(), self.ones.copy()
        for position in steps:
            running = running * position.bound
            found = np.where(self.moves(tensor, position), running, found)
        return found

    # formats

    def move(self, tensor: str, tile: ArrayTile, child: ArrayTile | None) -> None:
        """Words and bits of every access by what the format stores."""
        for access in ACCESSES:
            outwards = access in ("fill", "drain")
            inside = tile.level if outwards else self.levels if child is None else child.level
            sent = tile.size if outwards else self.ones if child is None else child.size
            words = tile.dense[access]
            share = self.density_share(tensor) if tile.compressed else 1.0
            tile.counts[("random", access)] = words * share
            bits = self.entry_bits(tensor, tile, inside, child is None and not outwards)
            tile.bits[("random", access)] = bits * words / sent
            for state in STATES[1:]:
                tile.counts[(state, access)] = 0.0 * self.ones
                tile.bits[(state, access)] = 0.0 * self.ones

    def density_share(self, tensor: str) -> float:
        """Expected non-zeros per word."""
        return self.density[tensor].scalar()

    def entry_bits(self, tensor: str, tile: ArrayTile, inside: int, innermost_only: bool) -> Array:
        """Expected bits of entries of one set: the tile at level `inside`, in this memory's format."""
        told = tile.format
        if told is None:
            return 0.0 * self.ones
        coordinates = [p for p in self.positions if p.level >= tile.level and self.sets[tensor][p.rank].any()]
        owner = self._owners(tensor, coordinates, len(told.ranks), told.inner_first)
        served = [(owner == rank).any(axis=0) for rank in range(len(told.ranks))]
        place = f"{self.storage[tile.level].path}: format of {tensor}"
        bits, fibers, stored = 0.0 * self.ones, self.ones, self.ones
        for rank, format in enumerate(told.ranks):
            top, below = self._within(coordinates, owner, rank, inside)
            filled = self.filled(tensor, below)
            counted = served[rank]
            if innermost_only:
                counted = counted & ~np.any([*served[rank + 1 :], np.zeros_like(counted)], axis=0)
            width = entry_bits(format, self.storage[tile.level], place)
            told_bits = _bits(format.format, fibers, fibers * stored, top / below, filled, *width)
            bits = bits + np.where(counted, told_bits, 0.0)
            fibers = fibers * top / below
            stored = filled if format.compressed else stored
        return bits

    def _owners(self, tensor: str, coordinates: list[Position], ranks: int, inner_first: bool) -> Ints:
        """Rank of the format (outermost 0) that every coordinate goes to, shape (coordinates, n); -1 for trivial loops."""
        real = np.array([self.moves(tensor, p) for p in coordinates]).reshape(len(coordinates), -1)
        order = np.cumsum(real, axis=0) - 1
        total = real.sum(axis=0)
        if inner_first:
            fromin = total - 1 - order
            owner = ranks - 1 - np.minimum(fromin, ranks - 1)
        else:
            owner = np.minimum(order, ranks - 1)
        return np.where(real, owner, -1)

    def _within(
        self, coordinates: list[Position], owner: Ints, rank: int, inside: int
    ) -> tuple[Array, Array]:
        """Sizes of the box of a fiber of a rank and of the box below one coordinate, cut to the tile at a level."""
        top, below = self.ones.copy(), self.ones.copy()
        for position, mine in zip(coordinates, owner, strict=True):
            if position.level < inside:
                continue
            top = np.where(mine >= rank, top * position.bound, top)
            below = np.where(mine > rank, below * position.bound, below)
        return top, below


def product_of(factors: list[Array], ones: Array) -> Array:
    found = ones
    for factor in factors:
        found = found * factor
    return found


def scale(tile: ArrayTile, access: str, share: Array) -> None:
    tile.counts[("random", access)] = tile.counts[("random", access)] * share
    tile.bits[("random", access)] = tile.bits[("random", access)] * share


def split(tile: ArrayTile, access: str, skipped: Array, gated: Array) -> None:
    for told in (tile.counts, tile.bits):
        count = told[("random", access)]
        told[("skipped", access)] = told[("skipped", access)] + count * skipped
        told[("gated", access)] = told[("gated", access)] + count * gated
    scale(tile, access, np.maximum(1.0 - skipped - gated, 0.0))


def _bits(
    format: str, fibers: Array, stored: Array, coordinates: Array, filled: Array, metadata: int, payload: int
) -> Array:
    """Bits of one rank of one set."""
    if format == "U":
        return 0.0 * fibers
    if format == "UOP":
        return payload * stored * (coordinates + 1)
    if format == "B":
        return metadata * stored * coordinates
    if format == "UB":
        return metadata * fibers * coordinates
    return metadata * fibers * coordinates * filled
