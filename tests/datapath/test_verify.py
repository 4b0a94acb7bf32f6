"""The functional check sees a wrong selection, and says how much it looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import simulator
from simulator import SimulatorError
from simulator.datapath import verify as checking
from simulator.datapath.verify import Box, verify
from simulator.workload.matrix import GemmView


def right(view: GemmView, box: Box) -> NDArray[np.int64]:
    """Every product, summed."""
    weights = view.weights(box.group, box.m0, box.m1).astype(np.int64)
    return weights @ view.inputs(box.group, 0, view.K, box.n0, box.n1).astype(np.int64)


def slipped(view: GemmView, box: Box) -> NDArray[np.int64]:
    """Loses the last row's product with the last input."""
    out = right(view, box)
    out[-1, -1] -= int(view.weights(box.group)[-1, -1]) * int(view.inputs(0, 0, view.K, 0, view.N)[-1, -1])
    return out


def view(m: int, n: int, k: int) -> GemmView:
    rng = np.random.default_rng(0)
    weights, inputs = rng.integers(1, 9, (m, k)), rng.integers(1, 9, (k, n))
    return GemmView(simulator.gemm(weights.astype(np.int8), inputs.astype(np.int8)))


def test_every_output_of_a_small_layer() -> None:
    found = verify(view(130, 140, 20), right, everything=False, seed=0)
    assert (found.mode, found.outputs, found.of) == ("full", 130 * 140, 130 * 140)


def test_one_wrong_output_is_named() -> None:
    with pytest.raises(
        SimulatorError, match=r"output \[4, 6\] of group 0 is \d+ through the datapath and \d+ by"
    ):
        verify(view(5, 7, 20), slipped, everything=True, seed=0)


def test_larger_layers_are_sampled_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "FULL", 2 * 128 * 128 * 16)
    large = view(128 * 2, 128 * 3, 16)
    found = [verify(large, right, everything=False, seed=seed) for seed in (1, 1, 2)]
    assert {f.mode for f in found} == {"sampled"}
    assert [f.outputs for f in found] == [2 * 128 * 128] * 3
    assert verify(large, right, everything=True, seed=0).mode == "full"
