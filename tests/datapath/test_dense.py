"""The dense datapath, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator import InputError
from simulator.datapath.code import Code
from simulator.datapath.dense import Dense


def test_three_coordinates_on_two_lanes() -> None:
    code = Code("dense", 2, 2, 0, 0, 1, padded=False)
    weights = np.array([[1, 0, -2], [3, 4, 5]])
    inputs = np.array([[1, 10], [2, 20], [3, 30]])
    # window 0 is k = 0, 1; window 1 is k = 2 and a lane beyond K
    expected = [[1 - 2 * 3, 10 - 2 * 30], [3 + 4 * 2 + 5 * 3, 30 + 80 + 150]]
    assert Dense().outputs(code, weights, inputs).tolist() == expected


def test_a_ragged_window_stores_only_what_there_is() -> None:
    layer = simulator.gemm(np.ones((2, 20), bool), np.ones((20, 3), bool), pattern="C1(4:4)->C0(2:2)")
    code = Dense().code(simulator.load("tc"), layer)  # 16 PEs of one MAC, whatever the pattern
    assert code == Code("dense", 16, 16, 0, 0, 1, padded=False)
    assert (code.stored(16), code.stored(4)) == (16, 4)


def test_weights_that_break_their_declared_pattern_are_refused() -> None:
    layer = simulator.gemm(np.ones((2, 20), bool), np.ones((20, 3), bool), pattern="2:4")
    with pytest.raises(InputError, match="do not satisfy the declared pattern 2:4"):
        Dense().code(simulator.load("tc"), layer)
