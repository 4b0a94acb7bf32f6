"""All counts of a design point on masks: the transfers of every tensor along its path, and what becomes of every multiplication."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint import computes, transfers
from simulator.analytical.joint.blocks import COMPUTED, GATE, SKIP, Block, Elements, blocks
from simulator.analytical.joint.computes import Path, Scratch
from simulator.analytical.joint.formats import Formats, formats, pointwise, single_bits
from simulator.analytical.joint.packing import Packing, packing, position_slots
from simulator.analytical.joint.rules import Removal, removals
from simulator.analytical.joint.space import Space, Tiles, linear, space, tensor
from simulator.errors import InfeasibleError, InputError
from simulator.mapping.design_point import DesignPoint

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


Movements = tuple[dict[str, dict[str, Moved]], ...]
"""Per memory, tensor and access."""


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
    moved: Movements = ()


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
        self.point = point
        self.space: Space = space(point)
        self.accesses = point.product.tensors
        self.output = point.product.output.name
        self.tensors = {a.name: tensor(self.space, a, masks[a.name]) for a in self.accesses}
        self.formats: dict[str, Formats] = {
            a.name: formats(self.space, a, point.kept(a.name)) for a in self.accesses
        }
        self.memories = len(point.hierarchy.storage)
        self.tiles = [self.space.tiles(level) for level in range(self.memories + 1)]
        self.places = {a.name: linear(self.space, a) for a in self.accesses}
        self.states: dict[str, Bytes] = {}
        self.rules = removals(point, self.saved)
        self.packing: Packing | None = packing(self.space, self.rules)

    # --- rules ----------------------------------------------------------------------------------------------------

    def saved(self, removal: Removal) -> int:
        """Points of dense transfers that one removal takes away on its own."""
        if removal.child == self.memories:
            return sum(
                int((block.codes[removal.follower] >> 2 > 0).sum()) for block in self._blocks((removal,))
            )
        state = self._runs(removal.follower, removal.child, (removal,), _EMPTY, self.tiles[0])
        return int(
            transfers.removed(
                self.space.bases,
                self.tiles[removal.child],
                self.tensors[removal.follower],
                state,
                self._room(removal.follower, removal.child),
            )
        )

    def _runs(self, name: str, level: int, rules: tuple[Removal, ...], parent: Bytes, above: Tiles) -> Bytes:
        """States of the transfers of an operand to a memory."""
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
            _ints([r for r, _ in leaders]),
            _ints([rule.kind for rule in rules]),
            _ints([rule.passing for rule in rules]),
            parent,
            above,
        )

    # --- tiles ----------------------------------------------------------------------------------------------------

    def _spans(self, name: str, level: int) -> list[int]:
        """Most coordinates of a tensor's tile along every axis."""
        terms = self.tensors[name].terms
        extent = np.minimum(self.tiles[level].extent, self.space.bases.size)
        return [int(1 + terms[a] @ (extent - 1)) for a in range(terms.shape[0])]

    def _room(self, name: str, level: int) -> int:
        """Most points of a tensor's tile."""
        return min(math.prod(self._spans(name, level)), int(self.tensors[name].mask.shape[0]))

    def _fan(self, parent: int, child: int) -> int:
        return self.tiles[child].instances // self.tiles[parent].instances

    def _shared(self, level: int, name: str) -> bool:
        return name not in self.point.nest.levels[level].no_multicast

    # --- the whole ------------------------------------------------------------------------------------------------

    def result(self) -> Count:
        """Everything."""
        moved: Movements = tuple(
            {
                a.name: {access: Moved() for access in ACCESSES}
                for a in self.accesses
                if level in self.point.kept(a.name)
            }
            for level in range(self.memories)
        )
        for access in self.point.product.operands:
            self._between(access.name, moved)
        computed, gated, skipped, slots = self._computes(moved)
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

    def _between(self, name: str, moved: Movements) -> None:
        """Transfers of an operand between memories, outermost first."""
        state, path = _EMPTY, self.point.kept(name)
        for at, (parent, child) in enumerate(pairwise(path)):
            rules = tuple(r for r in self.rules if r.follower == name and r.child == child)
            if rules or state.size:
                state = self._runs(name, child, rules, state, self.tiles[parent])
            outer, inner, inst = self.places[name]
            found = transfers.operand(
                self.space.bases,
                self.tiles[child],
                self.tensors[name],
                outer,
                inner,
                inst,
                self.space.imperfect,
                state,
                self._fan(parent, child),
                self._shared(parent, name),
                self.formats[name],
                at,
                self._room(name, child),
            )
            moved[parent][name]["reads"].add(*found[:3])
            moved[child][name]["fills"].add(found[3])
        self.states[name] = state

    def _blocks(self, rules: tuple[Removal, ...]) -> Iterator[Block]:
        elements = {}
        for a in self.accesses:
            outer, inner, inst = self.places[a.name]
            elements[a.name] = Elements(
                outer,
                inner[:, None] + inst[None, :],
                self.tensors[a.name].mask,
                not self.formats[a.name].compressed[-1],
                self.states.get(a.name, _EMPTY),
                self.tiles[self.point.kept(a.name)[-1]],
                tuple(r for r in rules if r.follower == a.name and r.child == self.memories),
            )
        return blocks(self.space, elements, self.space.imperfect)

    def _computes(self, moved: Movements) -> tuple[int, int, int, int]:
        """Multiplications, what they read and what they update; (computed, gated, skipped, slots)."""
        tallies = {a.name: _Reads(self, a.name) for a in self.point.product.operands}
        sums = _Sums(self)
        fates, slots = np.zeros(5, np.int64), 0
        for block in self._blocks(self.rules):
            fates += np.bincount(block.fate.reshape(-1), minlength=5)
            for tally in tallies.values():
                tally.add(block)
            sums.add(block)
            slots += self._slots(block)
        for name, tally in tallies.items():
            moved[self.point.kept(name)[-1]][name]["reads"].add(*tally.out)
        sums.finish(moved)
        if self.packing is not None and self.packing.operands:
            slots = position_slots(self.space, self.packing, self.tensors)
        return int(fates[COMPUTED]), int(fates[GATE]), int(fates[SKIP]), slots

    def _slots(self, block: Block) -> int:
        packed = self.packing
        if packed is None or not packed.leaders:
            return 0
        whole = block.exists.copy()
        for leader in packed.leaders:
            whole &= block.filled[leader]
        groups = int(packed.group.max()) + 1
        together = (
            whole[:, np.argsort(packed.group, kind="stable")].reshape(len(whole), groups, -1).sum(axis=2)
        )
        return int((-(-together // packed.lanes)).sum()) * packed.lanes


class _Reads:
    """What an operand's innermost memory sends to compute."""

    def __init__(self, counting: _Counting, name: str) -> None:
        level = counting.point.kept(name)[-1]
        self.name, self.formats = name, counting.formats[name]
        self.mask = counting.tensors[name].mask
        self.level = len(counting.point.kept(name)) - 1
        self.fan = counting._fan(level, counting.memories) if counting._shared(level, name) else 1
        self.bits = single_bits(self.formats, self.level)
        self.plain = pointwise(self.formats, self.level)
        self.scratch = _scratch(len(self.mask), self.fan)
        self.out = np.zeros((3, 3), np.int64)

    def add(self, block: Block) -> None:
        """Count the reads of a block."""
        codes, at = (block.codes[self.name] & 3).astype(np.uint8), block.at[self.name]
        if self.fan == 1:
            _single(codes, block.filled[self.name], self.formats, self.level, self.bits, self.out)
            return
        bits = _ints(self.bits if self.plain else (-1, -1))
        computes.shared_reads(
            at.reshape(-1),
            codes.reshape(-1),
            self.fan,
            self.mask,
            self.formats,
            self.level,
            bits,
            self.scratch,
            self.out,
        )


def _single(
    codes: Bytes, filled: NDArray[np.bool_], f: Formats, level: int, bits: tuple[int, int], out: Ints
) -> None:
    """Add transfers of single points."""
    many = np.bincount((2 * codes + filled).reshape(-1), minlength=8)
    for code in range(1, 4):
        for value in range(2):
            n = many[2 * code + value]
            out[code - 1, 0] += n if value or not f.compressed[level] else 0
            out[code - 1, 1] += n * bits[value]
            out[code - 1, 2] += n * -(-bits[value] // f.word[level])


class _Sums:
    """The output: updates from compute, and its transfers between memories."""

    def __init__(self, counting: _Counting) -> None:
        self.counting, self.name = counting, counting.output
        self.levels = counting.point.kept(self.name)
        self.path = self._path()
        self.formats, self.tensor = counting.formats[self.name], counting.tensors[self.name]
        self.fan = (
            counting._fan(self.levels[-1], counting.memories)
            if counting._shared(self.levels[-1], self.name)
            else 1
        )
        level = len(self.levels) - 1
        plain = self.fan == 1 or pointwise(self.formats, level)
        self.bits = _ints(single_bits(self.formats, level) if plain else (-1, -1))
        room = max(counting._room(self.name, each) for each in self.levels)
        self.scratch = _scratch(len(self.tensor.mask), max(self.fan, room))
        self.moved = np.zeros((len(self.levels), 4, 3), np.int64)
        self.out = np.zeros((6, 3), np.int64)

    def _path(self) -> Path:
        counting = self.counting
        tiles = [counting.tiles[level] for level in self.levels]
        spans = [counting._spans(self.name, level) for level in self.levels]
        shape = counting.point.product.output.shape or (1,)
        at = np.unravel_index(np.arange(math.prod(shape)), shape)
        place = [np.ravel_multi_index([x % n for x, n in zip(at, span, strict=True)], span) for span in spans]
        many = [math.prod(span) for span in spans]
        sizes = [each.instances * n for each, n in zip(tiles, many, strict=True)]
        return Path(
            _ints([each.steps for each in tiles]),
            _ints([each.instances for each in tiles]),
            _ints([each.step for each in tiles]),
            _ints([each.instance for each in tiles]),
            np.array([each.extent for each in tiles], np.int64),
            np.array(place, np.int32),
            _ints(many),
            _ints(np.concatenate([[0], np.cumsum(sizes)])[:-1]),
            np.zeros(sum(sizes), np.uint8),
            _ints([counting._shared(level, self.name) for level in self.levels]),
        )

    def add(self, block: Block) -> None:
        """Count a block."""
        codes = np.where(block.fate == COMPUTED, transfers.READ + (block.codes[self.name] >> 2), 0).astype(
            np.uint8
        )
        computes.sums(
            self.counting.space.bases,
            self.tensor,
            self.path,
            self.formats,
            block.start,
            block.at[self.name],
            codes,
            self.fan,
            self.bits,
            self.scratch,
            self.moved,
            self.out,
        )

    def finish(self, moved: Movements) -> None:
        """Drain what is left and hand over all counts."""
        computes.finish(
            self.counting.space.bases, self.tensor, self.path, self.formats, self.scratch, self.moved
        )
        for at, level in enumerate(self.levels):
            for k, access in enumerate(ACCESSES):
                moved[level][self.name][access].add(self.moved[at, k])
        innermost = moved[self.levels[-1]][self.name]
        innermost["updates"].add(*self.out[:3])
        innermost["reads"].add(*self.out[3:])


_EMPTY: Bytes = np.zeros((0, 0), np.uint8)


def _scratch(elements: int, room: int) -> Scratch:
    seen, best = np.zeros(elements, np.int64), np.zeros(elements, np.uint8)
    union, part = np.empty(max(elements, room), np.int64), np.empty(max(elements, room), np.int64)
    return Scratch(seen, best, union, part, np.zeros(1, np.int64))


def _ints(values: object) -> Ints:
    return np.asarray(values, np.int64).reshape(-1)
