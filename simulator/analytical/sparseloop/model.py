"""A Sparseloop-class estimate of a design point, step by step.

    dense traffic (traffic)  >  formats and expected occupancy (formats)  >  gating and skipping at memories (rules, spatial)
    >  fine-grained accesses (counts)  >  multiplications (computes)  >  capacity, bandwidth, energy (memories)

Source: Wu et al., Sparseloop: An Analytical Approach To Sparse Tensor Accelerator Modeling, MICRO 2022, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.sparseloop import (
    computes,
    conditions,
    counts,
    disjoint,
    exact,
    formats,
    memories,
    packing,
    position,
    rules,
    spatial,
    traffic,
    transfers,
)
from simulator.analytical.sparseloop.density import density_model
from simulator.analytical.sparseloop.loops import Loops, loops_of
from simulator.analytical.sparseloop.modes import Mode, mode_by_name
from simulator.analytical.sparseloop.rules import GATE, SKIP, SPATIAL, Saving, Tiles
from simulator.analytical.sparseloop.tile import ACCESSES, Tile
from simulator.energy.reference_table import component_name
from simulator.errors import InputError
from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import Condition
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Counts, Estimate, LevelEstimate
from simulator.workload.actual import read
from simulator.workload.product import Access

Masks = Mapping[str, NDArray[np.bool_]]
ASSUMPTIONS = (
    "steady state: no fill, drain, latency or order; every level moves its words at its average rate",
    "zeros of different tensors are independent of each other",
    "all instances finish together: work is divided by the average instances at work",
    "reductions, address generation and networks cost no energy",
)


def estimate(point: DesignPoint, mode: str = "default", masks: Masks | None = None) -> Estimate:
    """Estimate cycles, accesses and energy of a design point.

    Parameters
    ----------
    point : DesignPoint
    mode : str
        One of ``modes.MODES``: ``default``, or a published version to equal.
    masks : mapping of str to ndarray of bool, or None
        Non-zeros of tensors whose density is ``actual``; one that names a file is read from it.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        A mode, format or rule that cannot be.
    InfeasibleError
        Tiles that do not fit, instances that are not there, formats with too few ranks.
    """
    return _Model(point, mode_by_name(mode), masks or {}).run()


@dataclass
class _Rules:
    """What the features remove, tensor by tensor and memory by memory."""

    removed: dict[tuple[str, int], tuple[str, float]]
    expansion: spatial.Expansion


class _Model:
    """One estimate in the making; memories are counted from the innermost."""

    def __init__(self, point: DesignPoint, mode: Mode, masks: Masks) -> None:
        self.point, self.mode, self.masks = point, mode, masks
        self.loops: Loops = loops_of(point)
        self.storage: list[Storage] = list(reversed(point.hierarchy.storage))
        self.output = point.product.output.name
        self.names = tuple(access.name for access in point.product.tensors)
        self.sparse = bool(point.features.compute) or any(
            level.rules or level.representations for level in point.features.levels.values()
        )

    def run(self) -> Estimate:
        """All steps."""
        tiles = self._dense()
        expansion = spatial.dense_expansion(tiles, self.loops)
        dense = float(self._dense_computes())
        for of_tensor in tiles.values():
            self._formats(of_tensor)
        ruled = _Rules({}, expansion)
        packed = None
        if self.sparse and not self.mode.by_coordinates:
            ruled = self._rules(tiles, expansion)
        elif self.sparse:
            packed = packing.packing_of(self.point, self.loops)
        for of_tensor in tiles.values():
            for tile in of_tensor:
                child = tile.traffic.child
                if not tile.kept:
                    counts.no_counts(tile)
                elif self.mode.by_coordinates:
                    transfers.moved(tile, None if child is None else of_tensor[child])
                else:
                    counts.stored_counts(tile, self.mode)
        found = computes.Computes(dense, dense, 0.0, 0.0)
        utilisation = 1.0
        if self.sparse:
            utilisation = position.utilisation(self.point, tiles, self.loops, self.mode)
            found = self._computes(tiles, ruled, dense)
        time = found.time(ruled.expansion.average * utilisation)
        if packed is None:
            self._check_compute(ruled.expansion)
        else:
            packing.narrow(packed, tiles)
            steps = dense / expansion.average
            time = steps * packing.rounds(packed, self.point, tiles, self.loops)
        return self._estimate(tiles, found, time)

    def _computes(self, tiles: Tiles, ruled: _Rules, dense: float) -> computes.Computes:
        """Apply the rules to the counts; what is left of the multiplications."""
        operands = tuple(access.name for access in self.point.product.operands)
        features = self.point.features.compute
        if self.mode.by_coordinates:
            told = conditions.Conditions(self.point, tiles, self.loops, self.storage)
            outcome = told.apply()
            for name in position.packed_operands(self.point):
                density = tiles[name][0].density.scalar()
                outcome.leaders[name] = conditions.Filled(density, density)
            found, effectual = computes.expected(tiles, operands, outcome, dense, features)
            told.output(found.actual / dense if dense else 0.0, effectual)
            position.read_less(self.point, tiles, self.loops)
            return found
        if len(operands) != 2:
            raise InputError(
                f"{self.point.name}: mode {self.mode.name!r} knows features of products of two tensors; this one has "
                f"{len(operands)}: mode 'default' takes any number"
            )
        removal = counts.remove(tiles, ruled.removed, dense, self.mode)
        position.read_less(self.point, tiles, self.loops)
        removal.packed = position.packed_operands(self.point)
        removal.computes *= position.effectual(self.point, tiles)
        return computes.by_operands(tiles, operands, removal, dense, features, self.mode)

    def _dense(self) -> Tiles:
        found: Tiles = {}
        for access in self.point.product.tensors:
            name = access.name
            told = self.point.occupancy_of(name)
            mask = self.masks.get(name)
            if mask is None and told.distribution == "actual" and told.path is not None:
                mask = read(told.path, access) != 0
            model = density_model(
                told,
                access.shape,
                mask,
                f"{self.point.name}: {name}",
            )
            moved = self._traffic(access)
            found[name] = [
                Tile(
                    name,
                    level,
                    name == self.output,
                    t,
                    model,
                    instances=float(t.instances),
                    expected=float(t.size),
                )
                for level, t in enumerate(moved)
            ]
        return found

    def _dense_computes(self) -> int:
        return self.point.product.computes

    def _traffic(self, access: Access) -> list[traffic.Traffic]:
        """Dense traffic of one tensor, exactly where the mode and the nest let it."""
        if self.mode.extrapolates or any(access.name in level.no_reuse for level in self.point.nest.levels):
            return traffic.dense_traffic(self.point, self.loops, access, self.mode)
        if disjoint.can_count(access):
            return disjoint.Disjoint(self.point, self.loops, access).traffic()
        if exact.can_count(self.point, self.loops, access):
            return exact.exact_traffic(self.point, self.loops, access)
        return traffic.dense_traffic(self.point, self.loops, access, self.mode)

    def _formats(self, tiles: list[Tile]) -> None:
        """Formats and expected occupancies of one tensor."""
        if not self.sparse:
            return
        name = tiles[0].tensor
        told = [self.point.features.at(s.name).representation(name) for s in self.storage]
        access = self.point.product.tensor(name)
        if self.mode.by_coordinates:
            transfers.assign_coordinates(tiles, self.loops, access, self.storage, told)
            for tile in tiles:
                transfers.expect(tile)
            return
        formats.assign_ranks(tiles, self.loops, access, self.storage, told, self.mode)
        for tile in tiles:
            parent = tile.traffic.parent
            formats.expect(tile, None if parent is None else tiles[parent], self.mode)

    def _rules(self, tiles: Tiles, expansion: spatial.Expansion) -> _Rules:
        """Shares removed by gating, skipping and spatial skipping."""
        found: dict[tuple[str, int], Saving] = {}
        states: dict[tuple[str, int], str] = {}
        read_pj = [
            self.point.energies.find(
                component_name(s.path), memories.chain("random", "read", False, self.mode)
            )
            or 0.0
            for s in self.storage
        ]
        conditions: dict[tuple[str, int], Condition] = {}
        for state in (GATE, SKIP, SPATIAL):
            for level, storage in enumerate(self.storage):
                for rule in self.point.features.at(storage.name).rules:
                    if rule.kind == "position-skipping" or rules.rule_state(rule) != state:
                        continue
                    if state == SPATIAL:
                        conditions[(rule.options[0].follower, level)] = rule.options[0]
                        continue
                    chosen = rules.best(
                        [
                            rules.saving(
                                o, level, tiles, self.loops, self.point.product, self.storage, read_pj
                            )
                            for o in rule.options
                        ]
                    )
                    key = (chosen.follower, chosen.level)
                    if key not in found or found[key].share < chosen.share:
                        found[key], states[key] = chosen, state
        removed = {key: (states[key], saving.share) for key, saving in found.items()}
        if not conditions:
            return _Rules(removed, expansion)
        expansion = spatial.skip_instances(
            conditions,
            tiles,
            self.loops,
            self.point.product,
            list(traffic.fanouts(self.point.hierarchy)),
            expansion,
        )
        for key in conditions:
            if removed.get(key, ("", 0.0))[1]:
                raise InputError(
                    f"{self.storage[key[1]].path}: {key[0]} is skipped over space and over time; one of the two"
                )
            removed[key] = (SPATIAL, expansion.saved.get(key, 0.0))
        return _Rules(removed, expansion)

    def _check_compute(self, expansion: spatial.Expansion) -> None:
        compute = self.point.hierarchy.compute
        for axis, needed, there in (("X", expansion.x, compute.mesh_x), ("Y", expansion.y, compute.mesh_y)):
            memories.check_instances(compute.path, axis, needed, there, "")

    def _estimate(self, tiles: Tiles, found: computes.Computes, time: float) -> Estimate:
        compute_cycles = memories.whole_cycles(time, self.mode)
        if self.mode.floors:
            time = float(compute_cycles)
        cycles, bound = compute_cycles, "compute"
        levels = []
        energy = {}
        for level in reversed(range(len(self.storage))):
            storage = self.storage[level]
            here = [tiles[name][level] for name in self.names]
            memory = memories.evaluate(here, storage, self.point.energies, time, self.mode)
            if memory.cycles > cycles:
                cycles, bound = memory.cycles, storage.name
            if memory.energy_pj:
                energy[storage.name] = memory.energy_pj
            levels.append(_level(storage, here, memory))
        if self.mode.leaks:
            self._leak(tiles, cycles, energy)
        compute = self.point.hierarchy.compute
        spent = memories.compute_energy(
            found.actual, found.gated, found.skipped, compute, self.point.energies, self.mode
        )
        if spent:
            energy[compute.name] = spent
        return Estimate(
            "sparseloop",
            self.point.name,
            cycles,
            compute_cycles,
            Counts(found.algorithmic, found.actual, found.gated, found.skipped),
            tuple(levels),
            energy,
            bound,
            ASSUMPTIONS,
            self.mode.mimics,
        )

    def _leak(self, tiles: Tiles, cycles: int, energy: dict[str, dict[str, float]]) -> None:
        """Energy per cycle of the instances at work, where a table tells it."""
        for level in reversed(range(len(self.storage))):
            name = self.storage[level].name
            cost = self.point.energies.find(component_name(self.storage[level].path), ("leak",))
            if cost:
                at_work = max(1.0, *(tiles[tensor][level].instances for tensor in self.names))
                energy.setdefault(name, {})["leak"] = cost * cycles * at_work


def _level(storage: Storage, tiles: list[Tile], memory: memories.Memory) -> LevelEstimate:
    """One memory in the words of a result; counts over all instances."""
    kept = [tile for tile in tiles if tile.kept]
    return LevelEstimate(
        storage.name,
        storage.instances,
        max((tile.instances for tile in kept), default=0.0),
        memory.cycles,
        memory.throttle,
        {tile.tensor: _accesses(tile, storage) for tile in kept},
        {
            "occupied_words": memory.occupied,
            "per_instance": {tile.tensor: per_instance(tile) for tile in kept},
        },
    )


def per_instance(tile: Tile) -> dict[str, object]:
    """Counts of one instance, as Timeloop prints them."""
    found: dict[str, object] = {
        "tile": tile.traffic.size,
        "utilized": tile.instances,
        "utilized_max": tile.x * tile.y,
        "partition": tile.traffic.partition,
    }
    for access in ACCESSES:
        found[f"algorithmic {access}s"] = tile.dense(access)
        for state, told in (("random", "actual"), ("gated", "gated"), ("skipped", "skipped")):
            found[f"{told} {access}s"] = tile.counts[(state, access)]
            found[f"{told} format {access}s"] = [
                (u.metadata, u.payload) for u in tile.entries.get((state, access), ())
            ]
    return found


def _accesses(tile: Tile, storage: Storage) -> dict[str, Counts]:
    found = {}
    scale = tile.instances
    for access in ACCESSES:
        states = [tile.counts[(state, access)] * scale for state in ("random", "gated", "skipped")]
        found[f"{access}s"] = Counts(tile.dense(access) * tile.traffic.instances, *states)
        width = storage.metadata_bits or storage.word_bits
        bits = [tile.bits(state, access) * scale / width for state in ("random", "gated", "skipped")]
        if any(bits):
            found[f"metadata_{access}s"] = Counts(sum(bits), *bits)
    return found
