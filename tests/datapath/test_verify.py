"""The functional check sees a wrong selection, and says how much it looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import simulator
from simulator import SimulatorError
from simulator.datapath import verify as checking
from simulator.datapath.code import Code
from simulator.datapath.hss import TwoRank
from simulator.datapath.verify import verify
from simulator.sparsity.formats import CoordinatePayload
from simulator.workload.matrix import GemmView

CODE = Code("C1(4:4)->C0(2:2)", 8, 8, 0, 4, 2, padded=True)
FORMAT = CoordinatePayload(lengths=(4, 2))


class Slipped(TwoRank):
    """Loses the last row's product with the last input."""

    def outputs(self, code: Code, weights: NDArray[np.int64], inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """See the class."""
        out = super().outputs(code, weights, inputs)
        out[-1, -1] -= weights[-1, -1] * inputs[-1, -1]
        return out


def view(m: int, n: int, k: int) -> GemmView:
    rng = np.random.default_rng(0)
    weights, inputs = rng.integers(1, 9, (m, k)), rng.integers(1, 9, (k, n))
    return GemmView(simulator.gemm(weights.astype(np.int8), inputs.astype(np.int8)))


def test_every_output_of_a_small_layer() -> None:
    found = verify(view(130, 140, 20), TwoRank(), CODE, FORMAT, everything=False, seed=0)
    assert (found.mode, found.outputs, found.of) == ("full", 130 * 140, 130 * 140)


def test_one_wrong_output_is_named() -> None:
    with pytest.raises(
        SimulatorError, match=r"output \[4, 6\] of group 0 is \d+ through the datapath and \d+ by"
    ):
        verify(view(5, 7, 20), Slipped(), CODE, FORMAT, everything=True, seed=0)


def test_larger_layers_are_sampled_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "FULL", 2 * 128 * 128 * 16)
    large = view(128 * 2, 128 * 3, 16)
    found = [verify(large, TwoRank(), CODE, FORMAT, everything=False, seed=seed) for seed in (1, 1, 2)]
    assert {f.mode for f in found} == {"sampled"}
    assert [f.outputs for f in found] == [2 * 128 * 128] * 3
    assert verify(large, TwoRank(), CODE, FORMAT, everything=True, seed=0).mode == "full"
