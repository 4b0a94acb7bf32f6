"""Many mappings of one product on one hierarchy at once: the default mode, array-wise.

Every quantity of the one-at-a-time model is an array over mappings; densities are asked once per tile size that
occurs. The counts are those of ``exact``, ``transfers``, ``conditions`` and ``memories``, told again for products
whose axes are single ranks with coefficient 1 and densities that depend on the size of a tile only
(fixed-structured, hypergeometric). Nothing is approximated beyond that model; a mapping that does not fit is told,
not refused. Here levels count from the outermost memory, as in a nest.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.sparseloop.computes import action
from simulator.analytical.sparseloop.density import DensityModel, density_model
from simulator.analytical.sparseloop.formats import EPSILON, entry_bits
from simulator.analytical.sparseloop.memories import CHAINS, COMPUTE_CHAINS, METADATA_CHAINS
from simulator.energy.reference_table import component_name
from simulator.errors import InputError
from simulator.hardware.saf import Representation
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop, Nest, X, Y

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
ACCESSES = ("read", "fill", "update", "drain")
STATES = ("random", "gated", "skipped")


@dataclass(frozen=True)
class Mappings:
    """Factors and orders of n mappings; ranks in the order of the product, levels outermost first.

    Attributes
    ----------
    temporal : ndarray of int64, shape (n, levels, ranks)
        Bounds of temporal loops.
    order : ndarray of int64, shape (n, levels, ranks)
        Ranks of the temporal loops of a level, outermost first.
    x, y : ndarray of int64, shape (n, levels, ranks)
        Bounds of spatial loops; those along Y are outside those along X, ranks in order.
    """

    temporal: Ints
    order: Ints
    x: Ints
    y: Ints

    def __len__(self) -> int:
        return len(self.temporal)


@dataclass(frozen=True)
class Evaluations:
    """What the model says of n mappings.

    Attributes
    ----------
    cycles : ndarray of int64, shape (n,)
    energy_pj : ndarray of float64, shape (n,)
    fits : ndarray of bool, shape (n,)
        Whether tiles fit and instances are there; the other numbers mean nothing where not.
    """

    cycles: Ints
    energy_pj: Array
    fits: NDArray[np.bool_]


def nest_of(point: DesignPoint, mappings: Mappings, index: int) -> Nest:
    """One mapping as a nest; what memories keep is taken from `point`."""
    ranks = [name for name, _ in point.product.ranks]
    levels = []
    for i, level in enumerate(point.nest.levels):
        bounds = mappings.temporal[index, i]
        temporal = [
            Loop(ranks[r], int(bounds[r]), int(bounds[r])) for r in mappings.order[index, i] if bounds[r] > 1
        ]
        spatial = [
            Loop(ranks[r], int(n), int(n), axis)
            for axis, along in ((Y, mappings.y), (X, mappings.x))
            for r, n in enumerate(along[index, i])
            if n > 1
        ]
        levels.append(replace(level, temporal=tuple(temporal), spatial=tuple(spatial)))
    return Nest(tuple(levels))


def evaluate(point: DesignPoint, mappings: Mappings) -> Evaluations:
    """Cycles and energy of many mappings in the default mode.

    Parameters
    ----------
    point : DesignPoint
        Product, hierarchy, features, densities, and what every memory keeps; its loops are not used.
    mappings : Mappings

    Returns
    -------
    Evaluations

    Raises
    ------
    InputError
        Factors that do not multiply to the ranks' sizes; a product, density or rule that is not told array-wise.
    """
    return _Batch(point, mappings).run()


@dataclass(frozen=True)
class _Position:
    """One loop of all mappings: its rank (an array for temporal loops), bounds, level and whether it is spatial."""

    rank: Ints | int
    bound: Array
    level: int
    spatial: bool


@dataclass
class _Tile:
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
        return self.format is not None and self.format.compressed


class _Batch:
    def __init__(self, point: DesignPoint, mappings: Mappings) -> None:
        self.point, self.mappings = point, mappings
        self.ranks = [name for name, _ in point.product.ranks]
        self.storage = point.hierarchy.storage
        self.levels = len(self.storage)
        _check(point, mappings)
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

    def _positions(self) -> list[_Position]:
        """Loops, outermost first: temporal ones of a level in its order, then Y, then X."""
        found = []
        rows = np.arange(len(self.mappings))
        for level in range(self.levels):
            for place in range(len(self.ranks)):
                rank = self.mappings.order[:, level, place]
                bound = self.mappings.temporal[rows, level, rank].astype(np.float64)
                found.append(_Position(rank, bound, level, False))
            for along in (self.mappings.y, self.mappings.x):
                for r in range(len(self.ranks)):
                    if (along[:, level, r] > 1).any():
                        found.append(_Position(r, along[:, level, r].astype(np.float64), level, True))
        return found

    def _extents(self) -> list[Array]:
        """Extents of every rank at a level and inside, shape (n, ranks); one entry more for compute."""
        found = [np.ones((len(self.mappings), len(self.ranks)))]
        for level in reversed(range(self.levels)):
            factors = self.mappings.temporal[:, level] * self.mappings.x[:, level] * self.mappings.y[:, level]
            found.insert(0, found[0] * factors)
        return found

    def _size(self, tensor: str, extents: Array) -> Array:
        return np.asarray(np.prod(np.where(self.sets[tensor], extents, 1.0), axis=1), dtype=np.float64)

    def _moves(self, tensor: str, position: _Position) -> NDArray[np.bool_]:
        """Where a loop moves a tensor."""
        told = self.sets[tensor][position.rank]
        return np.asarray(told & (position.bound > 1))

    def _ask(self, tensor: str, what: str, sizes: Array, answer: Callable[[int], float]) -> Array:
        """Ask a density model once per size."""
        known = self._asked.setdefault((tensor, what), {})
        values, inverse = np.unique(sizes, return_inverse=True)
        for value in values:
            if int(value) not in known:
                known[int(value)] = answer(int(value))
        return np.array([known[int(value)] for value in values])[inverse]

    def _filled(self, tensor: str, sizes: Array) -> Array:
        """P(a tile of this size is not empty)."""
        density = self.density[tensor]
        most = self.point.product.tensor(tensor).size
        return self._ask(tensor, "filled", sizes, lambda n: 1.0 - density.empty((min(n, most),)))

    # dense counts

    def _tiles(self, tensor: str) -> dict[int, _Tile]:
        path = self.kept[tensor]
        found = {}
        for level in path:
            outside = [p for p in self.positions if p.level < level and p.spatial]
            found[level] = _Tile(
                level,
                self._size(tensor, self.extents[level]),
                _product([p.bound for p in outside], self.ones),
                dict.fromkeys(ACCESSES, 0.0 * self.ones),
                {},
                {},
                self.point.features.at(self.storage[level].name).representation(tensor),
            )
        output = tensor == self.point.product.output.name
        for parent, child in itertools.pairwise([*path, self.levels]):
            self._between(tensor, found[parent], found.get(child), child, output)
        return found

    def _between(self, tensor: str, parent: _Tile, child: _Tile | None, level: int, output: bool) -> None:
        """Dense words between a memory and its child (compute, where `child` is None)."""
        steps = [p for p in self.positions if p.level < level and not p.spatial]
        across = [p for p in self.positions if parent.level <= p.level < level and p.spatial]
        moving = _product([np.where(self._moves(tensor, p), p.bound, 1.0) for p in across], self.ones)
        shares = tensor not in self.point.nest.levels[parent.level].no_multicast
        distinct = moving if shares else _product([p.bound for p in across], self.ones)
        first = _product([np.where(self._moves(tensor, p), p.bound, 1.0) for p in steps], self.ones)
        if child is None:
            points = _product([p.bound for p in steps], self.ones) * distinct
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

    def _visits(self, tensor: str, steps: list[_Position]) -> Array:
        """How often a tile is sent: all loops down to the innermost that moves it."""
        running, found = self.ones.copy(), self.ones.copy()
        for position in steps:
            running = running * position.bound
            found = np.where(self._moves(tensor, position), running, found)
        return found

    # formats

    def _move(self, tensor: str, tile: _Tile, child: _Tile | None) -> None:
        """Words and bits of every access by what the format stores."""
        for access in ACCESSES:
            outwards = access in ("fill", "drain")
            inside = tile.level if outwards else self.levels if child is None else child.level
            sent = tile.size if outwards else self.ones if child is None else child.size
            words = tile.dense[access]
            share = self.density_share(tensor) if tile.compressed else 1.0
            tile.counts[("random", access)] = words * share
            bits = self._entry_bits(tensor, tile, inside, child is None and not outwards)
            tile.bits[("random", access)] = bits * words / sent
            for state in STATES[1:]:
                tile.counts[(state, access)] = 0.0 * self.ones
                tile.bits[(state, access)] = 0.0 * self.ones

    def density_share(self, tensor: str) -> float:
        """Expected non-zeros per word."""
        return self.density[tensor].scalar()

    def _entry_bits(self, tensor: str, tile: _Tile, inside: int, innermost_only: bool) -> Array:
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
            filled = self._filled(tensor, below)
            counted = served[rank]
            if innermost_only:
                counted = counted & ~np.any([*served[rank + 1 :], np.zeros_like(counted)], axis=0)
            width = entry_bits(format, self.storage[tile.level], place)
            told_bits = _bits(format.format, fibers, fibers * stored, top / below, filled, *width)
            bits = bits + np.where(counted, told_bits, 0.0)
            fibers = fibers * top / below
            stored = filled if format.compressed else stored
        return bits

    def _owners(self, tensor: str, coordinates: list[_Position], ranks: int, inner_first: bool) -> Ints:
        """Rank of the format (outermost 0) that every coordinate goes to, shape (coordinates, n); -1 for trivial loops."""
        real = np.array([self._moves(tensor, p) for p in coordinates]).reshape(len(coordinates), -1)
        order = np.cumsum(real, axis=0) - 1
        total = real.sum(axis=0)
        if inner_first:
            fromin = total - 1 - order
            owner = ranks - 1 - np.minimum(fromin, ranks - 1)
        else:
            owner = np.minimum(order, ranks - 1)
        return np.where(real, owner, -1)

    def _within(
        self, coordinates: list[_Position], owner: Ints, rank: int, inside: int
    ) -> tuple[Array, Array]:
        """Sizes of the box of a fiber of a rank and of the box below one coordinate, cut to the tile at a level."""
        top, below = self.ones.copy(), self.ones.copy()
        for position, mine in zip(coordinates, owner, strict=True):
            if position.level < inside:
                continue
            top = np.where(mine >= rank, top * position.bound, top)
            below = np.where(mine > rank, below * position.bound, below)
        return top, below

    # rules

    def _rules(self, tiles: dict[str, dict[int, _Tile]]) -> dict[str, tuple[Array, Array]]:
        """Apply the rules on operands; per leader P(not empty) of its smallest tile by skipping and by all rules."""
        leaders: dict[str, tuple[Array, Array]] = {}
        for access in self.point.product.operands:
            passed: dict[str, tuple[Array, Array]] = {}
            path = self.kept[access.name]
            for level, child in itertools.pairwise([*path, self.levels]):
                self._transfer(access.name, tiles[access.name], level, child, passed)
            for name, (skip, every) in passed.items():
                known = leaders.get(name, (self.ones, self.ones))
                leaders[name] = np.minimum(known[0], skip), np.minimum(known[1], every)
        return leaders

    def _transfer(
        self,
        follower: str,
        tiles: dict[int, _Tile],
        level: int,
        child: int,
        passed: dict[str, tuple[Array, Array]],
    ) -> None:
        tile = tiles[level]
        alive = _product([every for _, every in passed.values()], self.ones)
        _scale(tile, "read", alive)
        shares = {name: (every, every) for name, (_, every) in passed.items()}
        ruled = False
        for at in range(level, child):
            for rule in self.point.features.at(self.storage[at].name).rules:
                if rule.options[0].follower != follower:
                    continue
                skips = rule.kind == "skipping"
                for leader in rule.options[0].leaders:
                    if at == level:
                        ruled = True
                        union = self._leader(leader, follower, child, level, True)
                        share = shares.get(leader, (self.ones, self.ones))
                        shares[leader] = (
                            np.minimum(share[0], union) if skips else share[0],
                            np.minimum(share[1], union),
                        )
                    inner = self._leader(leader, follower, child, level, False)
                    skip, every = passed.get(leader, (self.ones, self.ones))
                    passed[leader] = np.minimum(skip, inner) if skips else skip, np.minimum(every, inner)
        if ruled:
            safe = np.where(alive > 0, alive, 1.0)
            kept = _product([every for _, every in shares.values()], self.ones) / safe
            unskipped = _product([skip for skip, _ in shares.values()], self.ones) / safe
            _split(
                tile,
                "read",
                np.where(alive > 0, 1.0 - unskipped, 0.0),
                np.where(alive > 0, unskipped - kept, 0.0),
            )
        if child in tiles:
            _scale(tiles[child], "fill", _product([every for _, every in passed.values()], self.ones))

    def _leader(self, leader: str, follower: str, child: int, level: int, shared: bool) -> Array:
        """P(leader's tile not empty) while the follower's data stay at a child, or at all that share them."""
        size = self._size(leader, self.extents[child])
        if child < self.levels:
            stays = np.ones(len(self.mappings), dtype=bool)
            for position in reversed([p for p in self.positions if p.level < child and not p.spatial]):
                stays &= ~self._moves(follower, position)
                size = np.where(stays & self._moves(leader, position), size * position.bound, size)
        if shared and follower not in self.point.nest.levels[level].no_multicast:
            for position in self.positions:
                if (
                    position.spatial
                    and level <= position.level < child
                    and not self.sets[follower][position.rank]
                ):
                    size = np.where(self._moves(leader, position), size * position.bound, size)
        return self._filled(leader, size)

    # multiplications and output

    def _computes(
        self, tiles: dict[str, dict[int, _Tile]], leaders: dict[str, tuple[Array, Array]]
    ) -> dict[str, Array]:
        operands = [access.name for access in self.point.product.operands]
        unskipped = _product([skip for skip, _ in leaders.values()], self.ones)
        through = _product([every for _, every in leaders.values()], self.ones)
        states = []
        for name in operands:
            every = leaders[name][1] if name in leaders else self.ones
            nonzero = np.where(
                every > 0, np.minimum(self.density_share(name) / np.where(every > 0, every, 1), 1), 0
            )
            absent = tiles[name][self.kept[name][-1]].compressed
            states.append(
                (nonzero, 0 * nonzero if absent else 1 - nonzero, 1 - nonzero if absent else 0 * nonzero)
            )
        share = dict.fromkeys(("actual", "gated", "skipped", "none"), 0.0 * self.ones)
        for combination in itertools.product(range(3), repeat=len(operands)):
            p = _product([states[i][s] for i, s in enumerate(combination)], self.ones)
            done = action(combination, self.point.features.compute)
            share[done] = share[done] + p
        dense = float(self.point.product.computes)
        return {
            "actual": share["actual"] * through * dense,
            "gated": share["gated"] * through * dense + np.maximum(unskipped - through, 0.0) * dense,
            "skipped": share["skipped"] * through * dense,
            "effectual": _product([states[i][0] for i in range(len(operands))], self.ones) * through,
        }

    def _output(self, tiles: dict[int, _Tile], computed: Array, effectual: Array) -> None:
        name = self.point.product.output.name
        level = self.kept[name][-1]
        tile = tiles[level]
        rules = [
            rule
            for s in self.storage
            for rule in self.point.features.at(s.name).rules
            if rule.options[0].follower == name
        ]
        across = [p for p in self.positions if p.spatial and p.level >= level and not self.sets[name][p.rank]]
        alone = name in self.point.nest.levels[level].no_multicast
        sharing = self.ones if alone else _product([p.bound for p in across], self.ones)
        made = 1.0 - (1.0 - np.minimum(computed, 1.0)) ** sharing
        useful = 1.0 - (1.0 - np.minimum(effectual, 1.0)) ** sharing if rules else made
        updates, reads = tile.dense["update"], tile.dense["read"]
        fresh = updates - reads
        times = updates / np.maximum(tile.dense["fill"] + fresh, 1)
        first = fresh * (1.0 - (1.0 - np.minimum(useful, 1.0)) ** times)
        left = np.maximum(updates * useful - first, 0.0) / np.where(reads > 0, reads, 1.0)
        again = left * np.where(useful > 0, made / np.where(useful > 0, useful, 1.0), 0.0)
        _scale(tile, "read", np.where(reads > 0, again, 1.0))
        _scale(tile, "update", made)
        gone = np.where(made > 0, 1.0 - useful / np.where(made > 0, made, 1.0), 0.0) if rules else 0.0 * made
        skips = any(rule.kind == "skipping" for rule in rules)
        for access in ("update", "read"):
            _split(tile, access, gone if skips else 0.0 * gone, 0.0 * gone if skips else gone)

    # memories

    def run(self) -> Evaluations:
        """All steps."""
        tiles = {t.name: self._tiles(t.name) for t in self.point.product.tensors}
        for name, of_tensor in tiles.items():
            for level, child in itertools.pairwise([*self.kept[name], self.levels]):
                self._move(name, of_tensor[level], of_tensor.get(child))
        dense = float(self.point.product.computes) * self.ones
        computes = {"actual": dense, "gated": 0.0 * dense, "skipped": 0.0 * dense}
        if self.sparse:
            leaders = self._rules(tiles)
            computes = self._computes(tiles, leaders)
            output = self.point.product.output.name
            self._output(tiles[output], computes["actual"] / dense, computes["effectual"])
        lanes = _product([p.bound for p in self.positions if p.spatial], self.ones)
        time = (computes["actual"] + computes["gated"]) / lanes
        energy = self._compute_energy(computes)
        fits = self._lanes_fit()
        slowest = time.copy()
        for level in range(self.levels):
            here = {name: of_tensor[level] for name, of_tensor in tiles.items() if level in of_tensor}
            slowest = np.maximum(slowest, self._time(here, level))
            energy = energy + self._energy(here, level)
            fits &= self._fit(here, level)
        cycles = np.ceil(slowest * (1 - EPSILON)).astype(np.int64)
        return Evaluations(cycles, energy, fits)

    def _time(self, here: dict[str, _Tile], level: int) -> Array:
        memory = self.storage[level]
        moved = {}
        for way, accesses in (("read", ("read", "drain")), ("write", ("fill", "update"))):
            words = 0.0 * self.ones
            for tile in here.values():
                for access in accesses:
                    for state in ("random", "gated"):
                        words = (
                            words
                            + tile.counts[(state, access)]
                            + tile.bits[(state, access)] / memory.word_bits
                        )
            moved[way] = words
        both = moved["read"] + moved["write"]
        times = [
            words / float(rate)
            for rate, words in (
                (memory.read_bandwidth, moved["read"]),
                (memory.write_bandwidth, moved["write"]),
                (memory.shared_bandwidth, both),
            )
            if rate is not None
        ]
        slowest = 0.0 * self.ones
        for time in times:
            slowest = np.maximum(slowest, time)
        return slowest

    def _energy(self, here: dict[str, _Tile], level: int) -> Array:
        memory = self.storage[level]
        name = component_name(memory.path)
        total = 0.0 * self.ones
        for tensor, tile in here.items():
            clusters = np.minimum(tile.instances, memory.instances // memory.cluster_size)
            ratio = self._inflation(tensor, tile, memory.block_size)
            for state, access in itertools.product(STATES, ACCESSES):
                action = (state, "read" if access == "drain" else access)
                vectors = tile.counts[(state, access)] / memory.block_size * ratio
                total = total + vectors * (self.point.energies.find(name, CHAINS[action]) or 0.0) * clusters
                if memory.metadata_bits:
                    vectors = tile.bits[(state, access)] / memory.metadata_bits
                    total = (
                        total
                        + vectors
                        * (self.point.energies.find(name, METADATA_CHAINS[action]) or 0.0)
                        * clusters
                    )
        return total

    def _inflation(self, tensor: str, tile: _Tile, block: int) -> Array:
        density = self.density[tensor]
        share = self.density_share(tensor)
        if not tile.compressed or block == 1 or share >= 1.0 or not share:
            return self.ones

        def ratio(size: int) -> float:
            found = density.distribution((size,))
            return float(np.ceil(found.occupancy / block) @ found.probability) / (found.mean / block)

        return self._ask(tensor, f"blocks of {block}", tile.size, ratio)

    def _compute_energy(self, computes: dict[str, Array]) -> Array:
        name = component_name(self.point.hierarchy.compute.path)
        total = 0.0 * self.ones
        for state, chain in COMPUTE_CHAINS.items():
            total = total + computes[state] * (self.point.energies.find(name, chain) or 0.0)
        return total

    def _fit(self, here: dict[str, _Tile], level: int) -> NDArray[np.bool_]:
        memory = self.storage[level]
        fits = self._instances_fit(level, memory.mesh_x, memory.mesh_y)
        if memory.capacity is None:
            return fits
        words = bits = 0.0 * self.ones
        for tensor, tile in here.items():
            words = words + (tile.size if tile.format is None else self._most(tensor, tile.size))
            bits = bits + np.ceil(self._entry_bits(tensor, tile, tile.level, False))
        room = math.floor(memory.capacity / memory.multiple_buffering)
        fits &= (words <= room) & (words >= room * float(memory.min_utilization))
        if memory.metadata_capacity is not None:
            fits &= bits <= math.floor(
                memory.metadata_capacity * memory.metadata_bits / memory.multiple_buffering
            )
        return fits

    def _most(self, tensor: str, sizes: Array) -> Array:
        """Largest occupancy of tiles of these sizes."""
        density = self.density[tensor]
        return self._ask(tensor, "most", sizes, lambda n: float(density.most((n,))))

    def _instances_fit(self, level: int, x: int, y: int) -> NDArray[np.bool_]:
        wide = self.mappings.x[:, :level].prod(axis=(1, 2)) <= x
        high = self.mappings.y[:, :level].prod(axis=(1, 2)) <= y
        return np.asarray(wide & high)

    def _lanes_fit(self) -> NDArray[np.bool_]:
        compute = self.point.hierarchy.compute
        return self._instances_fit(self.levels, compute.mesh_x, compute.mesh_y)


def _check(point: DesignPoint, mappings: Mappings) -> None:
    """Refuse what is not told array-wise."""
    for access in point.product.tensors:
        if any(len(axis.terms) != 1 or axis.terms[0][1] != 1 for axis in access.axes):
            raise InputError(
                f"{point.name}: {access.name} is indexed by sums of ranks; one mapping at a time takes it"
            )
        if point.occupancy_of(access.name).distribution not in ("fixed-structured", "hypergeometric"):
            raise InputError(
                f"{point.name}: {access.name}: a density counted on data is evaluated one mapping at a time"
            )
    for level in point.features.levels.values():
        if any(rule.kind not in ("gating", "skipping") or len(rule.options) > 1 for rule in level.rules):
            raise InputError(
                f"{point.name}: packing and alternatives of rules are evaluated one mapping at a time"
            )
        if any(rank.flattened for told in level.representations for rank in told.ranks):
            raise InputError(f"{point.name}: flattened ranks are evaluated one mapping at a time")
    product = (mappings.temporal * mappings.x * mappings.y).prod(axis=1)
    sizes = np.array([size for _, size in point.product.ranks])
    wrong = np.argwhere(product != sizes)
    if len(wrong):
        i, r = wrong[0]
        name, size = point.product.ranks[r]
        raise InputError(
            f"mapping {i}: factors of {name} multiply to {product[i, r]}, and its size is {size}"
        )


def _product(factors: list[Array], ones: Array) -> Array:
    found = ones
    for factor in factors:
        found = found * factor
    return found


def _scale(tile: _Tile, access: str, share: Array) -> None:
    tile.counts[("random", access)] = tile.counts[("random", access)] * share
    tile.bits[("random", access)] = tile.bits[("random", access)] * share


def _split(tile: _Tile, access: str, skipped: Array, gated: Array) -> None:
    for told in (tile.counts, tile.bits):
        count = told[("random", access)]
        told[("skipped", access)] = told[("skipped", access)] + count * skipped
        told[("gated", access)] = told[("gated", access)] + count * gated
    _scale(tile, access, np.maximum(1.0 - skipped - gated, 0.0))


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


__all__ = ["Evaluations", "Mappings", "evaluate", "nest_of"]
