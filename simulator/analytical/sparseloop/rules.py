"""Gating and skipping at memories: how often a follower's access is not needed.

    follower <- leaders:   p = 1 - product over leaders of (1 - P(leader's tile empty))

The leader's tile is what it has during the iterations in which the follower's data stay: the loops inside the
innermost loop that moves the follower's child tile (a single iteration of it where the leader moves along), and all
spatial loops between, since their instances share the access. At the innermost memory of the follower its data are
single points for single computes. A follower that moves in blocks needs the leader's tiles of a whole block. Source:
Wu et al., Sparseloop, MICRO 2022, section 5.3.4; the rules in the detail of the public release of July 2022
(sparse-analysis/storage-gs-analyzer).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.analytical.sparseloop.loops import Extents, Loops, box, volume
from simulator.analytical.sparseloop.tile import Tile
from simulator.errors import InputError
from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import Condition, Rule
from simulator.mapping.nest import Loop
from simulator.workload.product import Product

Tiles = dict[str, list[Tile]]
GATE, SKIP, SPATIAL = "gated", "skipped", "spatial"


@dataclass(frozen=True)
class Saving:
    """What one condition saves.

    Attributes
    ----------
    follower : str
    level : int
        Memory the accesses are saved at, counted from the innermost.
    share : float
        Of the follower's accesses.
    worth : float
        Energy of the words saved per tile in pJ, to compare options.
    """

    follower: str
    level: int
    share: float
    worth: float


@dataclass(frozen=True)
class _Target:
    """The loop that moves the follower's data, and what its tile and the leader's are around it."""

    loop: Loop | None
    follower: Extents
    leader: Extents
    relevant: tuple[Loop, ...]
    scalar: bool


def saving(
    condition: Condition,
    level: int,
    tiles: Tiles,
    loops: Loops,
    product: Product,
    storage: list[Storage],
    read_pj: list[float],
) -> Saving:
    """What a condition at a memory saves.

    Parameters
    ----------
    condition : Condition
    level : int
        Memory the rule stands at.
    tiles : dict of str to list of Tile
        Of every tensor, innermost memory first.
    loops : Loops
    product : Product
    storage : list of Storage
        Innermost first.
    read_pj : list of float
        Energy of a read, per memory.

    Raises
    ------
    InputError
        The follower is kept neither here nor further out.
    """
    follower = condition.follower
    at = source(follower, level, tiles, storage)
    tile = tiles[follower][at]
    target = _target(follower, at, tiles, loops, product)
    effectual = 1.0
    for leader in condition.leaders:
        extents = _leader_tile(leader, follower, target, product, storage[at].block_size)
        if extents is None:
            continue
        access = product.tensor(leader)
        effectual *= 1.0 - tiles[leader][0].density.empty(box(access, extents))
    child = tile.traffic.child
    described = tiles[follower][at if child is None else child]
    memory = storage[at]
    entry_words = sum(u.metadata + u.payload for u in described.units) * _entry_ratio(memory)
    worth = read_pj[at] / memory.block_size * (tile.expected + entry_words) * (1.0 - effectual)
    return Saving(follower, at, 1.0 - effectual, worth)


def _entry_ratio(memory: Storage) -> int:
    """Metadata word per data word, by integer division."""
    return int(dict(memory.attributes).get("metadata_datawidth") or 0) // memory.word_bits


def source(follower: str, level: int, tiles: Tiles, storage: list[Storage]) -> int:
    """The memory at `level` or the nearest outside that keeps a tensor.

    Raises
    ------
    InputError
        There is none.
    """
    for at in range(level, len(storage)):
        if tiles[follower][at].kept:
            return at
    raise InputError(
        f"{storage[level].path}: a rule removes accesses to {follower}, which neither this memory nor one outside it keeps"
    )


def _target(follower: str, at: int, tiles: Tiles, loops: Loops, product: Product) -> _Target:
    """The innermost loop that moves the follower's data."""
    ranks = product.tensor(follower).ranks
    child = tiles[follower][at].traffic.child
    found = (
        _innermost_spatial(loops, ranks)
        if child is None
        else next(
            (
                (level, i)
                for level in range(child + 1, at + 1)
                for i, loop in enumerate(loops.levels[level])
                if loop.rank in ranks
            ),
            None,
        )
    )
    ones = dict.fromkeys(loops.ranks, 1)
    if child is None and found is None:
        around, _ = _with_spatial(dict(ones), loops, 0, 0, at, ranks, child, False)
        return _Target(_innermost(loops), ones, around, (), True)
    if found is None:
        top = loops.tops[at]
        return _Target(next(reversed(_complete(loops)[at]), None), top, top, (), False)
    level, i = found
    mold = loops.molds[level][i]
    loop = loops.levels[level][i]
    leader, above = _with_spatial(dict(mold), loops, level, i + 1, at, ranks, child, bool(loop.axis))
    return _Target(loop, mold, leader, (loop, *above), False)


