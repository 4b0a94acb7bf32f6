"""The oracle itself: all products in the order of steps, and the totals."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from simulator.mapping.design_point import DesignPoint
from validation.oracles.design_point.packing import Packing
from validation.oracles.design_point.sums import Partial
from validation.oracles.design_point.told import ACTUAL, GATED, SKIPPED, THERE, Point, Told


class Oracle(Packing):
    """A design point on actual tensors; see the package."""

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
                    read, state = self.verdict(rules, inner, lambda leaders, at=at: self.zero(leaders, at))
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
                    lambda leaders, at=at: self.zero(leaders, at),
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

    def cycles(self) -> int:
        """Rule 14, for points without packing: the largest of compute and every memory, rounded up once."""

        def used(level: int) -> int:
            return math.prod(x.bound for x in self.loops if x.spatial and x.level < level)

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


def design_point(point: DesignPoint, tensors: dict[str, Any], mask: Any = None) -> Told:
    """Counts, computes, slots and outputs of a design point; see the package."""
    return Oracle(point, tensors, mask).run()
