"""Transfers of operands between memories: what is read, gated and skipped, and what each step finds at its innermost memory."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from validation.oracles.design_point.metadata import metadata_bits
from validation.oracles.design_point.space import Space
from validation.oracles.design_point.told import ACTUAL, GATED, ORDER, SKIPPED, THERE, Point, cells


class Transfers(Space):
    """Counts what moves."""

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
