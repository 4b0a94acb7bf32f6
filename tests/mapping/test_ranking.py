"""Candidates ranked all at once against one after the other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping.test_tiling import Bytes, geometries

from simulator.mapping import Geometry, Memory, Tiling
from simulator.mapping.ranking import first_of_least, grid
from simulator.mapping.tiling import estimate, storage

memories = st.builds(
    Memory,
    capacity=st.just((1, 1)),
    buffers=st.integers(1, 3),
    bandwidth=st.none() | st.fractions(Fraction(1, 7), 99, max_denominator=9),
    latency=st.integers(1, 500),
)


@given(geometries, memories, st.sampled_from("MN"), st.sampled_from([1, 10**13]))
def test_each_is_as_alone(g: Geometry, memory: Memory, outer: str, scale: int) -> None:
    sizes, some = Scaled(g, scale), grid((1, 2, g.windows), (("N", (1,)), (outer, (1, 3))))
    pieces = some.pieces(sizes)
    p = memory.bandwidth.numerator if memory.bandwidth else 1
    traffic = some.traffic(g, sizes, np.arange(len(some.block)))
    ranks = some.rank(g, pieces, memory, traffic)
    data, metadata = some.need(g, pieces, memory.buffers)
    for i in range(len(some.block)):
        hold = int(some.hold[0, i]), int(some.hold[1, i])
        tiling = Tiling("M" if some.leads[i] else "N", int(some.block[i]), int(some.windows[i]), hold)
        assert ranks[i] == estimate(tiling, g, sizes, memory) * p * memory.buffers
        assert traffic[i] == tiling.traffic(g, sizes)
        assert (data[i], metadata[i]) == storage(tiling, g, sizes, memory.buffers)


class Scaled(Bytes):
    """Large sizes need more than 64 bits."""

    def __init__(self, geometry: Geometry, scale: int) -> None:
        super().__init__(geometry)
        self.scale = scale

    def piece(self, tensor: str, windows: int) -> tuple[int, int]:
        data, metadata = super().piece(tensor, windows)
        return data * self.scale, metadata * self.scale


@pytest.mark.parametrize(
    ("keys", "at"), [([[2, 1, 1]], 1), ([[1, 1, 2], [3, 2, 0]], 1), ([[1, 1], [1, 1]], 0)]
)
def test_the_first_of_the_least_is_taken(keys: list[list[int]], at: int) -> None:
    assert first_of_least(*(np.array(key) for key in keys)) == at
