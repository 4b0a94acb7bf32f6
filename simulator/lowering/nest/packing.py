"""Lanes that hold non-zeros only: spatial and position skipping (rules 13 and 13a of docs/design_points.md).

Spatial skipping packs the spatial loops of its level whose rank the follower and a leader share: of every step and combination
of the other spatial loops, n positions with non-zero leaders take ceil(n / lanes) rounds. Position skipping packs whole tiles: a
step of its level takes, at every instance,

    slots = product over the named operands of ceil(n / lanes) lanes  x  iterations of the ranks none of them has
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.hardware.hierarchy import Compute, Storage
from simulator.jit import kernel
from simulator.lowering.nest.boxes import decode, occupied, tile
from simulator.lowering.nest.granules import Tree, grown, tree
from simulator.lowering.nest.rules import Decision
from simulator.lowering.nest.tables import Packing
from simulator.lowering.nest.walk import Integers, Placed, Shape, Space, Walk
from simulator.mapping.design_point import DesignPoint

DataOf = Callable[[str], tuple[Shape, Integers]]
_NONE = np.zeros(0, dtype=np.int64)
_NO_TABLE = np.zeros((0, 0), dtype=np.int64)


def packed_loops(point: DesignPoint, space: Space, taken: tuple[Decision, ...]) -> list[Placed]:
    """Spatial loops that spatial skipping packs.

    Raises
    ------
    InputError
        Two rules pack lanes.
    """
    along = [loops for decision in taken if (loops := _along(point, space, decision))]
    if len(along) > 1:
        raise InputError(f"design point {point.name!r}: two rules pack lanes; one packing can be simulated")
    return along[0] if along else []


def _along(point: DesignPoint, space: Space, decision: Decision) -> list[Placed]:
    """Spatial loops that a decision packs: those of its level whose rank the follower and a leader share."""
    if not decision.packs or decision.follower == point.product.output.name:
        return []
    shared = {r for leader in decision.leaders for r in point.product.tensor(leader).ranks}
    shared &= point.product.tensor(decision.follower).ranks
    return [p for p in space.loops if p.level == decision.level and p.loop.axis and p.loop.rank in shared]


def packed(
    point: DesignPoint,
    space: Space,
    data_of: DataOf,
    taken: tuple[Decision, ...],
    positions: tuple[tuple[int, tuple[str, ...]], ...],
) -> tuple[Packing, Tree]:
    """How lanes are packed, and the instances whose time is told apart.

    Raises
    ------
    InputError
        Two packings in one nest.
    """
    loops = packed_loops(point, space, taken)
    if loops and positions:
        raise InputError(
            f"design point {point.name!r}: spatial and position skipping both pack lanes; one can be simulated"
        )
    if positions:
        return _positions(point, space, data_of, *positions[0])
    if loops:
        return _spatial(point, space, taken, loops)
    return Packing(0, 0, _NONE, _NONE, _NO_TABLE, _NO_TABLE, 1), tree(space, space.levels, space.levels)


def _spatial(
    point: DesignPoint, space: Space, taken: tuple[Decision, ...], loops: list[Placed]
) -> tuple[Packing, Tree]:
    level = loops[0].level
    every = space.spatial(space.levels)
    axes = {p.loop.axis for p in loops}
    parts: list[Storage | Compute] = [*point.hierarchy.storage, point.hierarchy.compute]
    here, inside = parts[level : level + 2]
    meshes = {"X": inside.mesh_x // here.mesh_x, "Y": inside.mesh_y // here.mesh_y}
    fanout = math.prod(max(1, meshes[axis]) for axis in axes)
    along = [p.loop for p in every if p.level == level and p not in loops and p.loop.axis in axes]
    beside = math.prod(loop.bound for loop in along)
    lanes = max(1, min(fanout // beside, math.prod(p.loop.bound for p in loops)))
    groups = np.zeros(1, dtype=np.int64)
    for p in every:
        digits = np.arange(p.loop.bound) if p not in loops else np.zeros(p.loop.bound, dtype=np.int64)
        groups = (groups[:, None] * (1 if p in loops else p.loop.bound) + digits[None]).ravel()
    nodes, periods = [1], list[int]()
    for outer in space.fanouts(space.levels):
        fan = math.prod(p.loop.bound for p in every if p.level == outer and p not in loops)
        if fan > 1:
            nodes.append(nodes[-1] * fan)
            periods.append(space.period(outer, space.levels))
    names = [t.name for t in point.product.tensors]
    packing = [d for d in taken if _along(point, space, d)]
    leaders = sorted({names.index(name) for d in packing for name in d.leaders})
    return Packing(1, lanes, groups, np.array(leaders, dtype=np.int64), _NO_TABLE, _NO_TABLE, 1), grown(
        nodes, periods
    )


def _positions(
    point: DesignPoint, space: Space, data_of: DataOf, level: int, names: tuple[str, ...]
) -> tuple[Packing, Tree]:
    inside = [p for p in space.loops if p.level >= level]
    ranks = [point.product.tensor(name).ranks for name in names]
    for p in inside:
        if sum(p.loop.rank in own for own in ranks) > 1:
            raise InputError(
                f"design point {point.name!r}: position skipping of {', '.join(names)}: all have rank {p.loop.rank!r}, "
                f"which is iterated at or below {point.nest.levels[level].level!r}"
            )
    walk, steps = space.walk(level), space.steps_of(level)
    rounds = np.ones((len(walk.bases), steps), dtype=np.int64)
    slots = rounds.copy()
    for name, own in zip(names, ranks, strict=True):
        lanes = math.prod(p.loop.bound for p in inside if p.loop.axis and p.loop.rank in own)
        count = np.zeros_like(rounds)
        shape, sums = data_of(name)
        occupancies(walk, shape, sums, count)
        rounds *= -(-count // lanes)
        slots *= -(-count // lanes) * lanes
    others = np.array([not any(rank in own for own in ranks) for rank in space.ranks])
    abreast = math.prod(p.loop.bound for p in inside if p.loop.axis and others[p.rank])
    left = np.zeros_like(rounds)
    remaining(walk, others, left)
    slots *= left
    cycles = -(-rounds * left // abreast)
    return Packing(1, 0, _NONE, _NONE, slots, cycles, space.steps // steps), tree(space, level, space.levels)


@kernel
def occupancies(walk: Walk, shape: Shape, sums: Any, found: Any) -> None:
    """Non-zeros of a tensor's tile of every instance and step of a level."""
    axes = len(shape.shape)
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    lo, hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    for step in range(found.shape[1]):
        decode(walk, step, base)
        for c in range(len(walk.bases)):
            tile(walk, shape, base, c, lo, hi)
            found[c, step] = occupied(shape.strides, sums, lo, hi, len(sums))


@kernel
def remaining(walk: Walk, others: Any, found: Any) -> None:
    """Coordinates of the ranks marked in `others` of every instance and step of a level."""
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    for step in range(found.shape[1]):
        decode(walk, step, base)
        for c in range(len(walk.bases)):
            found[c, step] = 1
            for r in range(len(walk.sizes)):
                start = base[r] + walk.bases[c, r]
                left = max(0, min(start + walk.extents[r], walk.sizes[r]) - start)
                if others[r]:
                    found[c, step] *= left
                elif left == 0:
                    found[c, step] = 0
