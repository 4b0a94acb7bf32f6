"""Spatial skipping: instances whose tile of the leader is empty are not needed.

    follower <- leaders below a memory:   instances at work = instances x product over leaders of P(leader's tile per
    instance not empty) instances needed at most   X or Y  x  (most non-empty elements of the leader's fiber) /
    (elements of the fiber)

An element is what one iteration of the spatial loop holds of the leader. Only leaders whose memory tells zeros without reading
them (metadata) save anything. What is saved at one memory is saved further in as well, up to the next spatial rule.
Expansions are whole numbers, truncated at every step. Source: the public release of Timeloop of July 2022
(sparse-analysis/storage-gs-analyzer).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from simulator.analytical.sparseloop.loops import Extents, Loops, box
from simulator.analytical.sparseloop.rules import Tiles
from simulator.analytical.sparseloop.tile import Tile
from simulator.errors import InfeasibleError
from simulator.hardware.saf import Condition
from simulator.mapping.nest import Loop
from simulator.workload.product import Access, Product


@dataclass
class Needed:
    """Instances one tensor needs at every level; level 0 is compute, level i + 1 the memory i.

    Attributes
    ----------
    x, y : list of int
        At most, along X and Y.
    ratio : list of float
        Share of the instances at work, on average.
    """

    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)


@dataclass
class Expansion:
    """Instances of the whole machine.

    Attributes
    ----------
    x, y : int
        Multipliers needed at most, along X and Y.
    average : float
        Multipliers at work, on average.
    saved : dict of (tensor, memory) to float
        Share of a tensor's instances saved below a memory.
    """

    x: int
    y: int
    average: float
    saved: dict[tuple[str, int], float] = field(default_factory=dict)


def dense_expansion(tiles: Tiles, loops: Loops) -> Expansion:
    """Instances by the spatial loops alone; sets `x` and `y` of every tile."""
    x = y = 1
    for level in reversed(range(len(loops.levels))):
        for of_tensor in tiles.values():
            of_tensor[level].x, of_tensor[level].y = x, y
        x *= math.prod(loop.bound for loop in loops.levels[level] if loop.axis == "X")
        y *= math.prod(loop.bound for loop in loops.levels[level] if loop.axis == "Y")
    return Expansion(x, y, float(x * y))


def skip_instances(
    rules: dict[tuple[str, int], Condition],
    tiles: Tiles,
    loops: Loops,
    product: Product,
    fanouts: list[tuple[int, int]],
    dense: Expansion,
) -> Expansion:
    """Instances left by spatial rules; sets `x`, `y` and `instances` of every tile.

    Parameters
    ----------
    rules : dict of (follower, memory) to Condition
    tiles, loops, product
        As for ``rules.saving``.
    fanouts : list of (int, int)
        Physical children along X and Y, per memory, innermost first.
    dense : Expansion

    Raises
    ------
    InfeasibleError
        More children are needed than a memory has.
    """
    needed = {name: _stored(tiles[name], loops, product.tensor(name), dense) for name in tiles}
    for name, mine in needed.items():
        _inherit(mine, tiles[name])
    for (name, level), condition in rules.items():
        _apply(needed[name], condition, level, tiles, loops, product)
    found = Expansion(0, 0, 0.0)
    for name, mine in needed.items():
        _summarise(name, mine, tiles[name], {level for n, level in rules if n == name}, dense, found)
    for name, mine in needed.items():
        _check(name, mine, fanouts)
    return found


def _stored(tiles: list[Tile], loops: Loops, access: Access, dense: Expansion) -> Needed:
    """What the tensor's own format saves."""
    found = Needed([dense.x], [dense.y], [1.0])
    for level in range(len(loops.levels)):
        keeper = next((i for i in range(level, len(tiles)) if tiles[i].kept), len(tiles) - 1)
        if tiles[keeper].has_metadata:
            _own(found, level, tiles[keeper], loops, access)
        found.x.append(tiles[level].x)
        found.y.append(tiles[level].y)
        found.ratio.append(1.0)
    return found


def _own(found: Needed, level: int, keeper: Tile, loops: Loops, access: Access) -> None:
    innermost = True
    for i, loop in enumerate(loops.levels[level]):
        if not loop.axis or loop.rank not in access.ranks:
            continue
        below = loops.below(level, i)
        if innermost:
            found.ratio[level] = 1.0 - keeper.density.empty(box(access, below))
            innermost = False
        _shrink(found, level, loop, below, keeper, access)


