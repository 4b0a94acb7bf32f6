"""Representation formats: which loops make which rank, and how many entries a tile's ranks have.

For a tile known to hold k non-zeros, rank by rank from the outside, F = fibers there could be, S = coordinates of a fiber::

    fibers               f = F (1 - P(tile of the fiber empty | k))
    coordinates not empty c = S (1 - P(tile below empty | k))

    UOP  payloads f (S + 1)          CP, RLE  metadata F c
    UB   metadata, payloads F S      B        metadata f S, payloads F c

weighted by the probability of k; CP and RLE have a payload per coordinate, and the innermost rank's payload is the
data itself. The public releases take f for F (what is empty counts twice) and round the c of CP and B up, fiber by
fiber. Accesses are in proportion to the tile's: ceil(entries x words accessed / words of the tile), per rank.

Loops of a tensor at and below a memory are given to ranks from the outside (or from the inside); a rank that
flattens absorbs several; a memory whose child keeps a format of its own repeats the child's ranks (its tiles are cut
to the child's). Source: Wu et al., Sparseloop, MICRO 2022, section 5.3.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.analytical.sparseloop.density import Floats, Ints
from simulator.analytical.sparseloop.loops import Box, Loops, box, volume
from simulator.analytical.sparseloop.modes import Mode
from simulator.analytical.sparseloop.tile import Rank, RankUnits, Tile
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import RankFormat, Representation
from simulator.workload.product import Access

EPSILON = 1e-10
"""Relative error of sums of probabilities that rounding up ignores."""


@dataclass(frozen=True)
class _Step:
    """A loop of the tensor with the box its tile has, the loop included."""

    rank: str
    bound: int
    tile: Box


def assign_ranks(
    tiles: list[Tile],
    loops: Loops,
    access: Access,
    storage: list[Storage],
    formats: list[Representation | None],
    mode: Mode,
) -> None:
    """Give every tile of a tensor that has a format its ranks.

    Parameters
    ----------
    tiles : list of Tile
        Of one tensor, innermost memory first; `ranks` are set.
    loops : Loops
    access : Access
    storage : list of Storage
        Innermost first.
    formats : list of Representation or None
        Innermost first.
    mode : Mode

    Raises
    ------
    InfeasibleError
        More loops than the format has ranks.
    InputError
        Entries wider than the metadata storage; a parent whose ranks are not the child's.
    """
    made: dict[int, list[tuple[list[_Step], Box]]] = {}
    for tile in tiles:
        if not tile.kept:
            continue
        told = formats[tile.level]
        child = tile.traffic.child
        first = 0 if child is None else child + 1
        steps = _steps(loops, access, first, tile.level)
        spare = steps[0].tile if steps and mode.spare_ranks else ()
        pretiled = bool(told and told.compressed and child is not None and tiles[child].traffic.size > 1)
        inner = made[child] if pretiled and child is not None else []
        if not pretiled:
            steps = _scaled(steps, loops, access, first)
        steps = [step for step in steps if step.bound > 1]
        where = f"{storage[tile.level].path}: format of {access.name}"
        ranks = tuple(reversed(told.ranks)) if told else ()
        outer = _given(steps, ranks, len(inner), bool(told and told.inner_first), where, spare)
        made[tile.level] = [*inner, *outer]
        if told is None:
            continue
        tile.inner_first = told.inner_first
        tile.ranks = _ranks(made[tile.level], ranks, access, storage[tile.level], where)


def _steps(loops: Loops, access: Access, first: int, last: int) -> list[_Step]:
    """Loops of the tensor at levels first .. last, innermost first; those of one iteration too, where they are told."""
    extents = dict(loops.tops[first - 1]) if first else dict.fromkeys(loops.ranks, 1)
    found = []
    for level in range(first, last + 1):
        for loop in loops.complete[level] if loops.complete else loops.levels[level]:
            extents[loop.rank] *= loop.bound
            if loop.rank in access.ranks:
                found.append(_Step(loop.rank, loop.bound, box(access, extents)))
    return found


def _scaled(steps: list[_Step], loops: Loops, access: Access, first: int) -> list[_Step]:
    """The same loops with what lies inside them: the first loop of a rank takes the rank's extent below; ranks that only
    have loops below come first, in the order of these.
    """
    if not first:
        return steps
    extents = dict(loops.tops[first - 1])
    told = {step.rank for step in steps}
    inside = dict.fromkeys(loop.rank for level in loops.levels[:first] for loop in level)
    tile = box(access, extents)
    found = [_Step(r, extents[r], tile) for r in inside if r in access.ranks and r not in told]
    for step in steps:
        found.append(_Step(step.rank, step.bound * extents[step.rank], step.tile))
        extents[step.rank] = 1
    return found


def _given(
    steps: list[_Step], ranks: tuple[RankFormat, ...], inner: int, inner_first: bool, where: str, spare: Box
) -> list[tuple[list[_Step], Box]]:
    """Loops of every rank from `inner` on (innermost first), with the tile of the rank's outermost loop; `spare` of a rank
    that gets none.
    """
    if not ranks:
        return [(steps, steps[-1].tile)] if steps else [([], ())]
    wanted = ranks[inner:]
    groups = _grouped(steps, wanted) if inner_first else _grouped(steps[::-1], wanted[::-1])
    if groups is None:
        left = [s.rank for s in steps]
        raise InfeasibleError(
            f"{where}: {len(ranks)} rank(s) for the loops {', '.join(reversed(left))}; "
            "more compression ranks needed, or a rank that flattens several"
        )
    if not inner_first:
        groups = [group[::-1] for group in groups[::-1]]
    return [(group, group[-1].tile if group else spare) for group in groups]


def _grouped(steps: list[_Step], ranks: tuple[RankFormat, ...]) -> list[list[_Step]] | None:
    """Loops per rank, both in the order they are given; None when loops are left."""
    groups: list[list[_Step]] = []
    left = list(steps)
    for rank in ranks:
        group: list[_Step] = []
        if left and rank.flattened:
            rule = next((r for r in rank.flattened if left[0].rank in r), None)
            while rule and left and left[0].rank in rule:
                group.append(left.pop(0))
        elif left:
            group.append(left.pop(0))
        groups.append(group)
    return None if left else groups


def _ranks(
    made: list[tuple[list[_Step], Box]],
    ranks: tuple[RankFormat, ...],
    access: Access,
    storage: Storage,
    where: str,
) -> tuple[Rank, ...]:
    """Ranks with their fibers and the tiles below, innermost first."""
    if len(made) < len(ranks):
        made = [*made, *[([], ())] * (len(ranks) - len(made))]
    if len(made) > len(ranks):
        raise InputError(
            f"{where}: {len(ranks)} rank(s), and the memory inside has {len(made)}; "
            "a memory repeats the ranks of the one it sends to"
        )
    below: Box = (1,) * len(access.axes)
    found = []
    for (group, tile), told in zip(made, ranks, strict=True):
        fiber = _fiber(group, access)
        metadata, payload = entry_bits(told, storage, where)
        found.append(Rank(told.format, told.compressed, metadata, payload, fiber, below))
        below = tile or below
    return tuple(found)


def _fiber(group: list[_Step], access: Access) -> int:
    """Coordinates of a fiber: elements of the tensor its loops alone would reach."""
    extents: dict[str, int] = dict.fromkeys(access.ranks, 1)
    for step in group:
        extents[step.rank] *= step.bound
    return volume(box(access, extents))


def entry_bits(rank: RankFormat, storage: Storage, where: str) -> tuple[int, int]:
    """Bits of a metadata and of a payload entry: as told, rounded up to a divisor of the storage's width.

    Raises
    ------
    InputError
        An entry wider than the metadata storage.
    """
    word = int(
        dict(storage.attributes).get("metadata_datawidth")
        or dict(storage.attributes).get("metadata_word_bits")
        or 0
    )
    metadata = rank.metadata_bits
    if metadata is None:
        metadata = 1 if rank.format == "B" else word
    payload = word if rank.payload_bits is None else rank.payload_bits
    return _divisor(metadata, storage, where), _divisor(payload, storage, where)


def _divisor(bits: int, storage: Storage, where: str) -> int:
    width = storage.metadata_bits
    if bits == 0 or width == 0:
        return bits
    if bits > width:
        raise InputError(f"{where}: entries of {bits} bits do not fit a metadata storage {width} bits wide")
    return next((b for b in range(bits, min(2 * bits, width + 1)) if width % b == 0), min(2 * bits, width))


def expect(tile: Tile, parent: Tile | None, mode: Mode) -> None:
    """Expected non-zeros and format entries of a tile that is sent; instances that get one.

    Tiles that are empty are not sent where the parent's format shows them; what is expected is then told of the others. The
    first occupancy of a tile that may be empty is taken for 0, as the public releases do, even where it is not.

    Parameters
    ----------
    tile : Tile
    parent : Tile or None
    mode : Mode
    """
    if not tile.kept:
        return
    found = tile.density.distribution(tile.traffic.sizes)
    occupancy, probability = found.occupancy, found.probability.copy()
    if parent is not None and parent.has_metadata and tile.density.least(tile.traffic.sizes) == 0:
        filled = 1.0 - probability[0]
        tile.instances *= filled
        probability = probability / filled if filled else probability
        probability[0] = 0.0
    tile.expected = float(probability @ occupancy)
    tile.expected_density = tile.expected / tile.traffic.size
    if tile.has_metadata:
        per_rank = entries(tile, occupancy, mode)
        tile.units = [
            RankUnits(float(probability @ metadata), float(probability @ payload))
            for metadata, payload in per_rank
        ]


def entries(tile: Tile, occupancy: Ints, mode: Mode) -> list[tuple[Floats, Floats]]:
    """Metadata and payload entries of every rank, innermost first, for tiles that hold `occupancy` non-zeros.

    Parameters
    ----------
    tile : Tile
    occupancy : ndarray of int64, shape (n,)
    mode : Mode

    Returns
    -------
    list of (ndarray, ndarray), each of shape (n,)
    """
    whole = tile.traffic.sizes
    nothing = np.zeros(len(occupancy))
    found: list[tuple[Floats, Floats]] = []
    fibers, around = 1, whole
    for i in reversed(range(len(tile.ranks))):
        rank = tile.ranks[i]
        trivial = rank.fiber == 1 and i != (0 if tile.inner_first else len(tile.ranks) - 1)
        if trivial:
            found.insert(0, (nothing, nothing))
        else:
            found.insert(0, _entries(tile, rank, fibers, around, occupancy, mode))
        fibers *= rank.fiber
        around = rank.below
    return _without_data(found)


def _without_data(found: list[tuple[Floats, Floats]]) -> list[tuple[Floats, Floats]]:
    """Payloads of the innermost rank that has entries are the data itself, decided for each occupancy."""
    left = np.ones(len(found[0][0]), dtype=bool)
    kept = []
    for metadata, payload in found:
        here = left & ((metadata > 0) | (payload > 0))
        kept.append((metadata, np.where(here, 0.0, payload)))
        left &= ~here
    return kept


def _entries(
    tile: Tile, rank: Rank, fibers: int, around: Box, occupancy: Ints, mode: Mode
) -> tuple[Floats, Floats]:
    """Entries of one rank; `around` is the tile of one of its fibers."""
    whole = tile.traffic.sizes
    stored = fibers * (1.0 - tile.density.empty_given(around, whole, occupancy))
    filled = rank.fiber * (1.0 - tile.density.empty_given(rank.below, whole, occupancy))
    nothing = np.zeros(len(occupancy))
    points = stored * filled if mode.counts_empty_twice else fibers * filled
    up = stored * np.ceil(filled - EPSILON * filled)
    if rank.format == "U":
        return nothing, nothing
    if rank.format == "UOP":
        return nothing, stored * (rank.fiber + 1)
    if rank.format == "CP":
        listed = up if mode.rounds_fibers else points
        return listed, listed
    if rank.format == "RLE":
        return points, points
    if rank.format == "B":
        return stored * rank.fiber, up if mode.rounds_bitmasks else points
    everything = np.full(len(occupancy), float(fibers * rank.fiber))
    return everything, everything


def accesses(units: RankUnits, words: float, size: int) -> RankUnits:
    """Entries accessed along with `words` of a tile of `size` words, rounded up."""
    ratio = words / size
    return RankUnits(_ceil(units.metadata * ratio), _ceil(units.payload * ratio))


def _ceil(x: float) -> int:
    """Rounded up, but for what summing probabilities adds."""
    return math.ceil(x * (1 - EPSILON))
