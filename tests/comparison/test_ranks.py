"""A rank of the output that no operand has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import simulator
from simulator.mapping.nest import LevelNest, Nest
from simulator.workload.product import Product, access
from tests.analytical.points import EVERY, gemm, loop


def test_every_point_of_a_rank_no_operand_has_is_alike() -> None:
    sizes = {"m": 2, "k": 8}
    a, b = (access(name, ((("k", 1),),), sizes) for name in "AB")
    product = Product("dot", tuple(sizes.items()), (a, b), access("Z", ((("m", 1),),), sizes))
    nest = Nest(
        (LevelNest("dram", (loop("m", 2),), (), EVERY), LevelNest("buffer", (loop("k", 8),), (), EVERY))
    )
    point = replace(gemm(), product=product, nest=nest)
    tensors = {"A": np.arange(8), "B": np.ones(8, np.int64)}
    cycles = simulator.compare(point, tensors=tensors).layers[0].cycles
    assert cycles["M2"] == cycles["S0"] == 16
    result = simulator.simulate(point, tensors=tensors)
    assert result.layers[0].verification.outputs == 2
