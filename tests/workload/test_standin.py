from __future__ import annotations

import numpy as np
import pytest

from simulator.workload.standin import plain, standins


@pytest.mark.parametrize(
    ("first", "pitch", "seed", "operand"), [(0, 9, 0, 0), (5, 100, 3, 1), (2**39, 9, 2**63 - 1, 1)]
)
def test_compiled_as_plain(first: int, pitch: int, seed: int, operand: int) -> None:
    box = np.random.default_rng(seed % 97).integers(-1, 2, (40, 9))
    base = np.uint64((((2 * seed + operand) << 40) + first) % 2**64)
    for values in (box, box != 0, box.T[:, ::2], box[:0]):
        found = standins(values, first, pitch, seed, operand)
        assert found.dtype == np.int8
        assert np.array_equal(found, plain(values, base, pitch))
        assert np.array_equal(found != 0, values != 0)
        assert np.abs(found, dtype=np.int64).max(initial=0) <= 7


def test_by_the_formula() -> None:
    z = (2 * 4 + 1) * 2**40 + 12  # seed 4, operand 1, element 12
    z = (z + 1) * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    value = (z ^ (z >> 31)) % 14 - 7
    expected = value + (value >= 0)
    assert standins(np.ones((1, 1)), 12, 1, 4, 1)[0, 0] == expected
    assert standins(np.ones((3, 4)), 2, 5, 4, 1)[2, 0] == expected
