"""Formats by coordinates: what a set of points that is moved together takes, as ``docs/design_points.md`` says (rules 7 and 8).

Of a set with P(b) = probability that a box b of it is empty, rank by rank from the outside, F fibers there could be, S
coordinates each, q the box below the last compressed rank outside::

    stored fibers  f = F (1 - P(q)),  all without q            coordinates that are not empty  c = S (1 - P(box below))
    UOP  payloads f (S + 1)        CP, RLE  metadata F c        B  metadata f S        UB  metadata F S        U  nothing

A read sends its child's tile, a fill or drain the memory's own; to and from compute a set is one point, and only the
innermost rank that has a coordinate counts. Words are those of the non-zeros where a rank is compressed. Runs that a
run length cannot span are not counted.
"""

from __future__ import annotations

import math

from simulator.analytical.sparseloop.formats import entry_bits
from simulator.analytical.sparseloop.loops import Box, Loops, box, volume
from simulator.analytical.sparseloop.tile import ACCESSES, STATES, Coordinate, Rank, RankUnits, Tile
from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import RankFormat, Representation
from simulator.workload.product import Access


def assign_coordinates(
    tiles: list[Tile],
    loops: Loops,
    access: Access,
    storage: list[Storage],
    formats: list[Representation | None],
) -> None:
    """Give every tile of a tensor that has a format its ranks, by the coordinates of ``docs/design_points.md`` (8a).

    An axis that is one rank has a coordinate per loop at the memory and inside, any other axis is one coordinate at
    the place of its outermost loop; ranks take one each, and the last served takes what is left.

    Parameters
    ----------
    tiles, loops, access, storage, formats
        As for :func:`assign_ranks`.
    """
    for tile in tiles:
        told = formats[tile.level]
        if not tile.kept or told is None:
            continue
        steps = _coordinates(loops, access, tile.level)
        ranks = told.ranks[::-1]
        order = list(enumerate(steps)) if told.inner_first else list(enumerate(steps))[::-1]
        groups = _served([(i, step.rank) for i, step in order], ranks if told.inner_first else ranks[::-1])
        if not told.inner_first:
            groups = groups[::-1]
        tile.inner_first = told.inner_first
        tile.ranks = _by_coordinates(groups, steps, ranks, tile, storage[tile.level])


def _coordinates(loops: Loops, access: Access, level: int) -> list[Coordinate]:
    """Coordinates of a tile, innermost first: their elements, and the tile's box up to and with each."""
    owner = {rank: a for a, axis in enumerate(access.axes) for rank, _ in axis.terms}
    plain = {a for a, axis in enumerate(access.axes) if len(axis.terms) == 1 and axis.terms[0][1] == 1}
    inside = [
        (loop, loops.molds[i][j])
        for i in range(level + 1)
        for j, loop in enumerate(loops.levels[i])
        if loop.rank in owner
    ]
    found: list[Coordinate] = []
    reached = [1] * len(access.axes)
    whole = box(access, loops.tops[level])
    for k, (loop, _) in enumerate(inside):
        axis = owner[loop.rank]
        later = any(owner[other.rank] == axis for other, _ in inside[k + 1 :])
        if axis not in plain and later:
            continue
        bound = loop.bound if axis in plain else whole[axis]
        reached[axis] = reached[axis] * loop.bound if axis in plain else whole[axis]
        found.append(Coordinate(loop.rank, bound, tuple(reached)))
    return found


def _served(order: list[tuple[int, str]], ranks: tuple[RankFormat, ...]) -> list[list[int]]:
    """Which coordinates every rank gets, both in the order ranks are served."""
    left, groups = list(order), []
    for rank in ranks:
        group: list[int] = []
        if left and rank.flattened:
            named = {name for rule in rank.flattened for name in rule}
            while left and left[0][1] in named:
                group.append(left.pop(0)[0])
        elif left:
            group.append(left.pop(0)[0])
        groups.append(group)
    served = [group for group in groups if group]
    if left and served:
        served[-1].extend(i for i, _ in left)
    return groups


