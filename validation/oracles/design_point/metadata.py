"""Bits of metadata of a set of points: rules 8, 8a to 8c."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from validation.oracles.design_point.told import Point

if TYPE_CHECKING:
    from validation.oracles.design_point.transfers import Transfers


def coordinates(oracle: Transfers, level: int, tensor: Any) -> list[tuple[Any, set[str]]]:
    """Rule 8a: functions from a point to a coordinate, with the ranks of its loops, in the order of the loops."""
    found: list[tuple[Any, set[str]]] = []
    inside, whole = [x for x in oracle.loops if x.level >= level], set[int]()
    for loop in inside:
        for a, axis in enumerate(tensor.axes):
            ranks = {rank for rank, _ in axis.terms}
            if loop.rank not in ranks:
                continue
            if axis.terms == ((loop.rank, 1),):
                found.append((lambda p, a=a, x=loop: p[a] // x.stride % x.bound, {loop.rank}))
            elif a not in whole:
                whole.add(a)
                found.append((lambda p, a=a: p[a], {x.rank for x in inside} & ranks))
    return found


def served(told: Any, line: list[tuple[Any, set[str]]]) -> list[list[Any]]:
    """Coordinates of every rank of a format, outermost first."""
    ranks: list[list[Any]] = [[] for _ in told.ranks]
    order = range(len(told.ranks) - 1, -1, -1) if told.inner_first else range(len(told.ranks))
    line, last = (line[::-1] if told.inner_first else line[:]), order[-1]
    for i in order:
        names = told.ranks[i].flattened
        while line and (
            not ranks[i] if names is None else line[0][1] <= {x for group in names for x in group}
        ):
            ranks[i].append(line.pop(0)[0])
            last = i
    ranks[last] += [each[0] for each in line]
    return [rank[::-1] if told.inner_first else rank for rank in ranks]


def metadata_bits(oracle: Transfers, level: int, tensor: str, points: set[Point], compute: bool) -> int:
    """Rules 8, 8b and 8c: bits of metadata of a set of points."""
    told, storage = oracle.format(tensor, level), oracle.point.hierarchy.storage[level]
    ranks = served(told, coordinates(oracle, level, oracle.product.tensor(tensor)))
    total = 0
    counting = [i for i, rank in enumerate(ranks) if rank]

    def prefix(point: Point, i: int) -> tuple[int, ...]:
        return tuple(f(point) for rank in ranks[:i] for f in rank)

    for i in counting[-1:] if compute else counting:
        rank = told.ranks[i]
        compressed = [j for j in range(i) if told.ranks[j].compressed and ranks[j]]
        full = (
            {prefix(p, compressed[-1] + 1) for p in points & oracle.nonzero[tensor]} if compressed else None
        )
        stored = {p for p in points if full is None or prefix(p, compressed[-1] + 1) in full}
        filled = points & oracle.nonzero[tensor]
        if rank.format == "U":
            continue
        if rank.format == "UOP":
            entries = len({prefix(p, i + 1) for p in stored}) + len({prefix(p, i) for p in stored})
        elif rank.format == "B":
            entries = len({prefix(p, i + 1) for p in stored})
        elif rank.format == "UB":
            entries = len({prefix(p, i + 1) for p in points})
        else:
            entries = len({prefix(p, i + 1) for p in filled})
        bits = rank.payload_bits if rank.format == "UOP" else rank.metadata_bits
        bits = (1 if rank.format in ("B", "UB") else storage.metadata_bits) if bits is None else bits
        if rank.format == "RLE":
            fibers = defaultdict(set)
            for p in points:
                fibers[prefix(p, i)].add(prefix(p, i + 1))
            ends = {prefix(p, i + 1) for p in filled}
            for fiber in fibers.values():
                gap = 0
                for each in sorted(fiber):
                    entries, gap = (entries + gap // 2**bits, 0) if each in ends else (entries, gap + 1)
        total += entries * bits
    return total
