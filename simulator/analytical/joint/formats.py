"""What a set of points costs in a representation format: words of data, bits of metadata.

The coordinates of a point are those of ``docs/design_points.md`` 8a; the number of its first coordinates, up to those of format
rank r, in mixed radix is its *prefix* of r, and prefix of r divided by the positions of r is the fiber it lies in. With P the
points of the set, N its non-zeros and q the last compressed rank outside r, over the prefixes whose part up to q is of N::

    UOP  prefixes + fibers        CP  prefixes of N        B  prefixes        UB  prefixes of P
    RLE  prefixes of N + sum over gaps g between them, within a fiber of positions of P, of floor(g / 2^bits)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.space import Space
from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import RankFormat, Representation
from simulator.jit import kernel
from simulator.workload.product import Access

Ints = NDArray[np.int64]
UOP, CP, B, UB, RLE = 1, 2, 3, 4, 5
_KINDS = {"UOP": UOP, "CP": CP, "B": B, "UB": UB, "RLE": RLE}


class Formats(NamedTuple):
    """Formats of a tensor at all levels of a path; rows are format ranks that count, outermost first.

    Attributes
    ----------
    compressed : ndarray of int64, shape (levels,)
    word : ndarray of int64, shape (levels,)
        Bits of a metadata word.
    first : ndarray of int64, shape (levels + 1,)
        First row of a level.
    kind, bits, outside, positions, last : ndarray of int64, shape (rows,)
        Of entries; `outside` is the row of the last compressed rank outside, -1 without; `last` is 1 for the innermost rank that
        has a coordinate.
    prefix : ndarray of int32, shape (rows, elements)
    seen, filled, fiber : ndarray of int64, shape (rows, most prefixes)
        Scratch: the set that a prefix was last seen in.
    sets : ndarray of int64, shape (1,)
        Scratch: sets so far.
    """

    compressed: Ints
    word: Ints
    first: Ints
    kind: Ints
    bits: Ints
    outside: Ints
    positions: Ints
    last: Ints
    prefix: NDArray[np.int32]
    seen: Ints
    filled: Ints
    fiber: Ints
    sets: Ints


@dataclass(frozen=True)
class _Coordinate:
    """One coordinate of a point: (its coordinate along `axis` // stride) mod positions."""

    axis: int
    stride: int
    positions: int
    ranks: frozenset[str]


@dataclass(frozen=True)
class _Row:
    kind: int
    bits: int
    outside: int
    positions: int
    last: bool
    prefix: NDArray[np.int32]


def formats(space: Space, access: Access, path: tuple[int, ...]) -> Formats:
    """Formats of a tensor at the memories that keep it."""
    rows: list[_Row] = []
    first, compressed, word = [0], [], []
    for level in path:
        memory = space.point.hierarchy.storage[level]
        told = space.point.features.at(memory.name).representation(access.name)
        compressed.append(int(told is not None and told.compressed))
        word.append(memory.metadata_bits or memory.word_bits)
        rows += [] if told is None else _rows(space, access, level, told, memory, len(rows))
        first.append(len(rows))
    most = max((int(row.prefix.max()) + 1 for row in rows), default=1)

    def column(name: str) -> Ints:
        return np.array([getattr(row, name) for row in rows], np.int64)

    def scratch() -> Ints:
        return np.zeros((max(1, len(rows)), most), np.int64)

    return Formats(
        np.array(compressed, np.int64),
        np.array(word, np.int64),
        np.array(first, np.int64),
        column("kind"),
        column("bits"),
        column("outside"),
        column("positions"),
        column("last"),
        np.array([row.prefix for row in rows], np.int32).reshape(len(rows), access.size if rows else 1),
        scratch(),
        scratch(),
        scratch(),
        np.zeros(1, np.int64),
    )


def _rows(
    space: Space, access: Access, level: int, told: Representation, memory: Storage, first: int
) -> list[_Row]:
    given = _given(told, _coordinates(space, access, level))
    shape = access.shape or (1,)
    place = np.unravel_index(np.arange(math.prod(shape)), shape)
    prefix = np.zeros(math.prod(shape), np.int64)
    rows: list[_Row] = []
    outside = -1
    innermost = max((at for at, coordinates in enumerate(given) if coordinates), default=-1)
    for at, rank in enumerate(told.ranks):
        positions = 1
        for c in given[at]:
            prefix = prefix * c.positions + (place[c.axis] // c.stride) % c.positions
            positions *= c.positions
        if rank.format != "U" and given[at]:
            kind, bits = _KINDS[rank.format], _bits(rank, memory)
            rows.append(_Row(kind, bits, outside, positions, at == innermost, prefix.astype(np.int32)))
            outside = first + len(rows) - 1 if rank.compressed else outside
    return rows


def _bits(rank: RankFormat, memory: Storage) -> int:
    told = rank.payload_bits if rank.format == "UOP" else rank.metadata_bits
    if told is not None:
        return told
    return 1 if rank.format in ("B", "UB") else memory.metadata_bits


def _coordinates(space: Space, access: Access, level: int) -> list[_Coordinate]:
    found: list[_Coordinate] = []
    inside = [k for k in space.loops if k.level >= level]
    whole: set[int] = set()
    for k in inside:
        rank = space.ranks[k.rank]
        for a, axis in enumerate(access.axes):
            if axis.coefficient(rank) == 0 or a in whole:
                continue
            if axis.terms == ((rank, 1),):
                found.append(_Coordinate(a, k.stride, k.bound, frozenset([rank])))
            else:
                whole.add(a)
                ranks = {space.ranks[x.rank] for x in inside} & {name for name, _ in axis.terms}
                found.append(_Coordinate(a, 1, axis.size, frozenset(ranks)))
    return found


def _given(told: Representation, coordinates: list[_Coordinate]) -> list[list[_Coordinate]]:
    """Coordinates of every rank, both outermost first."""
    order = range(len(told.ranks))
    left = list(coordinates)
    if told.inner_first:
        order, left = range(len(told.ranks) - 1, -1, -1), left[::-1]
    given: list[list[_Coordinate]] = [[] for _ in told.ranks]
    last = order[-1] if len(order) else 0
    for at in order:
        flattened = told.ranks[at].flattened
        if flattened is None:
            given[at], left = left[:1], left[1:]
        else:
            names = {name for group in flattened for name in group}
            while left and left[0].ranks <= names:
                given[at].append(left.pop(0))
        last = at if given[at] else last
    if any(given):
        last = next(at for at in reversed(order) if given[at])
    given[last] += left
    return [each[::-1] for each in given] if told.inner_first else given


def single_bits(f: Formats, level: int) -> tuple[int, int]:
    """Bits of metadata of a single point to or from compute: of a zero, of a non-zero."""
    first, end = int(f.first[level]), int(f.first[level + 1])
    return single(False, f, first, end, True), single(True, f, first, end, True)


def pointwise(f: Formats, level: int) -> bool:
    """Whether a set to or from compute has the metadata of its points, each on its own."""
    rows = [r for r in range(int(f.first[level]), int(f.first[level + 1])) if f.last[r]]
    return all(
        f.kind[r] in (CP, UB)
        or (f.kind[r] == B and f.outside[r] < 0)
        or (f.kind[r] == RLE and (f.bits[r] >= 31 or f.positions[r] <= 1 << f.bits[r]))
        for r in rows
    )


@kernel
def measure(
    points: Ints, many: int, mask: NDArray[np.uint8], f: Formats, level: int, compute: bool, out: Ints
) -> None:
    """Add what moving a set of points takes at a level of the path.

    Parameters
    ----------
    points : ndarray of int64
        Elements, the first `many` count; each once.
    compute : bool
        To or from compute: only the innermost rank with a coordinate counts.
    out : ndarray of int64, shape (3,)
        Words of data, bits and words of metadata are added.
    """
    if many == 0:
        return
    if f.compressed[level]:
        for k in range(many):
            out[0] += mask[points[k]]
    else:
        out[0] += many
    first, end = f.first[level], f.first[level + 1]
    if first == end:
        return
    bits = (
        single(mask[points[0]] != 0, f, first, end, compute)
        if many == 1
        else whole(points, many, mask, f, first, end, compute)
    )
    out[1] += bits
    out[2] += -(-bits // f.word[level])


@kernel
def single(filled: bool, f: Formats, first: int, end: int, compute: bool) -> int:
    """Bits of metadata of a set of one point."""
    bits = 0
    for r in range(first, end):
        if compute and not f.last[r]:
            continue
        stored = f.outside[r] < 0 or filled
        kind = f.kind[r]
        if kind == UOP:
            bits += 2 * f.bits[r] if stored else 0
        elif kind in (CP, RLE):
            bits += f.bits[r] if filled else 0
        elif kind == UB or stored:
            bits += f.bits[r]
    return bits


@kernel
def whole(
    points: Ints, many: int, mask: NDArray[np.uint8], f: Formats, first: int, end: int, compute: bool
) -> int:
    """Bits of metadata of a set of points."""
    f.sets[0] += 1
    here = f.sets[0]
    for k in range(many):
        if mask[points[k]]:
            for r in range(first, end):
                f.filled[r, f.prefix[r, points[k]]] = here
    bits = 0
    for r in range(first, end):
        if compute and not f.last[r]:
            continue
        kind, q = f.kind[r], f.outside[r]
        prefixes, fibers, filled = 0, 0, 0
        for k in range(many):
            p = points[k]
            if kind != UB and q >= 0 and f.filled[q, f.prefix[q, p]] != here:
                continue
            x = f.prefix[r, p]
            if f.seen[r, x] == here:
                continue
            f.seen[r, x] = here
            prefixes += 1
            if f.filled[r, x] == here:
                filled += 1
            y = x // f.positions[r]
            if f.fiber[r, y] != here:
                f.fiber[r, y] = here
                fibers += 1
        if kind == UOP:
            bits += (prefixes + fibers) * f.bits[r]
        elif kind == CP:
            bits += filled * f.bits[r]
        elif kind == RLE:
            bits += (filled + gaps(points, many, f, r, here, prefixes)) * f.bits[r]
        else:
            bits += prefixes * f.bits[r]
    return bits


@kernel
def gaps(points: Ints, many: int, f: Formats, r: int, here: int, prefixes: int) -> int:
    """Entries for zeros that no run spans: floor(g / 2^bits) per gap of g before a non-empty position of a fiber."""
    if f.bits[r] >= 31 or f.positions[r] <= 1 << f.bits[r]:
        return 0
    order = np.empty(many, np.int64)
    for k in range(many):
        order[k] = f.prefix[r, points[k]]
    order.sort()
    extra, gap, fiber, before = 0, 0, -1, -1
    for x in order:
        if x == before or f.seen[r, x] != here:
            continue
        before = int(x)
        if x // f.positions[r] != fiber:
            fiber, gap = int(x) // int(f.positions[r]), 0
        if f.filled[r, x] == here:
            extra += gap >> f.bits[r]
            gap = 0
        else:
            gap += 1
    return extra
