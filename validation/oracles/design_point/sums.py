"""Partial sums: where they are, when they go out and come back."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from validation.oracles.design_point.told import ACTUAL, ORDER, Point, cells
from validation.oracles.design_point.transfers import Transfers


class Partial:
    """Partial sums in every memory that keeps the output: which points each instance holds."""

    def __init__(self, oracle: Transfers) -> None:
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
