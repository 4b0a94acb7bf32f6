"""Words of tiles and ranks of formats."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from design_points import random_point
from networks import Seeded

from simulator.errors import InfeasibleError
from simulator.frontend.timeloop import load
from simulator.mapping.capacity import check_fit, tile_shape, words
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.ranks import unfit_formats
from simulator.paths import data_root
from simulator.workload.occupancy import Occupancy

EXAMPLES = data_root("hwconfigs") / "design_points"


def visited(point: DesignPoint, tensor: str, level: int) -> tuple[int, ...]:
    """Extent of a tile by walking all loops of the level and deeper, from zero."""
    at = {rank: np.zeros(1, np.int64) for rank, _ in point.product.ranks}
    for i, loop in point.nest.loops():
        if i >= level:
            at[loop.rank] = (at[loop.rank][:, None] * loop.bound + np.arange(loop.bound)).ravel()
    reach = {rank: int(np.minimum(values, point.product.size(rank) - 1).max()) for rank, values in at.items()}
    axes = point.product.tensor(tensor).axes
    return tuple(1 + sum(c * reach[rank] for rank, c in axis.terms) for axis in axes)


def test_tiles_are_what_the_loops_visit() -> None:
    for seed in range(60):
        point = random_point(Seeded(seed), imperfect=True)
        for level in range(len(point.nest.levels)):
            for tensor in point.product.tensors:
                assert tile_shape(point, tensor.name, level) == visited(point, tensor.name, level)


def test_compressed_tiles_need_what_the_fullest_can_hold() -> None:
    point = load(EXAMPLES / "spmspm.yaml")
    assert words(point, 1) == {"A": 64, "B": 64, "Z": 16}
    sparse = Occupancy("hypergeometric", Fraction(1, 16))
    assert words(replace(point, occupancy={"A": sparse}), 1)["A"] == 16
    structured = Occupancy("fixed-structured", Fraction(1, 16))
    assert words(replace(point, occupancy={"A": structured}), 1)["A"] == 4


def test_multiple_buffering_and_least_use() -> None:
    point = load(EXAMPLES / "spmspm.yaml")
    buffer = point.hierarchy.storage[1]

    def with_buffer(**changes: object) -> DesignPoint:
        storage = (point.hierarchy.storage[0], replace(buffer, **changes))
        return replace(point, hierarchy=replace(point.hierarchy, storage=storage))

    check_fit(with_buffer(capacity=288, multiple_buffering=Fraction(2)))
    with pytest.raises(InfeasibleError, match=r"tiles need 144 words .*; it holds 143"):
        check_fit(with_buffer(capacity=287, multiple_buffering=Fraction(2)))
    check_fit(with_buffer(min_utilization=Fraction(3, 4)))
    with pytest.raises(InfeasibleError, match="min_utilization asks for 146"):
        check_fit(with_buffer(min_utilization=Fraction(76, 100)))


def test_random_points_have_ranks_enough_and_one_less_is_told() -> None:
    dropped = 0
    for seed in range(150):
        point = random_point(Seeded(seed))
        assert not list(unfit_formats(point))
        for name, level in point.features.levels.items():
            for told in level.representations:
                i = point.hierarchy.level(name)
                child = next((k for k in point.kept(told.tensor) if k > i), len(point.nest.levels))
                own = [
                    loop
                    for place, loop in point.nest.loops()
                    if i <= place < child and loop.rank in point.product.tensor(told.tensor).ranks
                ]
                fewer = replace(told, ranks=told.ranks[1:])
                if not own or not fewer.compressed:
                    continue
                levels = {**point.features.levels, name: replace(level, representations=(fewer,))}
                less = replace(point, features=replace(point.features, levels=levels))
                found = {(where, tensor) for where, tensor, _ in unfit_formats(less)}
                inner = child < len(point.nest.levels) and np.prod(tile_shape(point, told.tensor, child)) == 1
                if not inner or len(fewer.ranks) < len(own):
                    assert (name, told.tensor) in found
                    dropped += 1
    assert dropped > 20