def _by_coordinates(
    groups: list[list[int]],
    steps: list[Coordinate],
    ranks: tuple[RankFormat, ...],
    tile: Tile,
    storage: Storage,
) -> tuple[Rank, ...]:
    """Ranks with their fibers and the tiles below, innermost first."""
    where = f"{storage.path}: format of {tile.tensor}"
    found = []
    ones: Box = (1,) * len(tile.traffic.sizes)
    below = ones
    for group, told in zip(groups, ranks, strict=True):
        inner = min(group, default=0)
        under = below if not group else steps[inner - 1].tile if inner else ones
        below = steps[max(group)].tile if group else below
        fiber = math.prod(steps[i].bound for i in group)
        found.append(
            Rank(told.format, told.compressed, *entry_bits(told, storage, where), fiber, under, below)
        )
    return tuple(found)


def expect(tile: Tile) -> None:
    """Expected non-zeros of a tile."""
    if tile.kept:
        tile.expected = tile.density.mean(tile.traffic.sizes)
        tile.expected_density = tile.expected / tile.traffic.size


def moved(tile: Tile, child: Tile | None) -> None:
    """Accesses to what the format stores, with the entries of every set that moves.

    Parameters
    ----------
    tile : Tile
        `counts`, `entries` and `units` are set.
    child : Tile or None
        The tile inside; None for compute.
    """
    tile.reductions = tile.traffic.reductions
    own = tile.traffic.sizes
    tile.units = units(tile, own, False)
    point: Box = (1,) * len(own)
    for access in ACCESSES:
        outwards = access in ("fill", "drain")
        sent = own if outwards else point if child is None else child.traffic.sizes
        told = units(tile, sent, child is None and not outwards)
        words = tile.dense(access)
        stored = words * tile.density.mean(sent) / volume(sent) if tile.compressed else words
        ratio = words / volume(sent)
        tile.counts[("random", access)] = stored
        tile.entries[("random", access)] = [RankUnits(u.metadata * ratio, u.payload * ratio) for u in told]
        for state in STATES[1:]:
            tile.counts[(state, access)] = 0
            tile.entries[(state, access)] = [RankUnits() for _ in told]


def units(tile: Tile, sent: Box, innermost_only: bool) -> list[RankUnits]:
    """Expected entries of every rank, innermost first, for one set.

    Parameters
    ----------
    tile : Tile
        Whose format is meant.
    sent : tuple of int
        Box of the set, inside the tile.
    innermost_only : bool
        Only the innermost rank that has a coordinate.
    """
    found = [RankUnits() for _ in tile.ranks]
    counted = [i for i, rank in enumerate(tile.ranks) if rank.fiber > 1]
    if innermost_only:
        counted = counted[:1]
    fibers, stored = 1, 1.0
    for i in reversed(range(len(tile.ranks))):
        rank = tile.ranks[i]
        below, top = _cut(rank.below, sent), _cut(rank.top or rank.below, sent)
        coordinates = math.prod(-(-t // b) for t, b in zip(top, below, strict=True))
        filled = 1.0 - tile.density.empty(below)
        if i in counted:
            found[i] = _entries(rank.format, fibers, fibers * stored, coordinates, filled)
        fibers *= coordinates
        if rank.compressed:
            stored = filled
    return found


def _cut(tile: Box, sent: Box) -> Box:
    return tuple(min(t, s) for t, s in zip(tile, sent, strict=True))


def _entries(format: str, fibers: int, stored: float, coordinates: int, filled: float) -> RankUnits:
    """Entries of one rank of one set."""
    if format == "U":
        return RankUnits()
    if format == "UOP":
        return RankUnits(0.0, stored * (coordinates + 1))
    if format == "B":
        return RankUnits(stored * coordinates)
    if format == "UB":
        return RankUnits(float(fibers * coordinates))
    return RankUnits(fibers * coordinates * filled)
