"""Formats of sets of points: how many words and bits a transfer moves.

A point has a key at a level: the coordinates of its format's ranks in mixed radix, outermost first, so that the prefix up to
rank r is ``key // div_r``. Of a set, sorted by key, with q the last compressed rank outside r (none: the whole set is one)::

    UOP   distinct prefixes of r + distinct prefixes outside r,   of groups of q that have a non-zero
    B     distinct prefixes of r,                                 of groups of q that have a non-zero
    UB    distinct prefixes of r
    CP    distinct prefixes of r that have a non-zero
    RLE   as CP + floor(zeros / 2^bits) for the zeros before each within its fiber

See docs/design_points.md, rules 7, 8 and 8a to 8c.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import RankFormat, Representation
from simulator.jit import kernel
from simulator.lowering.nest.walk import Integers, Placed, Space
from simulator.workload.product import Access

UOP, CP, B, UB, RLE = 1, 2, 3, 4, 5
_KINDS = {"U": 0, "UOP": UOP, "CP": CP, "B": B, "UB": UB, "RLE": RLE}


class Format(NamedTuple):
    """A tensor's format at a level, for kernels.

    Attributes
    ----------
    compressed : int
        1 when zeros are not stored.
    word : int
        Bits of a metadata word.
    kinds, widths, divs, outers, groups : ndarray of int64, shape (ranks that count,)
        Kind and bits of an entry; what a key is divided by for the prefix up to the rank, that outside it, and that of the
        last compressed rank outside it (0: none).
    keys : ndarray of int64, shape (size,) or (0,)
        By point of the tensor; none where no rank counts.
    """

    compressed: int
    word: int
    kinds: Integers
    widths: Integers
    divs: Integers
    outers: Integers
    groups: Integers
    keys: Integers


def format_at(space: Space, tensor: Access, level: int, compute: bool) -> Format:
    """Format of a tensor at a level for transfers between memories or, with `compute`, to and from compute."""
    point = space.point
    storage = point.hierarchy.storage[level]
    told = point.features.at(storage.name).representation(tensor.name)
    if told is None:
        return _nothing(0, storage)
    served = _served(told, _coordinates(space, tensor, level))
    bounds = [math.prod(c.bound for c in rank) for rank in served]
    divs = [math.prod(bounds[i + 1 :]) for i in range(len(bounds))]
    outers = [math.prod(bounds), *divs[:-1]]
    counted = [i for i, rank in enumerate(told.ranks) if served[i] and (rank.format != "U" or compute)]
    counted = [i for i in (counted[-1:] if compute else counted) if told.ranks[i].format != "U"]
    if not counted:
        return _nothing(int(told.compressed), storage)
    groups = []
    for i in counted:
        before = [divs[j] for j in range(i) if told.ranks[j].compressed and served[j]]
        groups.append(before[-1] if before else 0)
    columns = [
        [_KINDS[told.ranks[i].format] for i in counted],
        [_width(told.ranks[i], storage) for i in counted],
        [divs[i] for i in counted],
        [outers[i] for i in counted],
        groups,
    ]
    kinds, widths, div, outer, group = (np.array(column, dtype=np.int64) for column in columns)
    keys = _keys(tensor, [c for rank in served for c in rank])
    return Format(int(told.compressed), _word(storage), kinds, widths, div, outer, group, keys)


def _nothing(compressed: int, storage: Storage) -> Format:
    none = np.zeros(0, dtype=np.int64)
    return Format(compressed, _word(storage), none, none, none, none, none, none)


def _word(storage: Storage) -> int:
    return storage.metadata_bits or storage.word_bits


def _width(rank: RankFormat, storage: Storage) -> int:
    told = rank.payload_bits if rank.format == "UOP" else rank.metadata_bits
    if told is not None:
        return told
    return 1 if rank.format in ("B", "UB") else storage.metadata_bits


class _Coordinate(NamedTuple):
    """A digit of a point: (x_axis // stride) mod bound; and the ranks its loops are of."""

    axis: int
    stride: int
    bound: int
    ranks: frozenset[str]


def _coordinates(space: Space, tensor: Access, level: int) -> list[_Coordinate]:
    """Rule 8a: coordinates of a tensor at a level, in the order of the loops."""
    found, compound = list[_Coordinate](), set[int]()
    inside = [p for p in space.loops if p.level >= level]
    for placed in inside:
        for a, axis in enumerate(tensor.axes):
            if all(rank != placed.loop.rank for rank, _ in axis.terms):
                continue
            if len(axis.terms) == 1 and axis.terms[0][1] == 1:
                found.append(_Coordinate(a, placed.stride, placed.loop.bound, frozenset({placed.loop.rank})))
            elif a not in compound:
                compound.add(a)
                found.append(_Coordinate(a, 1, axis.size, _ranks(inside, {rank for rank, _ in axis.terms})))
    return found


def _ranks(loops: list[Placed], of: set[str]) -> frozenset[str]:
    return frozenset(p.loop.rank for p in loops if p.loop.rank in of)


def _served(told: Representation, coordinates: list[_Coordinate]) -> list[list[_Coordinate]]:
    """Coordinates of every rank of a format, outermost first."""
    turn = -1 if told.inner_first else 1
    line, served = coordinates[::turn], [list[_Coordinate]() for _ in told.ranks]
    order = list(range(len(told.ranks)))[::turn]
    last = order[-1] if order else 0
    for i in order:
        flattened = told.ranks[i].flattened
        if flattened is None:
            taken = 1 if line else 0
        else:
            names = {name for group in flattened for name in group}
            taken = next((n for n, c in enumerate(line) if not c.ranks <= names), len(line))
        served[i], line = line[:taken], line[taken:]
        last = i if taken else last
    if line and told.ranks:
        served[last].extend(line)
    return [rank[::turn] for rank in served]


def _keys(tensor: Access, digits: list[_Coordinate]) -> Integers:
    """The key of every point of a tensor."""
    shape = tensor.shape or (1,)
    key = np.zeros(shape, dtype=np.int64)
    for digit in digits:
        x = np.arange(shape[digit.axis], dtype=np.int64) // digit.stride % digit.bound
        key = key * digit.bound + x.reshape([-1 if a == digit.axis else 1 for a in range(len(shape))])
    return key.ravel()


@kernel
def measure(form: Any, points: Any, count: Any, nonzero: Any, keys: Any, found: Any) -> None:
    """Data words, metadata bits and metadata words of a set of points.

    Parameters
    ----------
    form : Format
    points : ndarray of int64
        The first `count` are the set, each once.
    nonzero : ndarray of uint8, shape (size,)
    keys : ndarray of int64
        Scratch of at least `count`.
    found : ndarray of int64, shape (3,)
        Filled.
    """
    words = count
    if form.compressed:
        words = 0
        for i in range(count):
            words += nonzero[points[i]]
    found[0] = words
    found[1] = 0
    found[2] = 0
    if len(form.kinds) == 0 or count == 0:
        return
    rising = True
    for i in range(count):
        keys[i] = 2 * form.keys[points[i]] + nonzero[points[i]]
        rising = rising and (i == 0 or keys[i] >= keys[i - 1])
    if not rising:
        keys[:count] = np.sort(keys[:count])
    bits = 0
    for r in range(len(form.kinds)):
        bits += form.widths[r] * _entries(form, r, keys, count)
    found[1] = bits
    found[2] = -(-bits // form.word)


@kernel
def _entries(form: Any, r: Any, keys: Any, count: Any) -> int:
    """Entries of rank r of a set sorted by key."""
    kind, div, outer, group = form.kinds[r], form.divs[r], form.outers[r], form.groups[r]
    if kind == UB:
        group = 0
    total, pending, gap = 0, 0, 0
    full = group == 0
    at = 0
    last_fiber, last_group = np.int64(-1), np.int64(-1)
    while at < count:
        prefix = (keys[at] >> 1) // div
        fiber = (keys[at] >> 1) // outer
        holds = False
        stop = at
        while stop < count and (keys[stop] >> 1) // div == prefix:
            holds = holds or (keys[stop] & 1) == 1
            stop += 1
        if kind in (CP, RLE):
            if fiber != last_fiber:
                gap = 0
            if holds:
                total += 1
                if kind == RLE:
                    total += gap >> min(form.widths[r], 62)
                gap = 0
            else:
                gap += 1
        else:
            if group > 0 and (keys[at] >> 1) // group != last_group:
                last_group = (keys[at] >> 1) // group
                if full:
                    total += pending
                pending = 0
                full = False
            full = full or holds
            pending += 1
            if kind == UOP and fiber != last_fiber:
                pending += 1
        last_fiber = fiber
        at = stop
    if full:
        total += pending
    return total
