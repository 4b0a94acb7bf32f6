"""A design point on actual tensors, told point by point with sets, straight from docs/design_points.md. Slow and obvious.

It calls nothing of the lowering or the analytical models. Steps and instances are tuples of loop digits; a tile is a box, a
tuple of ranges, or None when it is empty; states are by child instance and step.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from simulator.mapping.design_point import DesignPoint

Point = tuple[int, ...]
THERE, GATED, SKIPPED = "there", "gated", "skipped"
ACTUAL = "actual"
ORDER = {ACTUAL: 0, GATED: 1, SKIPPED: 2}


@dataclass
class Told:
    """What the oracle says.

    Attributes
    ----------
    counts : Counter
        By (level, tensor, access, state): words; metadata accesses are called ``metadata_...``.
    bits : Counter
        By (level, ``read`` or ``write``): bits moved in time, gated ones too.
    computes : Counter
        By state.
    slots : int
        Computed, gated and bubbles.
    outputs : ndarray of int64
    """

    counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    bits: Counter[tuple[str, str]] = field(default_factory=Counter)
    computes: Counter[str] = field(default_factory=Counter)
    slots: int = 0
    outputs: Any = None


@dataclass(frozen=True)
class Loop:
    level: int
    rank: str
    bound: int
    stride: int
    spatial: bool


class Oracle:
    """One design point on one set of tensors."""

    def __init__(self, point: DesignPoint, tensors: dict[str, Any], mask: Any = None) -> None:
        self.point, self.product = point, point.product
        self.sizes = dict(point.product.ranks)
        self.depth = len(point.nest.levels)
        self.loops = self._loops()
        self.output = self.product.output.name
        self.values = {name: np.asarray(array) for name, array in tensors.items()}
        self.told = Told(outputs=np.zeros(self.product.output.shape, dtype=np.int64))
        self.nonzero = {
            name: {tuple(map(int, x)) for x in np.argwhere(a != 0)} for name, a in self.values.items()
        }
        self.nonzero[self.output] = (
            self._effectual() if mask is None else {tuple(map(int, x)) for x in np.argwhere(mask)}
        )

    def _loops(self) -> list[Loop]:
        inside, found = dict.fromkeys(self.sizes, 1), []
        for level, loop in reversed(list(self.point.nest.loops())):
            found.append(Loop(level, loop.rank, loop.bound, inside[loop.rank], loop.axis != ""))
            inside[loop.rank] *= loop.bound
        return [loop for loop in reversed(found) if loop.bound > 1]

    def _effectual(self) -> set[Point]:
        found = set()
        for values in itertools.product(*(range(n) for n in self.sizes.values())):
            at = dict(zip(self.sizes, values, strict=True))
            if all(self.at(t, at) in self.nonzero[t.name] for t in self.product.operands):
                found.add(self.at(self.product.output, at))
        return found

    def at(self, tensor: Any, coordinates: dict[str, int]) -> Point:
        """The point of a tensor that an iteration touches."""
        return tuple(sum(c * coordinates[rank] for rank, c in axis.terms) for axis in tensor.axes)

    # --- nest

    def digits(self, level: int, spatial: bool) -> list[tuple[int, ...]]:
        """Steps, or instances, of a level: digits of the loops outside it."""
        bounds = [loop.bound for loop in self.loops if loop.level < level and loop.spatial == spatial]
        return list(itertools.product(*(range(bound) for bound in bounds)))

    def base(self, level: int, step: tuple[int, ...], instance: tuple[int, ...]) -> dict[str, int]:
        """First coordinate of every rank."""
        found, steps, instances = dict.fromkeys(self.sizes, 0), iter(step), iter(instance)
        for loop in self.loops:
            if loop.level < level:
                found[loop.rank] += loop.stride * next(instances if loop.spatial else steps)
        return found

    def box(
        self, tensor: Any, level: int, step: tuple[int, ...], instance: tuple[int, ...]
    ) -> tuple[range, ...] | None:
        """Rules 1 and 1a."""
        base, interval = self.base(level, step, instance), {}
        for rank, size in self.sizes.items():
            extent = math.prod(loop.bound for loop in self.loops if loop.level >= level and loop.rank == rank)
            interval[rank] = range(base[rank], min(base[rank] + extent, size))
            if not interval[rank]:
                return None
        ends = [
            (
                sum(c * interval[rank][0] for rank, c in axis.terms),
                sum(c * interval[rank][-1] for rank, c in axis.terms),
            )
            for axis in tensor.axes
        ]
        return tuple(range(first, last + 1) for first, last in ends)

    def outer(self, digits: tuple[int, ...], level: int, spatial: bool) -> tuple[int, ...]:
        """Digits of the loops outside an outer level."""
        return digits[: sum(loop.level < level and loop.spatial == spatial for loop in self.loops)]

    # --- records

    def format(self, tensor: str, level: int) -> Any:
        return self.point.features.at(self.point.nest.levels[level].level).representation(tensor)

    def count(
        self, level: int, tensor: str, access: str, state: str, points: set[Point], compute: bool = False
    ) -> None:
        """One set of points moved together."""
        if not points:
            return
        storage = self.point.hierarchy.storage[level]
        told = self.format(tensor, level)
        stored = points & self.nonzero[tensor] if told is not None and told.compressed else points
        bits = metadata_bits(self, level, tensor, points, compute) if told is not None else 0
        self.told.counts[storage.name, tensor, access, state] += len(stored)
        word = storage.metadata_bits or storage.word_bits
        self.told.counts[storage.name, tensor, f"metadata_{access}", state] += -(-bits // word)
        if state != SKIPPED:
            side = "read" if access in ("reads", "drains") else "write"
            self.told.bits[storage.name, side] += len(stored) * storage.word_bits + bits

    # --- rules

    def rules(self, follower: str, parent: int, child: int) -> list[tuple[int, str, tuple[str, ...]]]:
        """Rules on what goes from parent to child, as (level, state, leaders), outermost first."""
        found = []
        for level in range(parent, child):
            for rule in self.point.features.at(self.point.nest.levels[level].level).rules:
                if rule.kind == "position-skipping":
                    if any(option.follower == follower for option in rule.options):
                        found.append((level, SKIPPED, (follower,)))
                    continue
                option = (
                    max(rule.options, key=lambda o, level=level: self.removed(level, o))
                    if len(rule.options) > 1
                    else rule.options[0]
                )
                if option.follower == follower and self.edge(follower, level) == (parent, child):
                    found.append((level, GATED if rule.kind == "gating" else SKIPPED, option.leaders))
        return found

    def edge(self, tensor: str, level: int) -> tuple[int, int]:
        """The transfer that a rule at a level decides about."""
        kept = self.point.kept(tensor)
        return max(k for k in kept if k <= level), min((k for k in kept if k > level), default=self.depth)

    def removed(self, level: int, option: Any) -> int:
        """Rule 10a."""
        _, child = self.edge(option.follower, level)
        if child == self.depth:
            return sum(
                any(self.at(self.product.tensor(x), at) not in self.nonzero[x] for x in option.leaders)
                for _, _, at in self.computes()
            )
        total = 0
        for instance in self.digits(child, True):
            before: set[Point] = set()
            for run in self.runs(self.product.tensor(option.follower), child, instance, None):
                points = cells(run[0][1])
                if self.empty(run, child, instance, option.leaders):
                    total += len(points - before)
                before = points
        return total

    def runs(
        self, tensor: Any, child: int, instance: tuple[int, ...], above: Any
    ) -> list[list[tuple[Any, Any]]]:
        """Runs of consecutive steps with equal tiles under a parent that is there, or is not, throughout."""
        found: list[list[tuple[Any, Any]]] = []
        last: Any = None
        for step in self.digits(child, False):
            box = self.box(tensor, child, step, instance)
            there = above is None or above(step, instance) == THERE
            if not found or last != (box, there):
                found.append([])
            found[-1].append((step, box))
            last = (box, there)
        return found

    def empty(
        self, run: list[tuple[Any, Any]], child: int, instance: tuple[int, ...], leaders: tuple[str, ...]
    ) -> bool:
        """Whether none of a leader's tiles over a run has a non-zero."""
        for name in leaders:
            boxes = [self.box(self.product.tensor(name), child, step, instance) for step, _ in run]
            if not any(cells(box) & self.nonzero[name] for box in boxes):
                return True
        return False

    # --- operands

    def operand(self, tensor: Any) -> Any:
        """All transfers of an operand between memories; returns the states at its innermost memory."""
        kept, above = self.point.kept(tensor.name), None
        for parent, child in itertools.pairwise(kept):
            above = self._edge(tensor, parent, child, above)
        return above

    def _edge(self, tensor: Any, parent: int, child: int, above: Any) -> Any:
        states: dict[tuple[Any, Any], str] = {}
        sends: dict[tuple[Any, Any], list[tuple[set[Point], str]]] = defaultdict(list)
        rules = self.rules(tensor.name, parent, child)
        for instance in self.digits(child, True):
            held: set[Point] = set()
            lookup = (
                None
                if above is None
                else lambda s, i: above[self.outer(s, parent, False), self.outer(i, parent, True)]
            )
            for run in self.runs(tensor, child, instance, lookup):
                first, box = run[0]
                state = THERE if lookup is None else lookup(first, instance)
                points = cells(box)
                if state == THERE:
                    read, state = self.verdict(
                        rules,
                        parent,
                        lambda leaders, run=run, own=instance: self.empty(run, child, own, leaders),
                    )
                    new = points - held
                    sends[first, self.outer(instance, parent, True)].append((new, read))
                    if state == THERE:
                        self.count(child, tensor.name, "fills", ACTUAL, new)
                for step, _ in run:
                    states[step, instance] = state
                held = points if state == THERE else set()
        alone = tensor.name in self.point.nest.levels[parent].no_multicast
        for sent in sends.values():
            self.shared(parent, tensor.name, "reads", sent, alone, False)
        return states

    def verdict(self, rules: Any, parent: int, empty: Any) -> tuple[str, str]:
        """How the parent's read goes, and what becomes of what it sends."""
        met = {(level == parent, state) for level, state, leaders in rules if empty(leaders)}
        read = SKIPPED if (True, SKIPPED) in met else GATED if (True, GATED) in met else ACTUAL
        if any(state == SKIPPED for _, state in met):
            return read, SKIPPED
        return read, GATED if met else THERE

    def shared(
        self,
        level: int,
        tensor: str,
        access: str,
        sent: list[tuple[set[Point], str]],
        alone: bool,
        compute: bool,
    ) -> None:
        """Rule 4a: a point is moved once, in the best of the states it is moved in."""
        if alone:
            for points, state in sent:
                self.count(level, tensor, access, state, points, compute)
            return
        best: dict[Point, str] = {}
        for points, state in sent:
            for point in points:
                best[point] = min(best.get(point, state), state, key=ORDER.__getitem__)
        for state in ORDER:
            self.count(level, tensor, access, state, {p for p, s in best.items() if s == state}, compute)

    # --- everything in the order of steps

    def computes(self) -> Iterator[tuple[Any, Any, dict[str, int]]]:
        """Steps, instances and coordinates of all products."""
        for step in self.digits(self.depth, False):
            for instance in self.digits(self.depth, True):
                at = self.base(self.depth, step, instance)
                if all(at[rank] < size for rank, size in self.sizes.items()):
                    yield step, instance, at

    def run(self) -> Told:
        """Everything."""
        states = {t.name: self.operand(t) for t in self.product.operands}
        sums = Partial(self)
        for step, group in itertools.groupby(self.computes_with_gaps(), key=lambda each: each[0]):
            sums.advance(step)
            self._step(step, [(instance, at) for _, instance, at in group if at is not None], states, sums)
        sums.advance(None)
        self._packed()
        return self.told

    def computes_with_gaps(self) -> Iterator[tuple[Any, Any, Any]]:
        """As :meth:`computes`, with a product of None in every step, that none may be missed."""
        for step in self.digits(self.depth, False):
            yield step, None, None
            for instance in self.digits(self.depth, True):
                at = self.base(self.depth, step, instance)
                if all(at[rank] < size for rank, size in self.sizes.items()):
                    yield step, instance, at

    def _step(self, step: Any, products: Any, states: Any, sums: Partial) -> None:
        reads: dict[tuple[str, Any], list[tuple[set[Point], str]]] = defaultdict(list)
        updates: dict[Any, list[tuple[Point, str]]] = defaultdict(list)
        for instance, at in products:
            worst, absent, zeros = THERE, 0, 0
            for tensor in self.product.operands:
                inner = self.point.kept(tensor.name)[-1]
                owner = self.outer(instance, inner, True)
                point = self.at(tensor, at)
                state = THERE
                if states[tensor.name] is not None:
                    state = states[tensor.name][self.outer(step, inner, False), owner]
                if state == THERE:
                    rules = self.rules(tensor.name, inner, self.depth)
                    read, state = self.verdict(rules, inner, lambda leaders, at=at: self._zero(leaders, at))
                    reads[tensor.name, owner].append(({point}, read))
                if state == SKIPPED or (state == GATED and worst == THERE):
                    worst = state
                if point not in self.nonzero[tensor.name]:
                    zeros += 1
                    told = self.format(tensor.name, inner)
                    absent += told is not None and told.compressed
            done = self._become(worst, zeros, absent)
            if done is not None and worst != SKIPPED:
                self.told.computes[done] += 1
            if done in (ACTUAL, GATED) and not self._packs():
                self.told.slots += 1
            if done == ACTUAL:
                inner = self.point.kept(self.output)[-1]
                _, state = self.verdict(
                    self.rules(self.output, inner, self.depth),
                    inner,
                    lambda leaders, at=at: self._zero(leaders, at),
                )
                updates[self.outer(instance, inner, True)].append(
                    (self.at(self.product.output, at), ACTUAL if state == THERE else state)
                )
                if state == THERE:
                    value = math.prod(int(self.values[t.name][self.at(t, at)]) for t in self.product.operands)
                    self.told.outputs[self.at(self.product.output, at)] += value
        for (name, _), sent in reads.items():
            inner = self.point.kept(name)[-1]
            self.shared(inner, name, "reads", sent, name in self.point.nest.levels[inner].no_multicast, True)
        sums.update(updates)

    def _zero(self, leaders: tuple[str, ...], at: dict[str, int]) -> bool:
        return any(self.at(self.product.tensor(name), at) not in self.nonzero[name] for name in leaders)

    def _become(self, worst: str, zeros: int, absent: int) -> str | None:
        """Rules 11 and 12."""
        if worst != THERE:
            return worst
        if not zeros:
            return ACTUAL
        if absent == len(self.product.operands):
            return None
        if absent and "skipping" in self.point.features.compute:
            return SKIPPED
        return GATED if "gating" in self.point.features.compute else ACTUAL

    # --- packing

    def _packs(self) -> bool:
        return bool(self._spatial()) or self._positions() is not None

    def _spatial(self) -> list[tuple[int, str, tuple[str, ...]]]:
        found = []
        for level, nest in enumerate(self.point.nest.levels):
            for rule in self.point.features.at(nest.level).rules:
                if rule.kind == "spatial-skipping":
                    option = max(rule.options, key=lambda o, level=level: self.removed(level, o))
                    if option.follower != self.output:
                        shared = self.product.tensor(option.follower).ranks & {
                            r for leader in option.leaders for r in self.product.tensor(leader).ranks
                        }
                        if any(x.level == level and x.spatial and x.rank in shared for x in self.loops):
                            found.append((level, option.follower, option.leaders))
        return found

    def _positions(self) -> tuple[int, list[str]] | None:
        for level, nest in enumerate(self.point.nest.levels):
            rules = [r for r in self.point.features.at(nest.level).rules if r.kind == "position-skipping"]
            names = [option.follower for rule in rules for option in rule.options]
            if names:
                return level, list(dict.fromkeys(names))
        return None

    def _packed(self) -> None:
        """Rule 13a."""
        if self._spatial():
            self._spatially(self._spatial())
        elif self._positions() is not None:
            self._by_position(*self._positions())  # type: ignore[misc]

    def _spatially(self, rules: list[tuple[int, str, tuple[str, ...]]]) -> None:
        level = rules[0][0]
        shared = set()
        for _, follower, leaders in rules:
            shared |= self.product.tensor(follower).ranks & {
                r for x in leaders for r in self.product.tensor(x).ranks
            }
        spatial = [x for x in self.loops if x.spatial]
        packed = [x.level == level and x.rank in shared for x in spatial]
        here = self.point.hierarchy.storage[level]
        inside = [*self.point.hierarchy.storage[1:], self.point.hierarchy.compute][level]
        fanout = beside = 1
        told = self.point.nest.levels[level].spatial
        for axis, children in (("X", inside.mesh_x // here.mesh_x), ("Y", inside.mesh_y // here.mesh_y)):
            if any(loop.axis == axis and loop.rank in shared for loop in told):
                fanout *= max(1, children)
                beside *= math.prod(x.bound for x in told if x.axis == axis and x.rank not in shared)
        lanes = max(
            1, min(fanout // beside, math.prod(x.bound for x, p in zip(spatial, packed, strict=True) if p))
        )
        held: Counter[Any] = Counter()
        names = tuple({x for _, _, leaders in rules for x in leaders})
        for step, instance, at in self.computes():
            if not self._zero(names, at):
                held[step, tuple(d for d, p in zip(instance, packed, strict=True) if not p)] += 1
        self.told.slots = sum(-(-n // lanes) * lanes for n in held.values())

    def _by_position(self, level: int, names: list[str]) -> None:
        for step in self.digits(level, False):
            for instance in self.digits(level, True):
                boxes = {name: self.box(self.product.tensor(name), level, step, instance) for name in names}
                if any(box is None for box in boxes.values()):
                    continue
                slots = 1
                for name, box in boxes.items():
                    own = self.product.tensor(name).ranks
                    lanes = math.prod(
                        x.bound for x in self.loops if x.level >= level and x.spatial and x.rank in own
                    )
                    slots *= -(-len(cells(box) & self.nonzero[name]) // lanes) * lanes
                base = self.base(level, step, instance)
                for rank, size in self.sizes.items():
                    if not any(rank in self.product.tensor(name).ranks for name in names):
                        extent = math.prod(x.bound for x in self.loops if x.level >= level and x.rank == rank)
                        slots *= min(base[rank] + extent, size) - base[rank]
                self.told.slots += slots

    # --- totals

    def cycles(self) -> int:
        """Rule 14, for points without packing: the largest of compute and every memory, rounded up once."""
        used = lambda level: math.prod(x.bound for x in self.loops if x.spatial and x.level < level)  # noqa: E731
        most = Fraction(self.told.slots, used(self.depth))
        for level, storage in enumerate(self.point.hierarchy.storage):
            moved = {
                side: Fraction(self.told.bits[storage.name, side], storage.word_bits)
                for side in ("read", "write")
            }
            for words, rate in (
                (moved["read"], storage.read_bandwidth),
                (moved["write"], storage.write_bandwidth),
                (sum(moved.values()), storage.shared_bandwidth),
            ):
                if rate is not None:
                    most = max(most, words / (rate * used(level)))
        return math.ceil(most)


class Partial:
    """Partial sums in every memory that keeps the output: which points each instance holds."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.kept = oracle, oracle.point.kept(oracle.output)
        self.tensor = oracle.product.output
        self.boxes = {k: dict.fromkeys(oracle.digits(k, True)) for k in self.kept}
        self.holds: dict[int, dict[Any, set[Point]]] = {
            k: {i: set() for i in oracle.digits(k, True)} for k in self.kept
        }

    def advance(self, step: Any) -> None:
        """Go to a step of compute, or to the end (None): drains from inside out, then what comes back from outside in."""
        oracle, next_boxes, moving = self.oracle, {}, list[tuple[int, int]]()
        for parent, child in itertools.pairwise(self.kept):
            outer = None if step is None else oracle.outer(step, child, False)
            own = [x for x in oracle.loops if not x.spatial]
            inside = [d for d, x in zip(step or (), own, strict=False) if x.level >= child]
            if step is not None and any(inside):
                continue
            moving.append((parent, child))
            next_boxes[child] = {
                i: None if step is None else oracle.box(self.tensor, child, outer, i)
                for i in self.boxes[child]
            }
        for parent, child in reversed(moving):
            sent: dict[Any, list[tuple[set[Point], str]]] = defaultdict(list)
            for i, box in self.boxes[child].items():
                leaving = cells(box) - cells(next_boxes[child][i])
                oracle.count(child, oracle.output, "drains", ACTUAL, leaving)
                sent[oracle.outer(i, parent, True)].append((leaving, ACTUAL))
                self.holds[parent][oracle.outer(i, parent, True)] |= leaving
                self.holds[child][i] -= leaving
            self._share(parent, "updates", sent)
        for parent, child in moving:
            sent = defaultdict(list)
            for i, box in next_boxes[child].items():
                owner = oracle.outer(i, parent, True)
                back = (cells(box) - cells(self.boxes[child][i])) & self.holds[parent][owner]
                oracle.count(child, oracle.output, "fills", ACTUAL, back)
                sent[owner].append((back, ACTUAL))
                self.holds[child][i] |= back
                self.boxes[child][i] = box
            self._share(parent, "reads", sent)

    def _share(self, parent: int, access: str, sent: Any) -> None:
        alone = self.oracle.output in self.oracle.point.nest.levels[parent].no_multicast
        for each in sent.values():
            self.oracle.shared(parent, self.oracle.output, access, each, alone, False)

    def update(self, updates: dict[Any, list[tuple[Point, str]]]) -> None:
        """Products of a step arrive at the innermost memory."""
        oracle, inner = self.oracle, self.kept[-1]
        alone = oracle.output in oracle.point.nest.levels[inner].no_multicast
        for owner, sent in updates.items():
            holds, sets = self.holds[inner][owner], list[tuple[set[Point], str]]()
            if alone:
                sets = [({point}, state) for point, state in sent]
            else:
                best: dict[Point, str] = {}
                for point, state in sent:
                    best[point] = min(best.get(point, state), state, key=ORDER.__getitem__)
                sets = [({p for p, s in best.items() if s == state}, state) for state in ORDER]
            for points, state in sets:
                oracle.count(inner, oracle.output, "updates", state, points, True)
                oracle.count(inner, oracle.output, "reads", state, points & holds, True)
                if state == ACTUAL:
                    holds |= points


def cells(box: tuple[range, ...] | None) -> set[Point]:
    """Points of a box."""
    return set() if box is None else set(itertools.product(*box))


# --- formats


def coordinates(oracle: Oracle, level: int, tensor: Any) -> list[tuple[Any, set[str]]]:
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


def metadata_bits(oracle: Oracle, level: int, tensor: str, points: set[Point], compute: bool) -> int:
    """Rules 8, 8b and 8c: bits of metadata of a set of points."""
    told, storage = oracle.format(tensor, level), oracle.point.hierarchy.storage[level]
    ranks = served(told, coordinates(oracle, level, oracle.product.tensor(tensor)))
    total = 0
    counting = [i for i, rank in enumerate(ranks) if rank]
    prefix = lambda point, i: tuple(f(point) for rank in ranks[:i] for f in rank)  # noqa: E731
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


def design_point(point: DesignPoint, tensors: dict[str, Any], mask: Any = None) -> Told:
    """Counts, computes, slots and outputs of a design point; see the module."""
    return Oracle(point, tensors, mask).run()
