"""All counts of a design point on masks: the transfers of every tensor along its path, and what becomes of every multiplication."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint import computes, transfers
from simulator.analytical.joint.computes import Choices, Elements, Path
from simulator.analytical.joint.formats import Formats, formats
from simulator.analytical.joint.packing import Packing, packing, position_slots
from simulator.analytical.joint.rules import Removal, removals
from simulator.analytical.joint.space import Space, Tiles, linear, space, tensor
from simulator.errors import InfeasibleError, InputError
from simulator.mapping.design_point import DesignPoint
from simulator.workload.product import Access

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Masks = Mapping[str, NDArray[np.bool_]]
ACCESSES = ("reads", "fills", "updates", "drains")
STATES_LIMIT = 1 << 31


@dataclass
class Moved:
    """One kind of access to one tensor at one level: (words of data, bits, words of metadata)."""

    actual: tuple[int, int, int] = (0, 0, 0)
    gated: tuple[int, int, int] = (0, 0, 0)
    skipped: tuple[int, int, int] = (0, 0, 0)

    def add(self, *parts: Ints) -> None:
        """Add actual, gated and skipped, each of shape (3,), or the first of them."""
        for name, part in zip(("actual", "gated", "skipped"), parts, strict=False):
            old = getattr(self, name)
            setattr(self, name, tuple(int(a) + int(b) for a, b in zip(old, part, strict=True)))

    @property
    def timed(self) -> tuple[int, int]:
        """Words of data and bits of metadata that take time: all but the skipped."""
        return self.actual[0] + self.gated[0], self.actual[1] + self.gated[1]


@dataclass
class Count:
    """What a design point does.

    Attributes
    ----------
    computed, gated, skipped : int
        Multiplications; `skipped` those of compute.
    time : Fraction or int
        Slots of multipliers: computed + gated + bubbles.
    used : tuple of int
        Instances in use of every memory, then of compute.
    moved : tuple of dict of str to dict of str to Moved
        Per memory, tensor and access.
    """

    computed: int
    gated: int
    skipped: int
    time: int
    used: tuple[int, ...]
    moved: tuple[dict[str, dict[str, Moved]], ...] = field(default_factory=tuple)


def count(point: DesignPoint, masks: Masks) -> Count:
    """Count on masks of all tensors, the output's included."""
    return _Counting(point, masks).result()


