"""Random design points are what they promise: legal, and of every kind."""

from __future__ import annotations

import math

from design_points import effectual_output, random_point, random_tensors, tile_shape
from networks import Seeded

POINTS = [random_point(Seeded(seed), imperfect=seed % 2 == 1) for seed in range(300)]


def test_factors_reach_every_rank_exactly() -> None:
    for point in POINTS:
        for rank, size in point.product.ranks:
            reached = 0
            for _, loop in point.nest.loops():
                if loop.rank == rank:
                    reached = reached * loop.bound + loop.last - 1
            assert reached + 1 == size


def test_tiles_fit_and_instances_are_enough() -> None:
    for point in POINTS:
        lanes = 1
        for i, (storage, level) in enumerate(zip(point.hierarchy.storage, point.nest.levels, strict=True)):
            words = sum(math.prod(tile_shape(point.product, point.nest, name, i)) for name in level.keeps)
            assert storage.capacity is None or words <= storage.capacity
            assert storage.instances == storage.mesh_x * storage.mesh_y == lanes
            lanes *= math.prod(loop.bound for loop in level.spatial)
        assert point.hierarchy.compute.instances == lanes <= 16


def test_every_loop_of_a_compressed_tensor_has_a_rank() -> None:
    for point in POINTS:
        for i, level in enumerate(point.nest.levels):
            for told in point.features.at(level.level).representations:
                relevant = point.product.tensor(told.tensor).ranks
                loops = [loop for place, loop in point.nest.loops() if place >= i and loop.rank in relevant]
                assert len(told.ranks) >= max(len(loops), 1)
                inside = [rank.compressed for rank in told.ranks]
                assert inside == sorted(inside)


def test_all_kinds_are_drawn() -> None:
    loops = [loop for point in POINTS for _, loop in point.nest.loops()]
    assert {loop.axis for loop in loops} == {"", "X", "Y"}
    assert any(loop.last != loop.bound for loop in loops)
    assert {len(point.nest.levels) for point in POINTS} == {1, 2, 3, 4}
    assert {len(point.product.operands) for point in POINTS} == {2, 3}
    kinds = {rule.kind for p in POINTS for level in p.features.levels.values() for rule in level.rules}
    assert kinds == {"gating", "skipping"}


def test_output_is_effectual_where_a_product_is() -> None:
    point = random_point(Seeded(3))
    masks = random_tensors(Seeded(4), point)
    assert {name: mask.shape for name, mask in masks.items()} == {
        t.name: t.shape for t in point.product.tensors
    }
    dense = {name: mask | True for name, mask in masks.items()}
    assert effectual_output(point.product, dense).all()
