"""Dense traffic of every memory: what is read, filled and updated when no zero is noticed.

    operand    reads = accesses on behalf of the child + those for its neighbours' links;   fills = what the parent delivers
    output     updates = accesses on behalf of the child;  reads = updates - first updates (which find nothing to add to);
               fills = partial sums delivered back

A memory that does not keep a tensor hands its child's demands to the memory outside it. The outermost memory that keeps a
tensor is never filled. First updates are counted by the partition: the share of the tensor one instance is in charge
of. Source: Parashar et al., Timeloop, ISPASS 2019, section V; details as of the public release of July 2022
(loop-analysis/tiling).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from simulator.analytical.sparseloop.deltas import Fanout, Signature, signature
from simulator.analytical.sparseloop.loops import Box, Loops, box, volume
from simulator.analytical.sparseloop.modes import Mode
from simulator.hardware.hierarchy import Hierarchy
from simulator.mapping.design_point import DesignPoint
from simulator.workload.product import Access


@dataclass
class Traffic:
    """Dense traffic of one tensor at one memory, per instance.

    Attributes
    ----------
    sizes : tuple of int
        Tile along each axis; all 0 where the tensor is not kept.
    reads, fills, updates, drains : float
        Words; Timeloop tells no drains.
    reductions : float
        Partial sums added in place.
    instances : int
        Instances the mapping names (spatial loops of outer levels), before any is saved.
    partition : int
        Words of the tensor one instance is in charge of.
    parent, child : int or None
        Neighbouring memories that keep the tensor, counted from the innermost.
    multicast : dict of int to float
        Accesses on behalf of the child, by how many children share one.
    """

    sizes: Box
    reads: float = 0
    fills: float = 0
    updates: float = 0
    drains: float = 0
    reductions: float = 0.0
    instances: int = 1
    partition: int = 0
    parent: int | None = None
    child: int | None = None
    multicast: dict[int, float] | None = None

    @property
    def size(self) -> int:
        """Words of the tile."""
        return volume(self.sizes)


def fanouts(hierarchy: Hierarchy) -> tuple[tuple[int, int], ...]:
    """Physical children of one instance along X and Y, innermost memory first."""
    meshes = [(s.mesh_x, s.mesh_y) for s in hierarchy.storage]
    meshes.append((hierarchy.compute.mesh_x, hierarchy.compute.mesh_y))
    pairs = pairwise(meshes)
    return tuple((max(x // a, 1), max(y // b, 1)) for (a, b), (x, y) in pairs)[::-1]


def dense_traffic(point: DesignPoint, loops: Loops, access: Access, mode: Mode) -> list[Traffic]:
    """Traffic of one tensor at every memory, innermost first.

    Parameters
    ----------
    point : DesignPoint
    loops : Loops
    access : Access
    mode : Mode
    """
    kept = [access.name in level.keeps for level in reversed(point.nest.levels)]
    found = [_signature(point, loops, access, level) for level in range(len(kept))]
    tiles = [Traffic(_tile(loops, access, level)) for level in range(len(kept))]
    spread = [_fanned(loops, level) for level in range(len(kept))]
    _instances(tiles, spread)
    _partitions(tiles, loops, access)
    contents = [s.total for s in found]
    shares = [0.0] * len(kept)
    for level in range(1, len(kept)):
        shares[level - 1] = found[level].delivered / spread[level]
    _bypass(found, contents, spread, kept)
    _reset_outermost(tiles, found, shares, kept)
    links = _links(tiles, found, kept)
    output = access.name == point.product.output.name
    for level, tile in enumerate(tiles):
        if not kept[level]:
            tiles[level] = Traffic((0,) * len(tile.sizes), instances=tile.instances)
            continue
        _split(tile, contents[level], shares[level], links[level], output)
        if output and mode.elides_first_fills and any(kept[level + 1 :]):
            tile.fills = max(_round(shares[level] + links[level] - tile.partition), 0)
        tile.multicast = found[level].accesses
    _neighbours(tiles, kept)
    return tiles


def _signature(point: DesignPoint, loops: Loops, access: Access, level: int) -> Signature:
    """Accesses of a level on behalf of the level inside it, as the nest says it may share."""
    nests = point.nest.levels[::-1]
    x, y = fanouts(point.hierarchy)[level]
    fanout = Fanout(
        x,
        y,
        multicast=access.name not in nests[level].no_multicast,
        links=access.name not in nests[level].no_link_transfer,
        reuse=level == 0 or access.name not in nests[level - 1].no_reuse,
    )
    return signature(loops, access, level, fanout)


def _tile(loops: Loops, access: Access, level: int) -> Box:
    """Largest tile of a level."""
    extents = dict.fromkeys(loops.ranks, 1)
    for inside in loops.levels[: level + 1]:
        for loop in inside:
            extents[loop.rank] *= loop.bound
    sizes = box(access, extents)
    return tuple(min(n, axis.size) for n, axis in zip(sizes, access.axes, strict=True))


def _fanned(loops: Loops, level: int) -> int:
    """Children the mapping names below one instance of a level."""
    return math.prod(loop.bound for loop in loops.levels[level] if loop.axis)


def _instances(tiles: list[Traffic], spread: list[int]) -> None:
    """Instances of every level: spatial loops of the levels outside."""
    product = 1
    for level in reversed(range(len(tiles))):
        tiles[level].instances = product
        product *= spread[level]


def _partitions(tiles: list[Traffic], loops: Loops, access: Access) -> None:
    """Share of the tensor an instance is in charge of: its tile's share of what its siblings hold together."""
    partition = tiles[-1].size
    tiles[-1].partition = partition
    for level in range(len(tiles) - 2, -1, -1):
        spatial = [i for i, loop in enumerate(loops.levels[level + 1]) if loop.axis]
        together = volume(box(access, loops.molds[level + 1][spatial[-1]])) if spatial else tiles[level].size
        if together:
            partition = partition * tiles[level].size // together
        tiles[level].partition = partition