class _Counting:
    """The parts of a count, each made once."""

    def __init__(self, point: DesignPoint, masks: Masks) -> None:
        for access in point.product.tensors:
            if 0 not in point.kept(access.name):
                raise InputError(
                    f"{point.name}: {point.hierarchy.storage[0].name}, the outermost memory, must keep {access.name!r}"
                )
        self.point, self.masks = point, masks
        self.space: Space = space(point)
        self.accesses = point.product.tensors
        self.index = {access.name: t for t, access in enumerate(self.accesses)}
        self.tensors = {a.name: tensor(self.space, a, masks[a.name]) for a in self.accesses}
        self.formats: dict[str, Formats] = {
            a.name: formats(self.space, a, point.kept(a.name), False) for a in self.accesses
        }
        self.memories = len(point.hierarchy.storage)
        self.tiles = [self.space.tiles(level) for level in range(self.memories + 1)]
        self.rules = removals(point, self.saved)
        self.packing: Packing | None = packing(self.space, self.rules)
        self.states: dict[tuple[str, int], Bytes] = {}

    @cached_property
    def elements(self) -> Elements:
        """Which elements multiplications use."""
        parts = [linear(self.space, access) for access in self.accesses]
        sizes = [self.tensors[access.name].mask.shape[0] for access in self.accesses]
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        outer, inner, inst = (np.array([part[k] for part in parts], np.int64) for k in range(3))
        mask = np.concatenate([self.tensors[access.name].mask for access in self.accesses])
        return Elements(outer + first[:-1, None], inner, inst, first, mask)

    def saved(self, removal: Removal) -> int:
        """Points of dense transfers that one removal takes away on its own."""
        if removal.child == self.memories:
            leaders = np.array([self.index[name] for name in removal.leaders], np.int64)
            return int(computes.would_remove(self.space.bases, self.elements, leaders, self.space.imperfect))
        state = self._runs(removal.follower, removal.child, (removal,), _EMPTY, self.tiles[0])
        moved = self.tensors[removal.follower]
        return int(
            transfers.removed(
                self.space.bases,
                self.tiles[removal.child],
                moved,
                state,
                self.room(removal.follower, removal.child),
            )
        )

    def room(self, name: str, level: int) -> int:
        """Most points of a tensor's tile at a level."""
        spans = self.spans(name, self.tiles[level])
        return min(math.prod(spans), int(self.tensors[name].mask.shape[0]))

    def spans(self, name: str, tiles: Tiles) -> list[int]:
        """Most coordinates of a tensor's tile along every axis."""
        terms = self.tensors[name].terms
        extent = np.minimum(tiles.extent, self.space.bases.size)
        return [int(1 + terms[a] @ (extent - 1)) for a in range(terms.shape[0])]

    def _runs(self, name: str, level: int, rules: tuple[Removal, ...], parent: Bytes, above: Tiles) -> Bytes:
        tiles = self.tiles[level]
        leaders = [(r, leader) for r, rule in enumerate(rules) for leader in rule.leaders]
        if tiles.steps * tiles.instances * max(1, len(leaders)) > STATES_LIMIT:
            raise InfeasibleError(
                f"{self.point.name}: {tiles.steps * tiles.instances} tiles of {name!r} under rules; at most "
                f"{STATES_LIMIT} can be told apart"
            )
        full = np.zeros((len(leaders), tiles.steps, tiles.instances), np.uint8)
        for x, (_, leader) in enumerate(leaders):
            full[x] = transfers.occupied(self.space.bases, tiles, self.tensors[leader])
        return transfers.runs(
            self.space.bases,
            tiles,
            self.tensors[name],
            full,
            np.array([r for r, _ in leaders], np.int64),
            np.array([rule.kind for rule in rules], np.int64),
            np.array([rule.passing for rule in rules], np.int64),
            parent,
            above,
        )

    def result(self) -> Count:
        """Everything."""
        moved = tuple(
            {
                a.name: {access: Moved() for access in ACCESSES}
                for a in self.accesses
                if level in self.point.kept(a.name)
            }
            for level in range(self.memories)
        )
        for access in self.point.product.operands:
            self._operand(access, moved)
        fates, slots = self._computes(moved)
        computed, gated, skipped, _ = (int(x) for x in fates)
        time = computed + gated if self.packing is None else slots
        return Count(computed, gated, skipped, time, self._used(), moved)

    def _used(self) -> tuple[int, ...]:
        used = []
        for level in range(self.memories + 1):
            many = self.space.many(True, 0, level)
            if self.packing is not None and level > self.packing.level:
                many = many // self.packing.bound * self.packing.lanes
            used.append(many)
        return tuple(used)

    def _shared(self, level: int, name: str) -> bool:
        return name not in self.point.nest.levels[level].no_multicast

    def _operand(self, access: Access, moved: tuple[dict[str, dict[str, Moved]], ...]) -> None:
        """Transfers between memories, outermost first, then to compute."""
        name, path = access.name, self.point.kept(access.name)
        state = _EMPTY
        for at, (parent, child) in enumerate(pairwise(path)):
            rules = tuple(r for r in self.rules if r.follower == name and r.child == child)
            if rules or state.size:
                state = self._runs(name, child, rules, state, self.tiles[parent])
            found = transfers.operand(
                self.space.bases,
                self.tiles[child],
                self.tensors[name],
                state,
                self.tiles[child].instances // self.tiles[parent].instances,
                self._shared(parent, name),
                self.formats[name],
                at,
                self.room(name, child),
            )
            moved[parent][name]["reads"].add(*found[:3])
            moved[child][name]["fills"].add(found[3])
        self.states[name, path[-1]] = state
        found = computes.reads(
            self.space.bases,
            self.elements,
            self.choices,
            self.index[name],
            self.space.imperfect,
            self.tiles[self.memories].instances // self.tiles[path[-1]].instances,
            self._shared(path[-1], name),
            self.formats[name],
            len(path) - 1,
        )
        moved[path[-1]][name]["reads"].add(*found)

    @property
    def choices(self) -> Choices:
        """Rules about single multiplications, with the states found so far."""
        rules = [
            [r for r in self.rules if r.follower == a.name and r.child == self.memories]
            for a in self.accesses
        ]
        flat = [rule for of in rules for rule in of]
        leaders = [[self.index[name] for name in rule.leaders] for rule in flat]
        innermost = [self.tiles[self.point.kept(a.name)[-1]] for a in self.accesses]
        states = [self.states.get((a.name, self.point.kept(a.name)[-1]), _EMPTY) for a in self.accesses]
        at = np.concatenate([[0], np.cumsum([state.size for state in states])])[:-1]
        return Choices(
            _ints(np.concatenate([[0], np.cumsum([len(of) for of in rules])])),
            _ints([rule.kind for rule in flat]),
            _ints([rule.passing for rule in flat]),
            _ints(np.concatenate([[0], np.cumsum([len(each) for each in leaders])])),
            _ints([x for each in leaders for x in each]),
            np.concatenate([state.reshape(-1) for state in states]),
            _ints([a if state.size else -1 for a, state in zip(at, states, strict=True)]),
            _ints([tiles.step for tiles in innermost]),
            _ints([tiles.instance for tiles in innermost]),
            _ints([tiles.instances for tiles in innermost]),
            _ints([1 - self.formats[a.name].compressed[-1] for a in self.accesses]),
            int("gating" in self.point.features.compute),
            int("skipping" in self.point.features.compute),
        )

    def _computes(self, moved: tuple[dict[str, dict[str, Moved]], ...]) -> tuple[Ints, int]:
        output = self.point.product.output.name
        path = self.point.kept(output)
        packed = self.packing
        spatial = packed is not None and bool(packed.leaders)
        fates, between, updated, slots = computes.computes(
            self.space.bases,
            self.elements,
            self.choices,
            self.space.imperfect,
            self.tensors[output],
            self._path(output, path),
            self.formats[output],
            max(self.room(output, level) for level in path),
            packed.group if packed is not None and spatial else _ints([]),
            int(packed.group.max()) + 1 if packed is not None and spatial else 0,
            packed.lanes if packed is not None else 1,
            _ints([self.index[name] for name in packed.leaders] if packed is not None else []),
        )
        for at, level in enumerate(path):
            for k, access in enumerate(ACCESSES):
                moved[level][output][access].add(between[at, k])
        moved[path[-1]][output]["updates"].add(*updated[:3])
        moved[path[-1]][output]["reads"].add(*updated[3:])
        if packed is not None and packed.operands:
            slots = position_slots(self.space, packed, self.tensors)
        return fates, int(slots)

    def _path(self, output: str, path: tuple[int, ...]) -> Path:
        tiles = [self.tiles[level] for level in path]
        span = [self.spans(output, each) for each in tiles]
        sizes = [each.instances * math.prod(axes) for each, axes in zip(tiles, span, strict=True)]
        return Path(
            _ints([each.steps for each in tiles]),
            _ints([each.instances for each in tiles]),
            _ints([each.step for each in tiles]),
            _ints([each.instance for each in tiles]),
            np.array([each.extent for each in tiles], np.int64),
            np.array(span, np.int64),
            _ints(np.concatenate([[0], np.cumsum(sizes)])[:-1]),
            np.zeros(sum(sizes), np.uint8),
            _ints([self._shared(level, output) for level in path]),
        )


_EMPTY: Bytes = np.zeros((0, 0), np.uint8)


def _ints(values: object) -> Ints:
    return np.asarray(values, np.int64).reshape(-1)
