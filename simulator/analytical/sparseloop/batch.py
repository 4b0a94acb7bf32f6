"""Many mappings of one product on one hierarchy at once: the default mode, array-wise.

Every quantity of the one-at-a-time model is an array over mappings; densities are asked once per tile size that
occurs. The steps are those of ``exact`` and ``transfers`` (told again in ``array_tiles``), ``conditions`` and
``memories``. Nothing is approximated beyond that model; a mapping that does not fit is told, not refused. Here
levels count from the outermost memory, as in a nest.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.sparseloop.array_tiles import (
    ACCESSES,
    STATES,
    Array,
    ArrayTile,
    ArrayTiles,
    product_of,
    scale,
    split,
)
from simulator.analytical.sparseloop.computes import action
from simulator.analytical.sparseloop.formats import EPSILON
from simulator.analytical.sparseloop.mappings import Ints, Mappings, nest_of
from simulator.energy.chains import CHAINS, COMPUTE_CHAINS, METADATA_CHAINS
from simulator.energy.reference_table import component_name
from simulator.mapping.design_point import DesignPoint


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


class _Batch(ArrayTiles):
    """Rules, multiplications and memories of all mappings."""

    # rules

    def _rules(self, tiles: dict[str, dict[int, ArrayTile]]) -> dict[str, tuple[Array, Array]]:
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
        tiles: dict[int, ArrayTile],
        level: int,
        child: int,
        passed: dict[str, tuple[Array, Array]],
    ) -> None:
        tile = tiles[level]
        alive = product_of([every for _, every in passed.values()], self.ones)
        scale(tile, "read", alive)
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
            kept = product_of([every for _, every in shares.values()], self.ones) / safe
            unskipped = product_of([skip for skip, _ in shares.values()], self.ones) / safe
            split(
                tile,
                "read",
                np.where(alive > 0, 1.0 - unskipped, 0.0),
                np.where(alive > 0, unskipped - kept, 0.0),
            )
        if child in tiles:
            scale(tiles[child], "fill", product_of([every for _, every in passed.values()], self.ones))

    def _leader(self, leader: str, follower: str, child: int, level: int, shared: bool) -> Array:
        """P(leader's tile not empty) while the follower's data stay at a child, or at all that share them."""
        size = self.size(leader, self.extents[child])
        if child < self.levels:
            stays = np.ones(len(self.mappings), dtype=bool)
            for position in reversed([p for p in self.positions if p.level < child and not p.spatial]):
                stays &= ~self.moves(follower, position)
                size = np.where(stays & self.moves(leader, position), size * position.bound, size)
        if shared and follower not in self.point.nest.levels[level].no_multicast:
            for position in self.positions:
                if (
                    position.spatial
                    and level <= position.level < child
                    and not self.sets[follower][position.rank]
                ):
                    size = np.where(self.moves(leader, position), size * position.bound, size)
        return self.filled(leader, size)

    # multiplications and output

    def _computes(
        self, tiles: dict[str, dict[int, ArrayTile]], leaders: dict[str, tuple[Array, Array]]
    ) -> dict[str, Array]:
        operands = [access.name for access in self.point.product.operands]
        unskipped = product_of([skip for skip, _ in leaders.values()], self.ones)
        through = product_of([every for _, every in leaders.values()], self.ones)
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
            p = product_of([states[i][s] for i, s in enumerate(combination)], self.ones)
            done = action(combination, self.point.features.compute)
            share[done] = share[done] + p
        dense = float(self.point.product.computes)
        return {
            "actual": share["actual"] * through * dense,
            "gated": share["gated"] * through * dense + np.maximum(unskipped - through, 0.0) * dense,
            "skipped": share["skipped"] * through * dense,
            "effectual": product_of([states[i][0] for i in range(len(operands))], self.ones) * through,
        }

    def _output(self, tiles: dict[int, ArrayTile], computed: Array, effectual: Array) -> None:
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
        sharing = self.ones if alone else product_of([p.bound for p in across], self.ones)
        made = 1.0 - (1.0 - np.minimum(computed, 1.0)) ** sharing
        useful = 1.0 - (1.0 - np.minimum(effectual, 1.0)) ** sharing if rules else made
        updates, reads = tile.dense["update"], tile.dense["read"]
        fresh = updates - reads
        times = updates / np.maximum(tile.dense["fill"] + fresh, 1)
        first = fresh * (1.0 - (1.0 - np.minimum(useful, 1.0)) ** times)
        left = np.maximum(updates * useful - first, 0.0) / np.where(reads > 0, reads, 1.0)
        again = left * np.where(useful > 0, made / np.where(useful > 0, useful, 1.0), 0.0)
        scale(tile, "read", np.where(reads > 0, again, 1.0))
        scale(tile, "update", made)
        gone = np.where(made > 0, 1.0 - useful / np.where(made > 0, made, 1.0), 0.0) if rules else 0.0 * made
        skips = any(rule.kind == "skipping" for rule in rules)
        for access in ("update", "read"):
            split(tile, access, gone if skips else 0.0 * gone, 0.0 * gone if skips else gone)

    # memories

    def run(self) -> Evaluations:
        """All steps."""
        tiles = {t.name: self.tiles(t.name) for t in self.point.product.tensors}
        for name, of_tensor in tiles.items():
            for level, child in itertools.pairwise([*self.kept[name], self.levels]):
                self.move(name, of_tensor[level], of_tensor.get(child))
        dense = float(self.point.product.computes) * self.ones
        computes = {"actual": dense, "gated": 0.0 * dense, "skipped": 0.0 * dense}
        if self.sparse:
            leaders = self._rules(tiles)
            computes = self._computes(tiles, leaders)
            output = self.point.product.output.name
            self._output(tiles[output], computes["actual"] / dense, computes["effectual"])
        lanes = product_of([p.bound for p in self.positions if p.spatial], self.ones)
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

    def _time(self, here: dict[str, ArrayTile], level: int) -> Array:
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

    def _energy(self, here: dict[str, ArrayTile], level: int) -> Array:
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

    def _inflation(self, tensor: str, tile: ArrayTile, block: int) -> Array:
        density = self.density[tensor]
        share = self.density_share(tensor)
        if not tile.compressed or block == 1 or share >= 1.0 or not share:
            return self.ones

        def ratio(size: int) -> float:
            found = density.distribution((size,))
            return float(np.ceil(found.occupancy / block) @ found.probability) / (found.mean / block)

        return self.ask(tensor, f"blocks of {block}", tile.size, ratio)

    def _compute_energy(self, computes: dict[str, Array]) -> Array:
        name = component_name(self.point.hierarchy.compute.path)
        total = 0.0 * self.ones
        for state, chain in COMPUTE_CHAINS.items():
            total = total + computes[state] * (self.point.energies.find(name, chain) or 0.0)
        return total

    def _fit(self, here: dict[str, ArrayTile], level: int) -> NDArray[np.bool_]:
        memory = self.storage[level]
        fits = self._instances_fit(level, memory.mesh_x, memory.mesh_y)
        if memory.capacity is None:
            return fits
        words = bits = 0.0 * self.ones
        for tensor, tile in here.items():
            words = words + (tile.size if tile.format is None else self._most(tensor, tile.size))
            bits = bits + np.ceil(self.entry_bits(tensor, tile, tile.level, False))
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
        return self.ask(tensor, "most", sizes, lambda n: float(density.most((n,))))

    def _instances_fit(self, level: int, x: int, y: int) -> NDArray[np.bool_]:
        wide = self.mappings.x[:, :level].prod(axis=(1, 2)) <= x
        high = self.mappings.y[:, :level].prod(axis=(1, 2)) <= y
        return np.asarray(wide & high)

    def _lanes_fit(self) -> NDArray[np.bool_]:
        compute = self.point.hierarchy.compute
        return self._instances_fit(self.levels, compute.mesh_x, compute.mesh_y)


__all__ = ["Evaluations", "Mappings", "evaluate", "nest_of"]
