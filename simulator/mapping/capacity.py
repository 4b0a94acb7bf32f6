"""Whether the tiles of a design point fit its memories, and its spatial loops its arrays.

    words of tensor t at level l = n                            uncompressed, n points of the tile: all loops of l and deeper
                                   ceil(n d)                    compressed, fixed-structured with density d
                                   min(n, ceil(N d))            compressed, any other: the fullest tile there can be
    sum over the tensors kept <= floor(capacity / multiple_buffering)

Worst cases, as Sparseloop takes them (Wu et al., MICRO 2022, section 5.3; an average tile would need less). Metadata is not
counted. Along each side of an array the iterations of the spatial loops are at most the fan-out; a rule that packs non-zeros
onto lanes lowers the iterations of its leaders' ranks to ceil(bound d) where the density is fixed.
"""

from __future__ import annotations

import math
from fractions import Fraction

from simulator.errors import InfeasibleError
from simulator.hardware.hierarchy import Storage
from simulator.mapping.design_point import DesignPoint

PACKING = ("spatial-skipping", "position-skipping")


def tile_shape(point: DesignPoint, tensor: str, level: int) -> tuple[int, ...]:
    """Extent of a tensor's tile at a level, loops taken at their full bounds and cut at the ranks' sizes."""
    reach = {rank: 1 for rank, _ in point.product.ranks}
    for i, loop in point.nest.loops():
        if i >= level:
            reach[loop.rank] = min(reach[loop.rank] * loop.bound, point.product.size(loop.rank))
    axes = point.product.tensor(tensor).axes
    return tuple(1 + sum(c * (reach[rank] - 1) for rank, c in axis.terms) for axis in axes)


def words(point: DesignPoint, level: int) -> dict[str, int]:
    """Most words each kept tensor's tile can need at a level, by tensor."""
    storage = point.hierarchy.storage[level]
    found = {}
    for tensor in point.product.tensors:
        if tensor.name not in point.nest.levels[level].keeps:
            continue
        tile = math.prod(tile_shape(point, tensor.name, level))
        told = point.features.at(storage.name).representation(tensor.name)
        found[tensor.name] = (
            _fullest(point, tensor.name, tile) if told is not None and told.compressed else tile
        )
    return found


def _fullest(point: DesignPoint, tensor: str, tile: int) -> int:
    occupancy = point.occupancy_of(tensor)
    if occupancy.distribution == "fixed-structured":
        return math.ceil(tile * occupancy.density)
    whole = occupancy.size or point.product.tensor(tensor).size
    return min(tile, math.ceil(whole * occupancy.density))


def check_fit(point: DesignPoint) -> None:
    """Check every level.

    Raises
    ------
    InfeasibleError
        Tiles that need more words than a level has, or spatial loops more instances; names the level, both numbers and the parts.
    """
    for level, storage in enumerate(point.hierarchy.storage):
        _check_capacity(point, level, storage)
        _check_fan_out(point, level)


def _check_capacity(point: DesignPoint, level: int, storage: Storage) -> None:
    if storage.capacity is None or dict(storage.attributes).get("allow_overbooking", "").lower() == "true":
        return
    needed = words(point, level)
    available = math.floor(storage.capacity / storage.multiple_buffering)
    parts = ", ".join(f"{name} {count}" for name, count in needed.items())
    total = sum(needed.values())
    if total > available:
        raise InfeasibleError(f"{storage.name}: tiles need {total} words ({parts}); it holds {available}")
    if total < storage.min_utilization * available:
        least = math.ceil(storage.min_utilization * available)
        raise InfeasibleError(
            f"{storage.name}: tiles need {total} words ({parts}); min_utilization asks for {least}"
        )


def _check_fan_out(point: DesignPoint, level: int) -> None:
    storages = point.hierarchy.storage
    outer = storages[level]
    inner = storages[level + 1] if level + 1 < len(storages) else point.hierarchy.compute
    for axis, available in (("X", inner.mesh_x // outer.mesh_x), ("Y", inner.mesh_y // outer.mesh_y)):
        loops = [loop for loop in point.nest.levels[level].spatial if loop.axis == axis]
        needed = math.prod(math.ceil(loop.bound * _packed(point, level, loop.rank)) for loop in loops)
        if needed > available:
            shown = ", ".join(f"{loop.rank}={loop.bound}" for loop in loops)
            wanted = f"spatial loops along {axis} ({shown}) need {needed} instances of {inner.name!r}"
            raise InfeasibleError(f"{outer.name}: {wanted}; there are {available}")


def _packed(point: DesignPoint, level: int, rank: str) -> Fraction:
    """Share of the iterations of a spatial loop that are left when non-zeros are packed."""
    shares = [Fraction(1)]
    for rule in point.features.at(point.hierarchy.storage[level].name).rules:
        for told in rule.options if rule.kind in PACKING else ():
            for name in told.leaders or (told.follower,):
                occupancy = point.occupancy_of(name)
                if occupancy.distribution == "fixed-structured" and rank in point.product.tensor(name).ranks:
                    shares.append(occupancy.density)
    return min(shares)