def _innermost_spatial(loops: Loops, ranks: frozenset[str]) -> tuple[int, int] | None:
    """The innermost spatial loop of the innermost memory that moves the follower, else its outermost spatial loop."""
    spatial = [i for i, loop in enumerate(loops.levels[0]) if loop.axis]
    if not spatial:
        return None
    return 0, next((i for i in spatial if loops.levels[0][i].rank in ranks), spatial[-1])


def _innermost(loops: Loops) -> Loop | None:
    """The innermost loop of the nest: the outermost spatial one of the innermost memory, where it has any, else the first."""
    here = _complete(loops)
    spatial = [loop for loop in here[0] if loop.axis]
    return spatial[-1] if spatial else next((loop for level in here for loop in level), None)


def _complete(loops: Loops) -> tuple[tuple[Loop, ...], ...]:
    """Loops with those of one iteration, where they are told."""
    return loops.complete or loops.levels


def _with_spatial(
    extents: Extents,
    loops: Loops,
    level: int,
    start: int,
    at: int,
    ranks: frozenset[str],
    child: int | None,
    spatial_target: bool,
) -> tuple[Extents, tuple[Loop, ...]]:
    """Extents with all spatial loops further out up to `at`; outside a spatial loop also temporal ones the follower stays for."""
    above = []
    stays = spatial_target
    for outer in range(level, at + 1):
        for i, loop in enumerate(loops.levels[outer]):
            if outer == level and i < start:
                continue
            held = stays and not loop.axis and child is not None and loop.rank not in ranks
            if loop.axis or held:
                extents[loop.rank] *= loop.bound
                above.append(loop)
            if not loop.axis and (child is None or loop.rank in ranks):
                stays = False
    return extents, tuple(above)


def _leader_tile(leader: str, follower: str, target: _Target, product: Product, block: int) -> Extents | None:
    """Extents of the leader's tile; None when its traversal cannot follow the follower's, and the leader saves nothing."""
    leads = product.tensor(leader).ranks
    shared = leads & product.tensor(follower).ranks
    factors: dict[str, float] = {}
    for loop in () if target.scalar else target.relevant:
        spatial = target.loop is not None and bool(target.loop.axis)
        if spatial and factors and loop.rank in leads:
            return None
        if loop.rank in shared:
            factors[loop.rank] = factors.get(loop.rank, 1.0) * loop.bound
    extents = dict(target.leader)
    granule = volume(box(product.tensor(follower), target.follower)) / math.prod(factors.values())
    scale = float(math.ceil(block / granule))
    for rank in [name for name, _ in product.ranks if name in factors]:
        extents[rank] = math.ceil(extents[rank] / (factors[rank] / scale))
        scale /= factors[rank]
    if scale > 1 and target.loop is not None:
        extents[target.loop.rank] = math.ceil(extents[target.loop.rank] * scale)
    return extents


def best(options: list[Saving]) -> Saving:
    """The option of largest worth, the last of equals."""
    found = options[0]
    for option in options[1:]:
        if option.worth >= found.worth:
            found = option
    return found


def rule_state(rule: Rule) -> str:
    """State that accesses removed by a rule are in."""
    return {"gating": GATE, "skipping": SKIP}.get(rule.kind, SPATIAL)
