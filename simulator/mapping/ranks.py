"""Whether compressed formats have a rank for every loop.

The loops of a tensor from a memory down to the next one that keeps it are given to the ranks of its format, one each or, for a
rank that flattens, as many in a row as it names; from the outermost loop on, or from the innermost. The innermost ranks belong to
the next memory's own format (one rank where it has none) unless a tile there is a single point. (Wu et al., Sparseloop, MICRO
2022, section 5.3.3.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.hardware.saf import RankFormat, Representation
from simulator.mapping.capacity import tile_shape
from simulator.mapping.design_point import DesignPoint


def unfit_formats(point: DesignPoint) -> Iterator[tuple[str, str, str]]:
    """Formats with too few ranks.

    Yields
    ------
    tuple of str
        Level, tensor and what is wrong.
    """
    for level, storage in enumerate(point.hierarchy.storage):
        for told in point.features.at(storage.name).representations:
            if told.compressed and told.tensor in point.nest.levels[level].keeps:
                message = _unfit(point, level, told)
                if message:
                    yield storage.name, told.tensor, message


def _unfit(point: DesignPoint, level: int, told: Representation) -> str:
    child = next((i for i in point.kept(told.tensor) if i > level), None)
    inner = _ranks_of(point, child, told.tensor) if child is not None else 0
    last = len(point.nest.levels) if child is None else child
    relevant = point.product.tensor(told.tensor).ranks
    loops = [loop.rank for i, loop in point.nest.loops() if level <= i < last and loop.rank in relevant]
    own = told.ranks[: max(len(told.ranks) - inner, 0)]
    if len(told.ranks) < inner:
        name = point.hierarchy.storage[child or 0].name
        return f"{len(told.ranks)} ranks for {told.tensor!r}, and {name!r}, which it fills, has {inner}"
    left = _left(loops[::-1], own[::-1]) if told.inner_first else _left(loops, own)
    if not left:
        return ""
    kept = f", beside {inner} of the next memory" if inner else ""
    few = f"{len(own)} for {told.tensor!r}{kept}, and the loops {', '.join(loops)}"
    return f"more ranks needed: {few}; add ranks or let one flatten several"


def _ranks_of(point: DesignPoint, level: int, tensor: str) -> int:
    """Ranks that a memory's tiles already have, none when a tile is a single point."""
    if math.prod(tile_shape(point, tensor, level)) == 1:
        return 0
    told = point.features.at(point.hierarchy.storage[level].name).representation(tensor)
    return 1 if told is None else len(told.ranks)


def _left(loops: list[str], ranks: tuple[RankFormat, ...]) -> list[str]:
    """Loops that no rank takes."""
    left = list(loops)
    for rank in ranks:
        if not rank.flattened:
            left = left[1:]
            continue
        group = next((names for names in rank.flattened if left and left[0] in names), ())
        while left and left[0] in group:
            left = left[1:]
    return left