def _shrink(found: Needed, level: int, loop: Loop, below: Extents, keeper: Tile, access: Access) -> None:
    """Fewer instances where a fiber can hold fewer non-empty elements than it has."""
    fiber = {**below, loop.rank: below[loop.rank] * loop.bound}
    share = keeper.density.elements(box(access, fiber), box(access, below)) / loop.bound
    if loop.axis == "X":
        found.x[level] = int(found.x[level] * share)
    else:
        found.y[level] = int(found.y[level] * share)


def _inherit(mine: Needed, tiles: list[Tile]) -> None:
    """What is saved outside is saved inside, up to the next memory that saves of its own."""
    saves = [ratio != 1.0 for ratio in mine.ratio]
    for level in reversed(range(1, len(mine.x))):
        tile = tiles[level - 1]
        rx, ry = mine.x[level] / tile.x, mine.y[level] / tile.y
        if rx == 1.0 and ry == 1.0:
            continue
        tile.x, tile.y = mine.x[level], mine.y[level]
        _pass_on(mine, level, rx, ry, mine.ratio[level], saves)


def _pass_on(mine: Needed, level: int, rx: float, ry: float, ratio: float, stops: list[bool]) -> None:
    crossed = False
    for inner in reversed(range(level)):
        mine.x[inner] = int(mine.x[inner] * rx)
        mine.y[inner] = int(mine.y[inner] * ry)
        crossed = crossed or stops[inner]
        if not crossed:
            mine.ratio[inner] *= ratio


def _apply(
    mine: Needed, condition: Condition, level: int, tiles: Tiles, loops: Loops, product: Product
) -> None:
    """What a rule at a memory saves of the instances below it."""
    ratio = 1.0
    for leader in condition.leaders:
        keeper = next((i for i in range(level, len(loops.levels)) if tiles[leader][i].kept), None)
        if keeper is None or not tiles[leader][keeper].has_metadata:
            continue
        access, innermost = product.tensor(leader), True
        for i, loop in enumerate(loops.levels[level]):
            if not loop.axis or loop.rank not in access.ranks:
                continue
            below = _element(condition.follower, leader, loop, level, i, tiles, loops, product)
            if innermost:
                ratio *= 1.0 - tiles[leader][keeper].density.empty(box(access, below))
                innermost = False
            _shrink(mine, level, loop, below, tiles[leader][keeper], access)
    mine.ratio[level] = ratio


def _element(
    follower: str,
    leader: str,
    loop: Loop,
    level: int,
    index: int,
    tiles: Tiles,
    loops: Loops,
    product: Product,
) -> Extents:
    """What one iteration of a spatial loop holds of the leader while the follower's tile stays."""
    below = dict(loops.below(level, index))
    ranks = product.tensor(follower).ranks
    stays = any(tiles[follower][i].kept for i in range(level))
    if not stays or loop.rank not in ranks & product.tensor(leader).ranks:
        return below
    keeper = next(
        (i for i in range(level, len(loops.levels)) if tiles[follower][i].kept), len(loops.levels) - 1
    )
    for outer in range(level, keeper + 1):
        for above in loops.levels[outer]:
            if above.axis:
                continue
            if above.rank in ranks:
                return below
            below[above.rank] *= above.bound
    return below


def _summarise(
    name: str, mine: Needed, tiles: list[Tile], ruled: set[int], dense: Expansion, found: Expansion
) -> None:
    """Pass savings inwards and record what every memory and the multipliers need."""
    before = [(tile.x, tile.y) for tile in tiles]
    stops = [level in ruled for level in range(len(mine.x))]
    for level in reversed(range(len(mine.x))):
        x, y, ratio = mine.x[level], mine.y[level], mine.ratio[level]
        rx = ry = 1.0
        if level:
            tile = tiles[level - 1]
            rx, ry = x / before[level - 1][0], y / before[level - 1][1]
            tile.x, tile.y = x, y
            tile.instances = tile.traffic.instances * ratio
        else:
            found.x, found.y = max(found.x, x), max(found.y, y)
            found.average = max(found.average, dense.average * ratio)
        if level < len(tiles):
            found.saved[(name, level)] = 1.0 - ratio
        if rx != 1.0 or ry != 1.0:
            _pass_on(mine, level, rx, ry, ratio, stops)


def _check(name: str, mine: Needed, fanouts: list[tuple[int, int]]) -> None:
    for level, (x, y) in enumerate(fanouts):
        for axis, inner, outer, most in (
            ("X", mine.x[level], mine.x[level + 1], x),
            ("Y", mine.y[level], mine.y[level + 1], y),
        ):
            if outer and inner // outer > most:
                raise InfeasibleError(
                    f"{name} needs {inner // outer} children along {axis} below memory {level} "
                    f"(counted from the innermost), which has {most}"
                )
