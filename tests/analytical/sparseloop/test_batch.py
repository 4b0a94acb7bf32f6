"""Many mappings at once say what one at a time says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from design_points import SHAPES, random_point
from networks import Seeded

from simulator.analytical.sparseloop import estimate
from simulator.analytical.sparseloop.batch import Mappings, evaluate, nest_of
from simulator.errors import InfeasibleError, InputError, SimulatorError
from simulator.mapping.design_point import DesignPoint
from simulator.workload.occupancy import Occupancy

PLAIN = [shape for shape in SHAPES if all(len(axis) == 1 for _, axes in shape.tensors for axis in axes)]


def random_mappings(point: DesignPoint, number: int, seed: int) -> Mappings:
    """Prime factors of every rank, each at a random level, in time or along X or Y."""
    rng = np.random.default_rng(seed)
    shape = (number, len(point.nest.levels), len(point.product.ranks))
    temporal, x, y = (np.ones(shape, np.int64) for _ in range(3))
    for i in range(number):
        for r, (_, size) in enumerate(point.product.ranks):
            for factor in (2, 2, 2, 3, 5):
                if size % factor == 0:
                    size //= factor
                    where = (temporal, temporal, x, y)[rng.integers(4)]
                    where[i, rng.integers(shape[1]), r] *= factor
            temporal[i, 0, r] *= size
    return Mappings(temporal, np.argsort(rng.random(shape), axis=2), x, y)


def roomy(point: DesignPoint) -> DesignPoint:
    """Instances for any mapping; capacities as they are; densities that depend on sizes only."""
    storage = tuple(replace(s, mesh_x=1024, mesh_y=1024, instances=1 << 20) for s in point.hierarchy.storage)
    compute = replace(point.hierarchy.compute, mesh_x=1024, mesh_y=1024, instances=1 << 20)
    occupancy = {
        name: told
        if told.distribution in ("fixed-structured", "hypergeometric")
        else Occupancy("hypergeometric", told.density)
        for name, told in point.occupancy.items()
    }
    return replace(
        point, hierarchy=replace(point.hierarchy, storage=storage, compute=compute), occupancy=occupancy
    )


def test_batched_equals_one_at_a_time() -> None:
    compared = unfit = 0
    for seed in range(60):
        point = roomy(random_point(Seeded(seed), shapes=PLAIN))
        mappings = random_mappings(point, 4, seed)
        try:
            found = evaluate(point, mappings)
        except SimulatorError:
            continue
        for i in range(len(mappings)):
            one = replace(point, nest=nest_of(point, mappings, i))
            try:
                told = estimate(one)
            except InfeasibleError:
                unfit += 1
                assert not found.fits[i], seed
                continue
            except InputError:
                continue
            compared += 1
            assert found.fits[i], seed
            assert found.cycles[i] == told.cycles, seed
            assert found.energy_pj[i] == pytest.approx(told.energy, rel=1e-9, abs=1e-6), seed
    assert compared > 40
    assert unfit > 2


def test_factors_that_do_not_multiply_are_told() -> None:
    point = random_point(Seeded(1), shapes=PLAIN, sparse=False)
    mappings = random_mappings(point, 2, 0)
    mappings.temporal[1, 0, 0] *= 2
    name, size = point.product.ranks[0]
    with pytest.raises(
        InputError, match=rf"mapping 1: factors of {name} multiply to {2 * size}, and its size is {size}"
    ):
        evaluate(point, mappings)


def test_sums_of_ranks_go_one_at_a_time() -> None:
    windows = [shape for shape in SHAPES if shape not in PLAIN]
    point = random_point(Seeded(0), shapes=windows, sparse=False)
    with pytest.raises(InputError, match="indexed by sums of ranks"):
        evaluate(point, random_mappings(point, 1, 0))
