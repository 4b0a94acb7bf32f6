"""All accesses and products of a design point on actual tensors, beat by beat.

Every tensor's path is walked edge by edge from the outermost memory inwards (:mod:`operands`, :mod:`outputs`), then every
multiplication (:mod:`products`). What each access moved is a *feed*: a record of one tensor's accesses of one kind at one level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.lowering.nest.dense import Array, dense_outputs
from simulator.lowering.nest.formats import Format, format_at, measure
from simulator.lowering.nest.granules import ACTUAL, META, Tree, blank, joined, tree
from simulator.lowering.nest.operands import Codes, alone, decide, move
from simulator.lowering.nest.outputs import Port, Ports, accumulate, entering
from simulator.lowering.nest.packing import packed
from simulator.lowering.nest.products import multiply
from simulator.lowering.nest.removed import idle, moved
from simulator.lowering.nest.rules import SKIP, Decision, decisions, positions
from simulator.lowering.nest.tables import Feeds, Paths, Rules, Sums, Tensors
from simulator.lowering.nest.walk import Integers, Shape, Space
from simulator.mapping.design_point import DesignPoint
from simulator.workload.product import Access

BEATS = 1 << 17
"""Most beats a point is told in; above, several steps of compute are one."""

_NO_CODES: Codes = np.zeros((0, 0), dtype=np.uint8)
_NO_STREAM = np.zeros(0, dtype=np.uint8)


class Feed(NamedTuple):
    """Accesses of one kind to one tensor at one level.

    Attributes
    ----------
    tensor, access : str
        Access: one of ``reads``, ``fills``, ``updates``, ``drains``.
    level, other : int
        Where it is counted, and the level at the other end; the number of levels stands for compute.
    back : bool
        Whether partial sums come back (reads and fills of the output between memories).
    record : ndarray of int64, shape (ROWS, beats + 1)
        See :mod:`granules`.
    """

    tensor: str
    access: str
    level: int
    other: int
    back: bool
    record: Integers


@dataclass
class Counted:
    """What happens, beat by beat.

    Attributes
    ----------
    space : Space
    steps, beats : int
        Steps of compute in a beat, and beats.
    feeds : list of Feed
    products : ndarray of int64, shape (ROWS, beats + 1)
        Slots, cycles of the slowest instance, and products computed, gated and skipped.
    outputs : ndarray of int64
        The output as computed.
    needs : dict of (int, int) to ndarray
        Of every edge of the output: 1 + the latest beat of a drain that a beat's read-backs were drained in.
    lanes : dict of int to int
        Instances used per level.
    taken : tuple of Decision
    nonzero_outputs : int
        Elements of the output that are not zero.
    """

    space: Space
    steps: int
    beats: int
    products: Integers
    outputs: Array
    feeds: list[Feed] = field(default_factory=list)
    needs: dict[tuple[int, int], Integers] = field(default_factory=dict)
    lanes: dict[int, int] = field(default_factory=dict)
    taken: tuple[Decision, ...] = ()
    nonzero_outputs: int = 0

    def counts(self) -> dict[str, dict[str, dict[str, tuple[int, int, int]]]]:
        """By level, tensor and access: actual, gated and skipped, in words; see :mod:`simulator.record.estimate`."""
        point = self.space.point
        found: dict[str, dict[str, dict[str, tuple[int, int, int]]]] = {}
        for level in point.nest.levels:
            found[level.level] = {t.name: {} for t in point.product.tensors if t.name in level.keeps}
        for feed in self.feeds:
            at = found[point.nest.levels[feed.level].level][feed.tensor]
            sums = feed.record.sum(axis=1)
            for name, first in ((feed.access, ACTUAL), (f"metadata_{feed.access}", META)):
                told = [int(v) for v in sums[first : first + 3]]
                before = at.get(name, (0, 0, 0))
                at[name] = (before[0] + told[0], before[1] + told[1], before[2] + told[2])
        return found

    def computes(self) -> tuple[int, int, int]:
        """Products computed, gated, skipped."""
        sums = self.products[ACTUAL : ACTUAL + 3].sum(axis=1)
        return int(sums[0]), int(sums[1]), int(sums[2])


class _Data(NamedTuple):
    """A tensor for kernels: its non-zeros, and how many there are before every point."""

    access: Access
    shape: Shape
    nonzero: NDArray[np.uint8]
    sums: Integers


def count(
    point: DesignPoint, tensors: Mapping[str, Array], outputs_mask: NDArray[np.bool_] | None = None
) -> Counted:
    """Walk a design point; see the module.

    Parameters
    ----------
    point : DesignPoint
    tensors : mapping of str to ndarray of integers
        Every operand, in the shape the product says.
    outputs_mask : ndarray of bool, optional
        Non-zeros of the output; None: the points that have an effectual product.

    Raises
    ------
    InputError
        The specification does not say a nest that can run.
    """
    return _Counter(point, tensors, outputs_mask).run()


class _Counter:
    def __init__(
        self, point: DesignPoint, tensors: Mapping[str, Array], mask: NDArray[np.bool_] | None
    ) -> None:
        self.point, self.space = point, Space(point)
        self.levels = self.space.levels
        _check(point)
        self.values = tensors
        self.data = {t.name: self._data(t, tensors[t.name]) for t in point.product.operands}
        output = point.product.output
        if mask is None:
            ones = {name: (array != 0).astype(np.int64) for name, array in tensors.items()}
            mask = dense_outputs(point.product, ones) != 0
        self.data[output.name] = self._data(output, mask)
        self.steps = -(-self.space.steps // BEATS)
        self.beats = -(-self.space.steps // self.steps)
        self.walks = {level: self.space.walk(level) for level in range(self.levels + 1)}
        self.codes: dict[str, Codes] = {t.name: _NO_CODES for t in point.product.operands}
        self.positions = positions(point)
        self.taken = decisions(point, self._removed)
        self.found = Counted(
            self.space,
            self.steps,
            self.beats,
            blank(self.beats + 1),
            np.zeros(output.shape, dtype=np.int64),
            taken=self.taken,
            nonzero_outputs=int(self.data[output.name].sums[-1]),
        )

    def _data(self, access: Access, array: NDArray[np.generic]) -> _Data:
        if array.shape != access.shape:
            raise InputError(
                f"tensor {access.name!r}: has shape {array.shape}, the product {self.point.product.text} needs {access.shape}"
            )
        nonzero = (array != 0).astype(np.uint8).ravel()
        return _Data(
            access,
            self.space.shape(access),
            nonzero,
            np.concatenate([[0], np.cumsum(nonzero, dtype=np.int64)]),
        )

    def run(self) -> Counted:
        for operand in self.point.product.operands:
            kept = self.point.kept(operand.name)
            for parent, child in pairwise(kept):
                self._operand(self.data[operand.name], parent, child)
        stream = self._output()
        self._products(stream)
        return self.found

    def _operand(self, data: _Data, parent: int, child: int) -> None:
        space, name = self.space, data.access.name
        fan, ratio = self._ratio(parent, child)
        steps = space.steps_of(child)
        rules = sorted(
            (d for d in self.taken if (d.follower, d.parent, d.child) == (name, parent, child)),
            key=lambda d: d.stage,
        )
        above = self.codes[name]
        if rules or len(above):
            shape = (space.instances_of(child), steps)
            empties = np.zeros((len(rules), *shape), dtype=np.uint8)
            for i, rule in enumerate(rules):
                for leader in rule.leaders:
                    led = self.data[leader]
                    alone(
                        self.walks[child],
                        data.shape,
                        led.shape,
                        led.sums,
                        above,
                        fan,
                        ratio,
                        steps,
                        empties[i],
                    )
            stages, kinds = (
                np.array(v, dtype=np.int64) for v in ([r.stage for r in rules], [r.kind for r in rules])
            )
            codes = np.zeros(shape, dtype=np.uint8)
            decide(self.walks[child], data.shape, above, fan, ratio, steps, empties, stages, kinds, codes)
            self.codes[name] = codes
        reading, filling = self._feed(name, "reads", parent, child), self._feed(name, "fills", child, parent)
        multicast = name not in self.point.nest.levels[parent].no_multicast
        move(
            self.walks[child],
            data.shape,
            space.hull(data.access, child),
            self.codes[name],
            fan,
            multicast,
            (space.steps // steps, self.steps),
            steps,
            format_at(space, data.access, parent, False),
            format_at(space, data.access, child, False),
            data.nonzero,
            (reading, self._word(parent)),
            (filling, self._word(child)),
            tree(space, parent, child),
            tree(space, child, child),
        )

    def _output(self) -> NDArray[np.uint8]:
        """All edges of the output; what enters the tiles of its innermost memory."""
        space, output = self.space, self.point.product.output
        data, kept, stream = self.data[output.name], self.point.kept(output.name), _NO_STREAM
        for parent, child in pairwise(kept):
            fan, ratio = self._ratio(parent, child)
            steps = space.steps_of(child)
            told = np.zeros(entering(self.walks[child], data.shape, steps), dtype=np.uint8)
            needs = np.zeros(self.beats + 1, dtype=np.int64)

            def port(access: str, level: int, other: int, child: int = child) -> Port:
                record = self._feed(output.name, access, level, other, access in ("reads", "fills"))
                return Port(record, self._word(level), tree(space, level, child))

            ports = Ports(
                port("drains", child, parent),
                port("updates", parent, child),
                port("reads", parent, child),
                port("fills", child, parent),
            )
            accumulate(
                self.walks[child],
                self.walks[parent],
                data.shape,
                space.hull(output, child),
                space.hull(output, parent),
                fan,
                ratio,
                output.name not in self.point.nest.levels[parent].no_multicast,
                (space.steps // steps, self.steps),
                steps,
                format_at(space, output, child, False),
                format_at(space, output, parent, False),
                data.nonzero,
                ports,
                stream,
                told,
                needs,
            )
            stream = told
            self.found.needs[parent, child] = needs
        return stream

    def _products(self, stream: NDArray[np.uint8]) -> None:
        point, space, product = self.point, self.space, self.point.product
        inner = {t.name: point.kept(t.name)[-1] for t in product.tensors}
        names = [t.name for t in product.tensors]
        feeds = [self._feed(n, "reads", inner[n], self.levels) for n in names]
        feeds.append(self._feed(names[-1], "updates", inner[names[-1]], self.levels))
        records = np.stack([*feeds, self.found.products])
        packing, nodes = packed(point, space, self.data_of, self.taken, self.positions)
        trees = [tree(space, inner[n], self.levels) for n in names] + [
            tree(space, inner[names[-1]], self.levels),
            nodes,
        ]
        trees = joined(trees)
        formats = [format_at(space, t, inner[t.name], True) for t in product.tensors]
        outputs = np.zeros(product.output.size, dtype=np.int64)
        last = inner[names[-1]]
        multiply(
            self.walks[self.levels],
            self._tensors(),
            self._paths(inner),
            self._rules(inner),
            packing,
            self._sums(last, stream),
            formats,
            trees,
            self._feeds(records, inner, formats, trees),
            space.steps,
            self.steps,
            outputs,
        )
        for kept, record in zip([*feeds, self.found.products], records, strict=True):
            kept[:] = record
        self.found.outputs = outputs.reshape(product.output.shape)
        self.found.lanes = {level: self._lanes(level, packing.lanes) for level in range(self.levels + 1)}

    def _sums(self, level: int, stream: NDArray[np.uint8]) -> Sums:
        output = self.point.product.output
        hull, shape = self.space.hull(output, level), self.data[output.name].shape
        return Sums(self.walks[level], shape, hull, stream, bool((hull == shape.shape).all()))

    def _feeds(
        self, records: Integers, inner: dict[str, int], formats: list[Format], trees: list[Tree]
    ) -> Feeds:
        single = np.zeros((len(formats), 2, 3), dtype=np.int64)
        one, scratch = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        for t, each in enumerate(formats):
            for holds in (0, 1):
                measure(each, one, 1, np.full(1, holds, dtype=np.uint8), scratch, single[t, holds])
        words = np.array([self._word(level) for level in inner.values()], dtype=np.int64)
        metadata = np.array([len(each.kinds) > 0 for each in formats], dtype=np.uint8)
        compressed = np.array([each.compressed for each in formats], dtype=np.uint8)
        leaves = np.array([each.offsets[-2] if len(each.periods) else -1 for each in trees], dtype=np.int64)
        periods = np.array([each.periods[-1] if len(each.periods) else 1 for each in trees], dtype=np.int64)
        return Feeds(records, words, single, metadata, compressed, trees[0].sums, leaves, periods)

    def data_of(self, name: str) -> tuple[Shape, Integers]:
        """Shape of a tensor and its non-zeros before every point."""
        return self.data[name].shape, self.data[name].sums

    def _tensors(self) -> Tensors:
        tensors = self.point.product.tensors
        weights = np.zeros((len(tensors), len(self.space.ranks)), dtype=np.int64)
        for t, access in enumerate(tensors):
            shape = self.data[access.name].shape
            for a in range(len(shape.shape)):
                for j in range(shape.starts[a], shape.starts[a + 1]):
                    weights[t, shape.ranks[j]] += shape.coefs[j] * shape.strides[a]
        starts = np.cumsum([0, *(max(1, t.size) for t in tensors)]).astype(np.int64)
        nonzero = np.concatenate([self.data[t.name].nonzero for t in tensors])
        values = np.concatenate(
            [np.asarray(self.values[t.name], dtype=np.int64).ravel() for t in tensors[:-1]]
        )
        return Tensors(weights, starts, nonzero, values)

    def _paths(self, inner: dict[str, int]) -> Paths:
        starts, at, codes = list[int](), 0, list[NDArray[np.uint8]]()
        steps, ratios, fans, shared, absent = (
            list[int](),
            list[int](),
            list[int](),
            list[bool](),
            list[bool](),
        )
        for tensor in self.point.product.tensors:
            name, level = tensor.name, inner[tensor.name]
            own = self.codes.get(name, _NO_CODES)
            starts.append(at if own.size else -1)
            codes.append(own.ravel())
            at += own.size
            steps.append(self.space.steps_of(level))
            ratios.append(self.space.steps // steps[-1])
            fans.append(self._ratio(level, self.levels)[0])
            shared.append(name not in self.point.nest.levels[level].no_multicast)
            told = self.point.features.at(self.point.nest.levels[level].level).representation(name)
            absent.append(told is not None and told.compressed)
        first, step, ratio, fan = (
            np.array(column, dtype=np.int64) for column in (starts, steps, ratios, fans)
        )
        flags = [np.array(column, dtype=np.uint8) for column in (shared, absent)]
        return Paths(np.concatenate(codes), first, step, ratio, fan, flags[0], flags[1])

    def _rules(self, inner: dict[str, int]) -> Rules:
        index = {t.name: i for i, t in enumerate(self.point.product.tensors)}
        told = [
            (index[d.follower], d.stage, d.kind, d.leaders)
            for d in self.taken
            if d.child == self.levels and d.parent == inner[d.follower]
        ]
        told += [(index[name], 0, SKIP, (name,)) for _, names in self.positions for name in names]
        told.sort(key=lambda rule: (rule[0], rule[1]))
        firsts = [sum(rule[0] < t for rule in told) for t in range(len(index) + 1)]
        starts = np.cumsum([0, *(len(rule[3]) for rule in told)])
        leaders = [index[name] for rule in told for name in rule[3]]
        columns = [firsts, [rule[1] for rule in told], [rule[2] for rule in told], starts, leaders]
        first, stages, kinds, start, leader = (np.array(column, dtype=np.int64) for column in columns)
        compute = self.point.features.compute
        return Rules(first, stages, kinds, start, leader, "gating" in compute, "skipping" in compute)

    def _removed(self, decision: Decision) -> int:
        """Points of dense transfers a decision removes on its own; of products where it decides about single ones."""
        walk, follower = self.walks[decision.child], self.data[decision.follower]
        if decision.child == self.levels:
            leaders = [self.data[name] for name in decision.leaders]
            tensors = self._tensors()
            names = [t.name for t in self.point.product.tensors]
            chosen = np.array([names.index(led.access.name) for led in leaders], dtype=np.int64)
            return int(idle(walk, tensors, chosen, self.space.steps))
        steps = self.space.steps_of(decision.child)
        fan, ratio = self._ratio(decision.parent, decision.child)
        empty = np.zeros((self.space.instances_of(decision.child), steps), dtype=np.uint8)
        for name in decision.leaders:
            led = self.data[name]
            alone(walk, follower.shape, led.shape, led.sums, _NO_CODES, fan, ratio, steps, empty)
        return int(moved(walk, follower.shape, empty, steps))

    def _ratio(self, parent: int, child: int) -> tuple[int, int]:
        space = self.space
        return space.instances_of(child) // space.instances_of(parent), space.steps_of(
            child
        ) // space.steps_of(parent)

    def _word(self, level: int) -> int:
        return self.point.hierarchy.storage[level].word_bits

    def _feed(self, tensor: str, access: str, level: int, other: int, back: bool = False) -> Integers:
        record = blank(self.beats + 1)
        self.found.feeds.append(Feed(tensor, access, level, other, back, record))
        return record

    def _lanes(self, level: int, lanes: int) -> int:
        """Instances used: the product of the spatial bounds outside, packed loops counting their lanes."""
        from simulator.lowering.nest.packing import packed_loops

        loops = packed_loops(self.point, self.space, self.taken)
        inside = [p for p in self.space.spatial(level) if p not in loops]
        used = math.prod(p.loop.bound for p in inside)
        return used * lanes if lanes and any(p.level < level for p in loops) else used


def _check(point: DesignPoint) -> None:
    names = [t.name for t in point.product.tensors]
    levels, memories = [x.level for x in point.nest.levels], [x.name for x in point.hierarchy.storage]
    if levels != memories:
        raise InputError(
            f"design point {point.name!r}: the nest names levels {levels}, the hierarchy {memories}"
        )
    for name in names:
        if name not in point.nest.levels[0].keeps:
            raise InputError(
                f"design point {point.name!r}: the outermost memory {levels[0]!r} must keep every tensor, not bypass {name!r}"
            )
