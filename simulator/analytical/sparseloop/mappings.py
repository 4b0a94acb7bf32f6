"""Many mappings of one product on one hierarchy, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop, Nest, X, Y

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Mappings:
    """Factors and orders of n mappings; ranks in the order of the product, levels outermost first.

    Attributes
    ----------
    temporal : ndarray of int64, shape (n, levels, ranks)
        Bounds of temporal loops.
    order : ndarray of int64, shape (n, levels, ranks)
        Ranks of the temporal loops of a level, outermost first.
    x, y : ndarray of int64, shape (n, levels, ranks)
        Bounds of spatial loops; those along Y are outside those along X, ranks in order.
    """

    temporal: Ints
    order: Ints
    x: Ints
    y: Ints

    def __len__(self) -> int:
        return len(self.temporal)


def nest_of(point: DesignPoint, mappings: Mappings, index: int) -> Nest:
    """One mapping as a nest; what memories keep is taken from `point`."""
    ranks = [name for name, _ in point.product.ranks]
    levels = []
    for i, level in enumerate(point.nest.levels):
        bounds = mappings.temporal[index, i]
        temporal = [
            Loop(ranks[r], int(bounds[r]), int(bounds[r])) for r in mappings.order[index, i] if bounds[r] > 1
        ]
        spatial = [
            Loop(ranks[r], int(n), int(n), axis)
            for axis, along in ((Y, mappings.y), (X, mappings.x))
            for r, n in enumerate(along[index, i])
            if n > 1
        ]
        levels.append(replace(level, temporal=tuple(temporal), spatial=tuple(spatial)))
    return Nest(tuple(levels))


def check(point: DesignPoint, mappings: Mappings) -> None:
    """Refuse what is not told array-wise."""
    for access in point.product.tensors:
        if any(len(axis.terms) != 1 or axis.terms[0][1] != 1 for axis in access.axes):
            raise InputError(
                f"{point.name}: {access.name} is indexed by sums of ranks; one mapping at a time takes it"
            )
        if point.occupancy_of(access.name).distribution not in ("fixed-structured", "hypergeometric"):
            raise InputError(
                f"{point.name}: {access.name}: a density counted on data is evaluated one mapping at a time"
            )
    for level in point.features.levels.values():
        if any(rule.kind not in ("gating", "skipping") or len(rule.options) > 1 for rule in level.rules):
            raise InputError(
                f"{point.name}: packing and alternatives of rules are evaluated one mapping at a time"
            )
        if any(rank.flattened for told in level.representations for rank in told.ranks):
            raise InputError(f"{point.name}: flattened ranks are evaluated one mapping at a time")
    product = (mappings.temporal * mappings.x * mappings.y).prod(axis=1)
    sizes = np.array([size for _, size in point.product.ranks])
    wrong = np.argwhere(product != sizes)
    if len(wrong):
        i, r = wrong[0]
        name, size = point.product.ranks[r]
        raise InputError(
            f"mapping {i}: factors of {name} multiply to {product[i, r]}, and its size is {size}"
        )
