"""Compute slots where skipping packs products: rule 13a."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from validation.oracles.design_point.told import cells
from validation.oracles.design_point.transfers import Transfers


class Packing(Transfers):
    """Counts slots."""

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
            self._by_position(*self._positions())

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
            if not self.zero(names, at):
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
