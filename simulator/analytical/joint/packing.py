"""Spatial loops that hold non-zeros only: how many slots they take.

spatial skipping     slots = sum over steps and groups of lanes ceil(n / lanes)
position skipping    slots = sum over tiles of (iterations of other ranks) prod over operands of lanes_t ceil(n_t / lanes_t)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.rules import Removal
from simulator.analytical.joint.space import Space, Tensor
from simulator.analytical.joint.transfers import occupancy
from simulator.errors import InputError
from simulator.hardware.hierarchy import Compute, Storage

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Packing:
    """Loops whose iterations are packed.

    Attributes
    ----------
    level : int
    lanes : int
        Of a group, for spatial skipping.
    bound : int
        Product of the packed bounds.
    group : ndarray of int64, shape (instances of compute,)
        By instance, for spatial skipping.
    leaders : tuple of str
    operands : tuple of str
        Packed each along its own ranks, for position skipping.
    """

    level: int
    lanes: int
    bound: int
    group: Ints
    leaders: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()


def packing(space: Space, rules: tuple[Removal, ...]) -> Packing | None:
    """The packing of a nest, if it has one.

    Raises
    ------
    InputError
        More than one, or one that cannot be.
    """
    spatial = [rule for rule in rules if rule.packs == "spatial-skipping"]
    position = [rule for rule in rules if rule.packs == "position-skipping"]
    levels = {rule.level for rule in position}
    if len(spatial) > 1 or len(levels) > 1 or (spatial and position):
        raise InputError(f"{space.point.name}: more than one packing of spatial loops in one nest")
    if spatial:
        return _spatial(space, spatial[0])
    return _position(space, position) if position else None


def _spatial(space: Space, rule: Removal) -> Packing | None:
    product = space.point.product
    shared = product.tensor(rule.follower).ranks & frozenset(
        rank for name in rule.leaders for rank in product.tensor(name).ranks
    )
    loops = [k for k in space.loops if k.spatial]
    packed = [k for k in loops if k.level == rule.level and space.ranks[k.rank] in shared]
    if not packed:
        return None
    bound = math.prod(k.bound for k in packed)
    ranks = {space.ranks[k.rank] for k in packed}
    told = space.point.nest.levels[rule.level].spatial
    axes = {loop.axis for loop in told if loop.rank in ranks}
    others = math.prod(loop.bound for loop in told if loop.rank not in ranks and loop.axis in axes)
    lanes = max(1, min(bound, _fanout(space, rule.level, axes) // others))
    group = np.zeros(1, np.int64)
    for k in loops:
        digits = np.zeros(k.bound, np.int64) if k in packed else np.arange(k.bound)
        group = (group[:, None] * (1 if k in packed else k.bound) + digits[None, :]).reshape(-1)
    return Packing(rule.level, lanes, bound, group, rule.leaders)


def _fanout(space: Space, level: int, axes: set[str]) -> int:
    """Children of an instance along some axes."""
    hierarchy = space.point.hierarchy
    parts: list[Storage | Compute] = [*hierarchy.storage, hierarchy.compute]
    here, inside = parts[level : level + 2]
    along_x = max(1, inside.mesh_x // here.mesh_x) if "X" in axes else 1
    return along_x * (max(1, inside.mesh_y // here.mesh_y) if "Y" in axes else 1)


def _position(space: Space, rules: list[Removal]) -> Packing:
    product = space.point.product
    level = rules[0].level
    operands = tuple(dict.fromkeys(rule.follower for rule in rules))
    inside = {space.ranks[k.rank] for k in space.loops if k.level >= level}
    for rank in inside:
        if sum(rank in product.tensor(name).ranks for name in operands) > 1:
            raise InputError(
                f"{space.point.name}: position skipping of {' and '.join(operands)}: both have rank {rank!r}, which "
                f"{space.point.hierarchy.storage[level].name} or a level further in loops over"
            )
    return Packing(level, 1, 1, np.zeros(0, np.int64), (), operands)


def position_slots(space: Space, packed: Packing, tensors: dict[str, Tensor]) -> int:
    """Slots of all tiles of a level that packs positions."""
    tiles = space.tiles(packed.level)
    total = _iterations(space, packed)
    for name in packed.operands:
        lanes = math.prod(
            k.bound
            for k in space.loops
            if k.spatial
            and k.level >= packed.level
            and space.ranks[k.rank] in space.point.product.tensor(name).ranks
        )
        n = occupancy(space.bases, tiles, tensors[name])
        total = total * (-(-n // lanes) * lanes)
    return int(total.sum())


def _iterations(space: Space, packed: Packing) -> Ints:
    """Iterations of ranks that no packed operand has, int64, shape (steps, instances)."""
    tiles, bases = space.tiles(packed.level), space.bases
    many = bases.inner.shape[0]
    steps = np.arange(tiles.steps) * tiles.step
    found = np.ones((tiles.steps, tiles.instances), np.int64)
    product = space.point.product
    for r, rank in enumerate(space.ranks):
        base = (bases.outer[steps // many, r] + bases.inner[steps % many, r])[:, None] + bases.inst[
            np.arange(tiles.instances) * tiles.instance, r
        ][None, :]
        extent = np.clip(bases.size[r] - base, 0, tiles.extent[r])
        packed_rank = any(rank in product.tensor(name).ranks for name in packed.operands)
        found *= (extent > 0) if packed_rank else extent
    return found
