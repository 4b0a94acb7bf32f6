"""What moves between a tile and its child's, by extrapolating from the first and second iterations of every loop.

Timeloop walks iterations 0 and 1 of every loop (and the last, where some loop is imperfect) and lets iteration 1 stand
for all others. A tile sends down what its child's tile has and had not one visit before; the difference of two boxes is used
only when they differ along one axis, and only while the tile keeps moving by the same vector, else the whole tile is
sent again. Instances are told apart by their offset: equal boxes share one access (multicast, or a spatial
reduction), a box that a neighbour held one visit ago may come from there (link transfer).

    accesses(multicast m) = sum over visits of  |delta| x visits it stands for x groups of m equal boxes

Source: Parashar et al., Timeloop, ISPASS 2019, section V.B; the rules of extrapolation and reset are those of the
public release of July 2022 (loop-analysis).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.analytical.sparseloop.loops import Box, Extents, Loops, box, volume
from simulator.mapping.nest import Loop
from simulator.workload.product import Access

Point = tuple[int, ...]


@dataclass(frozen=True)
class Fanout:
    """How a level reaches its children.

    Attributes
    ----------
    x, y : int
        Physical children along X and Y.
    multicast, links, reuse : bool
        Whether equal boxes share an access, neighbours pass boxes on, a tile keeps what it holds.
    """

    x: int = 1
    y: int = 1
    multicast: bool = True
    links: bool = True
    reuse: bool = True


@dataclass
class Signature:
    """Accesses of one level on behalf of its child, per instance.

    Attributes
    ----------
    accesses : dict of int to float
        By how many children share one.
    links : float
        Words that came from a neighbour instead, summed over the children.
    """

    accesses: dict[int, float] = field(default_factory=dict)
    links: float = 0.0

    @property
    def total(self) -> float:
        """Accesses at the level."""
        return float(sum(self.accesses.values()))

    @property
    def delivered(self) -> float:
        """Words the children receive."""
        return float(sum(m * n for m, n in self.accesses.items()))

    def add(self, groups: dict[int, int], words: float) -> None:
        """Count `words` per group of equal boxes."""
        for multicast, number in groups.items():
            self.accesses[multicast] = self.accesses.get(multicast, 0.0) + number * words


@dataclass(frozen=True)
class _Visit:
    """One visit of a child: where its tile starts, how large it is, how many visits it stands for."""

    start: Point
    sizes: Box
    weight: int
    bounds: tuple[int, ...]


def signature(loops: Loops, access: Access, level: int, fanout: Fanout) -> Signature:
    """Accesses of a level on behalf of the level inside it (of compute, for level 0).

    Parameters
    ----------
    loops : Loops
    access : Access
    level : int
        Counted from the innermost.
    fanout : Fanout
        Of the level; `reuse` of the child.
    """
    walk = _Walk(loops, access, level)
    if level == 0 and not walk.spatial:
        return Signature({1: float(walk.steps())})
    instances = _Instances(access, walk.spatial, fanout)
    if level > 0 and fanout.reuse and loops.perfect and all(len(axis.terms) < 2 for axis in access.axes):
        return _disjoint(walk, instances)
    found, held = Signature(), _Held(fanout.reuse and level > 0)
    for visit in walk.visits():
        start, sizes = held.delta(visit)
        words = volume(sizes)
        if fanout.links and len(instances.keys(visit.bounds)) > 1:
            groups, senders = instances.linked(visit.bounds, start, sizes)
        else:
            groups, senders = instances.groups(visit.bounds), 0
        if words:
            found.add(groups, words * visit.weight)
            found.links += senders * words * visit.weight
    return found


def _disjoint(walk: _Walk, instances: _Instances) -> Signature:
    """The same where tiles of a tensor never overlap: a tile is sent whenever a loop that moves it, or one outside, steps."""
    outer = [(loop, move) for loop, move in map(walk.loop, walk.outer) if not loop.axis]
    while outer and not any(outer[-1][1]):
        outer.pop()
    weight = _product(loop.bound for loop, _ in outer)
    found = Signature()
    bounds = tuple(loop.bound for loop, _ in walk.spatial)
    found.add(instances.groups(bounds), weight * volume(box(walk.access, walk.tile)))
    return found


class _Walk:
    """The visits of a child: temporal loops of its parent and further out, extrapolated."""

    def __init__(self, loops: Loops, access: Access, level: int) -> None:
        self.loops, self.access, self.level = loops, access, level
        here = loops.levels[level]
        self.spatial = tuple(
            (loop, _move(access, loop.rank, loops.below(level, i)))
            for i, loop in enumerate(here)
            if loop.axis
        )[::-1]
        self.outer = [
            (i, j)
            for i in range(len(loops.levels) - 1, level - 1, -1)
            for j in reversed(range(len(loops.levels[i])))
        ]
        self._perfect = loops.perfect
        self.tile = loops.tops[level - 1] if level else dict.fromkeys(loops.ranks, 1)
        self._residual = self.tile if self._perfect else _residual(loops, level)

    def visits(self) -> Iterator[_Visit]:
        """Visits in order."""
        ends = dict.fromkeys(self.loops.ranks, True)
        outer = [self.loop(key) for key in self.outer]
        if self._perfect:
            outer = _merged([(loop, move) for loop, move in outer if not loop.axis])
        yield from self._descend(outer, 0, (0,) * len(self.access.axes), 1, ends, None)

    def steps(self) -> int:
        """Visits there are."""
        if self._perfect:
            loops = (self.loops.levels[i][j] for i, j in self.outer)
            return _product(loop.bound for loop in loops if not loop.axis)
        return sum(visit.weight for visit in self.visits())

    def loop(self, key: tuple[int, int]) -> tuple[Loop, Point]:
        """A loop and how far it moves the tile."""
        i, j = key
        loop = self.loops.levels[i][j]
        return loop, _move(self.access, loop.rank, self.loops.below(i, j))

    def _descend(
        self,
        outer: list[tuple[Loop, Point]],
        depth: int,
        start: Point,
        weight: int,
        ends: dict[str, bool],
        bounds: tuple[int, ...] | None,
    ) -> Iterator[_Visit]:
        if bounds is None and depth >= len(outer) - (0 if self._perfect else len(self.spatial)):
            bounds = self._bounds(ends)
        if depth == len(outer):
            tile = {r: self._residual[r] if ends[r] else n for r, n in self.tile.items()}
            assert bounds is not None
            yield _Visit(start, box(self.access, self.tile if self._perfect else tile), weight, bounds)
            return
        loop, move = outer[depth]
        if loop.axis:
            last = {**ends, loop.rank: ends[loop.rank] and loop.last == 1}
            yield from self._descend(outer, depth + 1, start, weight, last, bounds)
            return
        count = loop.last if ends[loop.rank] else loop.bound
        for index, stands in self._iterations(count, depth == len(outer) - 1):
            here = tuple(s + index * m for s, m in zip(start, move, strict=True))
            last = {**ends, loop.rank: ends[loop.rank] and index + 1 >= loop.last}
            yield from self._descend(outer, depth + 1, here, weight * stands, last, bounds)

    def _iterations(self, count: int, innermost: bool) -> list[tuple[int, int]]:
        """Iterations walked and how many each stands for; the last only where some loop is imperfect."""
        if count == 1:
            return [(0, 1)]
        if self._perfect:
            return [(0, 1), (1, count - 1)]
        if count == 2:
            return [(0, 1), (1, 1)]
        if innermost and not self.spatial:
            return [(0, 1), (1, count - 1)]
        return [(0, 1), (1, count - 2), (count - 1, 1)]

    def _bounds(self, ends: dict[str, bool]) -> tuple[int, ...]:
        """Instances along every spatial loop of the level in this visit."""
        if self._perfect:
            return tuple(loop.bound for loop, _ in self.spatial)
        last, found = dict(ends), []
        for loop, _ in self.spatial:
            found.append(loop.last if last[loop.rank] else loop.bound)
            last[loop.rank] = last[loop.rank] and loop.last == 1
        return tuple(found)


def _move(access: Access, rank: str, below: Extents) -> Point:
    """How far a tile of a tensor moves in one iteration of a loop."""
    return tuple(axis.coefficient(rank) * below[rank] for axis in access.axes)


def _merged(outer: list[tuple[Loop, Point]]) -> list[tuple[Loop, Point]]:
    """Neighbouring loops that do not move the tile are one loop."""
    found: list[tuple[Loop, Point]] = []
    for loop, move in outer:
        if found and not any(move) and not any(found[-1][1]):
            bound = found[-1][0].bound * loop.bound
            found[-1] = (Loop(loop.rank, bound, bound), move)
        else:
            found.append((loop, move))
    return found


def _residual(loops: Loops, level: int) -> Extents:
    """Extents of the last tile of every rank."""
    extents, scale = dict.fromkeys(loops.ranks, 1), dict.fromkeys(loops.ranks, 1)
    for i in range(level):
        for loop in loops.levels[i]:
            extents[loop.rank] += scale[loop.rank] * (loop.last - 1)
            scale[loop.rank] *= loop.bound
    return extents


class _Held:
    """What the child held at its last visit, and how its tile moved."""

    def __init__(self, reuse: bool) -> None:
        self.reuse = reuse
        self.last: tuple[Point, Box] | None = None
        self.moved: Point | None = None

    def delta(self, visit: _Visit) -> tuple[Point, Box]:
        """The box to send for a visit."""
        now = (visit.start, visit.sizes)
        if not self.reuse:
            return now
        before, self.last = self.last, now
        if before is None:
            return now
        moved = tuple(b - a for a, b in zip(before[0], now[0], strict=True))
        if self.moved is not None and moved != self.moved:
            self.moved = None
            return now
        self.moved = moved
        return _difference(now, before)


def _difference(now: tuple[Point, Box], before: tuple[Point, Box]) -> tuple[Point, Box]:
    """`now` without `before`, where they differ along one axis; else all of `now`."""
    if now == before:
        return now[0], (0,) * len(now[1])
    spans = [(a, a + n, b, b + m) for a, n, b, m in zip(now[0], now[1], before[0], before[1], strict=True)]
    differing = [i for i, (a, c, b, d) in enumerate(spans) if (a, c) != (b, d)]
    if len(differing) > 1 or any(d <= a or b >= c for a, c, b, d in spans):
        return now
    i = differing[0]
    a, c, b, d = spans[i]
    if b <= a:
        low, high = (d, c) if d <= c else (a, a)
    else:
        low, high = (a, b) if d >= c else (a, c)
    if low >= high:
        return now[0], (0,) * len(now[1])
    return (*now[0][:i], low, *now[0][i + 1 :]), (*now[1][:i], high - low, *now[1][i + 1 :])


class _Instances:
    """Children of one instance of a level: offsets of their tiles, who has equal ones, who neighbours whom."""

    def __init__(self, access: Access, spatial: tuple[tuple[Loop, Point], ...], fanout: Fanout) -> None:
        self.spatial, self.fanout = spatial, fanout
        self.origin = (0,) * len(access.axes)
        self._offsets: dict[tuple[int, ...], dict[int, Point]] = {}
        self._groups: dict[tuple[tuple[int, ...], Point | None], tuple[dict[int, int], int]] = {}
        self._receivers: dict[tuple[int, ...], dict[Point, frozenset[int]]] = {}
        self._last: tuple[Point, Box, tuple[int, ...]] | None = None
        self.width = max(fanout.x, _product(loop.bound for loop, _ in spatial if loop.axis == "X"))
        self.height = max(fanout.y, _product(loop.bound for loop, _ in spatial if loop.axis == "Y"))

    def keys(self, bounds: tuple[int, ...]) -> dict[int, Point]:
        """Offset of every child by its linear index (outer loops count more)."""
        if bounds not in self._offsets:
            found = {0: self.origin}
            for (_, move), bound in zip(self.spatial, bounds, strict=True):
                found = {
                    key * bound + i: tuple(o + i * m for o, m in zip(offset, move, strict=True))
                    for key, offset in found.items()
                    for i in range(bound)
                }
            self._offsets[bounds] = found
        return self._offsets[bounds]

    def groups(self, bounds: tuple[int, ...], shift: Point | None = None) -> dict[int, int]:
        """How many groups of m equal boxes there are, by m; without those that neighbours at `shift` serve."""
        return self._counted(bounds, shift)[0]

    def _counted(self, bounds: tuple[int, ...], shift: Point | None) -> tuple[dict[int, int], int]:
        key = (bounds, shift)
        if key not in self._groups:
            served = self._served(bounds, shift) if shift is not None else frozenset()
            offsets = [o for k, o in self.keys(bounds).items() if k not in served]
            if self.fanout.multicast:
                counted = dict(Counter(Counter(offsets).values()))
            else:
                counted = {1: len(offsets)} if offsets else {}
            self._groups[key] = (counted, len(served))
        return self._groups[key]

    def linked(self, bounds: tuple[int, ...], start: Point, sizes: Box) -> tuple[dict[int, int], int]:
        """Groups with link transfers where these lower the accesses, and how many children they serve."""
        before, self._last = self._last, (start, sizes, bounds)
        without = self._counted(bounds, None)
        if before is None or before[1] != sizes or before[2] != bounds or not volume(sizes):
            return without
        shift = tuple(a - b for a, b in zip(start, before[0], strict=True))
        linked = self._counted(bounds, shift)
        return linked if sum(linked[0].values()) < sum(without[0].values()) else without

    def _served(self, bounds: tuple[int, ...], shift: Point) -> frozenset[int]:
        """Children whose box a neighbour held one visit ago."""
        if bounds not in self._receivers:
            self._receivers[bounds] = self._pairs(bounds)
        return self._receivers[bounds].get(shift, frozenset())

    def _pairs(self, bounds: tuple[int, ...]) -> dict[Point, frozenset[int]]:
        keys = self.keys(bounds)
        found: dict[Point, set[int]] = {}
        for key, offset in keys.items():
            row, column = divmod(key, self.width)
            neighbours = []
            if row > 0:
                neighbours.append(key - self.width)
            if row + 1 < self.height:
                neighbours.append(key + self.width)
            if column > 0:
                neighbours.append(key - 1)
            if column + 1 < self.width:
                neighbours.append(key + 1)
            for other in neighbours:
                if other in keys:
                    shift = tuple(b - a for a, b in zip(offset, keys[other], strict=True))
                    found.setdefault(shift, set()).add(key)
        return {shift: frozenset(members) for shift, members in found.items()}


def _product(values: Iterator[int]) -> int:
    found = 1
    for value in values:
        found *= value
    return found
