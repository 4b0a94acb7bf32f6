"""Steps and instances as tuples of loop digits, tiles as boxes: a tuple of ranges, or None when empty."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.mapping.design_point import DesignPoint
from validation.oracles.design_point.told import Loop, Point, Told


class Space:
    """One design point on one set of tensors: its loops, tiles and non-zeros, and what is said of it."""

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

    def computes(self) -> Iterator[tuple[Any, Any, dict[str, int]]]:
        """Steps, instances and coordinates of all products."""
        for step in self.digits(self.depth, False):
            for instance in self.digits(self.depth, True):
                at = self.base(self.depth, step, instance)
                if all(at[rank] < size for rank, size in self.sizes.items()):
                    yield step, instance, at

    def zero(self, leaders: tuple[str, ...], at: dict[str, int]) -> bool:
        return any(self.at(self.product.tensor(name), at) not in self.nonzero[name] for name in leaders)
