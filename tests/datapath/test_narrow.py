"""Products in 32 bits where they fit, both edges; as they are otherwise."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.datapath.narrow import narrow
from simulator.datapath.verify import Box
from simulator.hardware import load
from simulator.lowering import lower


@pytest.mark.parametrize(
    ("depth", "weight", "value", "fits"),
    [
        (1, 1 << 15, (1 << 16) - 1, True),
        (1, 1 << 15, 1 << 16, False),
        (1, -(1 << 15), 1 << 16, False),
        (2, 1 << 15, 1 << 15, False),
        (2, 1 << 15, (1 << 15) - 1, True),
        (1, 1, (1 << 31) - 1, True),
        (1, 0, 1 << 40, False),
        (1, 0, -(1 << 31), False),
    ],
)
def test_edges(depth: int, weight: int, value: int, fits: bool) -> None:
    weights, inputs = np.full((2, depth), weight), np.full((depth, 3), value)
    a, b = narrow(weights, inputs)
    assert a.dtype == b.dtype == (np.int32 if fits else np.int64)
    np.testing.assert_array_equal(a, weights)
    np.testing.assert_array_equal(b, inputs)


def test_nothing_to_multiply() -> None:
    a, b = narrow(np.zeros((0, 4), np.int8), np.full((4, 3), 7, np.int8))
    assert a.shape == (0, 4)
    np.testing.assert_array_equal(b, np.full((4, 3), 7, np.int32))


@pytest.mark.parametrize("machine", ["tc", "highlight", "stc", "vegeta"])
@pytest.mark.parametrize("most", [100, 1 << 20])
def test_datapaths_compute_the_same_in_either_width(machine: str, most: int) -> None:
    rng = np.random.default_rng(5)
    weights = rng.integers(-most, most, (6, 64)).astype(np.int32)
    weights[:, 2::4] = weights[:, 3::4] = 0
    inputs = rng.integers(-most, most, (64, 5)).astype(np.int32)
    lowered = lower(load(machine), simulator.gemm(weights, inputs))
    found = lowered.computed(lowered.view, Box(0, 0, 6, 0, 5))
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, weights.astype(np.int64) @ inputs.astype(np.int64))