def _bypass(found: list[Signature], contents: list[float], spread: list[int], kept: list[bool]) -> None:
    """Hand the demands on a memory that does not keep the tensor to the next one outside that does."""
    alive = [True] * len(kept)
    for level, keeps in enumerate(kept):
        if keeps:
            continue
        alive[level] = False
        outer = next((o for o in range(level + 1, len(kept)) if alive[o]), None)
        if outer is None:
            return
        delivered = found[outer].delivered
        scale = contents[level] * spread[outer] / delivered if delivered else 0.0
        found[outer].accesses = {m: n * scale for m, n in found[outer].accesses.items()}
        found[outer].links = 0.0
        contents[outer] = found[outer].total


def _reset_outermost(
    tiles: list[Traffic], found: list[Signature], shares: list[float], kept: list[bool]
) -> None:
    """Nothing is delivered to the outermost memory that keeps the tensor, and nothing happens outside it."""
    for level in reversed(range(len(tiles))):
        if kept[level]:
            shares[level] = 0.0
            return
        found[level] = Signature()


def _links(tiles: list[Traffic], found: list[Signature], kept: list[bool]) -> list[float]:
    """Words each instance passes to its neighbours."""
    peers = [0.0] * len(tiles)
    for level in range(len(tiles) - 1, 0, -1):
        if found[level].links and kept[level - 1]:
            peers[level - 1] += found[level].links / tiles[level - 1].instances
    return peers


def _split(tile: Traffic, content: float, share: float, peers: float, output: bool) -> None:
    """Reads, fills and updates out of accesses."""
    tile.fills = int(share + peers)
    if not output:
        tile.reads = _round(content + peers)
        return
    tile.reads = max(_round(content + peers - tile.partition), 0)
    tile.updates = _round(content)
    tile.reductions = float(tile.reads)


def _neighbours(tiles: list[Traffic], kept: list[bool]) -> None:
    """Parent and child of every memory that keeps the tensor."""
    path = [level for level, keeps in enumerate(kept) if keeps]
    for inner, outer in pairwise(path):
        tiles[inner].parent, tiles[outer].child = outer, inner


def _round(x: float) -> int:
    """Half away from zero, as C's `round`."""
    return math.floor(x + 0.5)
