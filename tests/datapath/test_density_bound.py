"""Blocks bound in both operands, worked by hand; bounds of real inputs; what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, InputError, Layer, load_machine
from simulator.datapath.code import Code
from simulator.datapath.density_bound import DensityBound
from simulator.errors import SimulatorError
from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.formats import DensityBound as Bound
from simulator.sparsity.patterns import parse

SMALL = Code(
    "2:4", 8, 4, 8, 0, 2, padded=True, inputs=("density_bound", Bound(1, 4)), cycles=1, issued=2, delivered=24
)
#                   block 0     | block 1
ROW = np.array([[0, 3, 0, 5, 7, 0, 0, 0]])
INPUTS = np.array([[0, 0, 0, 2, 0, 0, 4, 0], [0, 6, 0, 0, 9, 0, 0, 0]]).T


def test_a_block_shows_one_input_and_a_row_picks_its_weight() -> None:
    # column 0: coordinate 3 of block 0 meets 5, the second weight kept; coordinate 2 of block 1 meets nothing
    # column 1: coordinate 1 meets 3, the first weight kept; coordinate 0 of block 1 meets 7
    assert DensityBound().outputs(SMALL, ROW, INPUTS).tolist() == [[5 * 2, 3 * 6 + 7 * 9]]


def test_a_ragged_block() -> None:
    assert DensityBound().outputs(SMALL, ROW[:, :5], INPUTS[:5]).tolist() == [[10, 18 + 63]]


def test_dense_weights_are_two_multipliers_on_one_block() -> None:
    code = Code(
        "2:2",
        8,
        8,
        0,
        0,
        2,
        padded=True,
        inputs=("density_bound", Bound(3, 4)),
        cycles=3,
        issued=12,
        delivered=56,
    )
    weights, inputs = np.arange(1, 9).reshape(1, 8), np.array([[1, 2, 0, 4, 0, 6, 7, 8]]).T
    assert DensityBound().outputs(code, weights, inputs).tolist() == (weights @ inputs).tolist()


def bound(nonzeros: int, k: int = 256) -> Layer:
    inputs = np.zeros((k, 6), dtype=bool)
    inputs[: k // 2 : 9] = True
    inputs[:nonzeros, 5] = True  # the fullest block decides
    return simulator.gemm(parse("4:8").generate((20, k), seed=1), inputs)


@pytest.mark.parametrize(
    ("nonzeros", "cycles"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 8), (7, 8), (8, 8)]
)
def test_a_layer_runs_at_the_least_bound_its_inputs_satisfy(nonzeros: int, cycles: int) -> None:
    layer = bound(nonzeros)
    assert np.add.reduceat(layer.inputs.mask, np.arange(0, 256, 8), axis=0).max() == max(1, nonzeros)
    result = simulator.simulate("s2ta", layer, verify=True)
    dense = simulator.simulate("s2ta", bound(8), verify=False)
    assert result.busy["array"] * 8 == dense.busy["array"] * cycles
    assert result.layers[0].choices["inputs_format"] == ("uncompressed" if cycles == 8 else "density_bound")
    assert result.actions["array"]["mac"] == result.layers[0].macs["effectual"]


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (
            {"datapath.streamed": "C1(2:2)->C0(4:4)"},
            InputError,
            "density_bound runs patterns G:H, not C1(2:2)->C0(4:4)",
        ),
        ({"datapath.streamed": "1:8"}, InfeasibleError, "its inputs satisfy no member of 1:8"),
        ({"datapath.weights": "{4}:{6}"}, InfeasibleError, "must hold whole blocks of inputs"),
    ],
)
def test_what_is_refused(changes: dict[str, str], kind: type[SimulatorError], message: str) -> None:
    machine = load_machine("s2ta", Stationary, changes)
    weights = np.ones((3, 16), dtype=bool) & (np.arange(16) % 6 < 4)
    layer = simulator.gemm(
        weights, np.ones((16, 2), dtype=bool), pattern="4:6" if "weights" in str(changes) else None
    )
    with pytest.raises(kind, match=re.escape(message)):
        DensityBound().code(machine, layer)


def test_weights_beyond_the_bound_are_not_dropped() -> None:
    weights = parse("6:8").generate((20, 64), seed=1)
    layer = simulator.gemm(weights, np.ones((64, 3), dtype=bool))
    result = simulator.simulate("s2ta", layer, verify=True)
    assert result.layers[0].choices["weights_pattern"] == "4:4"
    assert result.layers[0].verification.mode == "full"
