"""A mux per multiplier, worked by hand; what a machine takes and refuses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, InputError, Layer, load_machine
from simulator.datapath.code import Code
from simulator.datapath.n_of_m import OneRank
from simulator.errors import SimulatorError
from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.formats import CoordinatePayload, RunLength
from simulator.sparsity.patterns import parse

#                   block 0           | block 1
ROW = np.array([[0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 5, 6]])
INPUTS = np.array([[2**k, -k] for k in range(12)])
EXPECTED = [[3 * 2 + 4 * 32 + 5 * 1024 + 6 * 2048, -3 - 20 - 50 - 66]]
COORDINATES = Code("2:6", 12, 4, 16, 0, 6, padded=True, operand=CoordinatePayload((6,), (2,)))
RUNS = replace(COORDINATES, metadata_bits=8, operand=RunLength(2, 6, 2))


def test_a_row_of_two_blocks_of_six() -> None:
    assert COORDINATES.operand is not None
    coordinates = COORDINATES.operand.encode(ROW)
    assert coordinates.data.tolist() == [3, 4, 5, 6]
    assert coordinates.metadata["offset0"].entries.tolist() == [1, 5, 4, 5]
    assert OneRank().outputs(COORDINATES, ROW, INPUTS).tolist() == EXPECTED


def test_the_same_row_as_runs() -> None:
    assert RUNS.operand is not None
    # 1 zero, 3, 3 zeros, 4; then 4 zeros, which no field of 2 b can tell: 3, 2 leads beyond the block and means 4, 0
    assert RUNS.operand.encode(ROW).metadata["run"].entries.tolist() == [1, 3, 3, 2]
    assert OneRank().outputs(RUNS, ROW, INPUTS).tolist() == EXPECTED


def test_a_ragged_window_and_the_dense_mode() -> None:
    for code in (COORDINATES, RUNS):
        found = OneRank().outputs(code, ROW[:, :11], INPUTS[:11])
        assert found.tolist() == [[3 * 2 + 4 * 32 + 5 * 1024, -3 - 20 - 50]]
    dense = Code("2:2", 4, 4, 0, 0, 1, padded=False)
    weights = np.arange(1, 7).reshape(1, 6)
    assert OneRank().outputs(dense, weights, INPUTS[:6]).tolist() == (weights @ INPUTS[:6]).tolist()


def pruned(pattern: str, k: int = 96, declared: str | None = None) -> Layer:
    weights = parse(pattern).generate((70, k), seed=3)
    return simulator.gemm(weights, np.ones((k, 9), dtype=bool), pattern=declared)


def code(name: str, layer: Layer, **changes: str) -> Code:
    machine = load_machine(name, Stationary, {k.replace("__", "."): v for k, v in changes.items()})
    return OneRank().code(machine, layer)


@pytest.mark.parametrize(
    ("pattern", "window", "bits"),
    [("2:2", 16, (0, 0)), ("2:4", 32, (2, 2)), ("2:6", 48, (4, 2)), ("2:8", 64, (4, 4))],
)
def test_windows_and_offsets_of_the_flexible_core(pattern: str, window: int, bits: tuple[int, int]) -> None:
    for form, width in zip(("coordinate", "run_length"), bits, strict=True):
        for declared in (pattern, None, "recorded"):
            found = code("stc_flexible", pruned(pattern, declared=declared), datapath__offsets__format=form)
            assert (found.pattern, found.window, found.slots, found.metadata_bits) == (
                pattern,
                window,
                16,
                16 * width,
            )


def test_sparser_weights_run_as_the_nearest_pattern_that_holds_them() -> None:
    assert code("stc", pruned("2:8")).pattern == "2:4"
    assert code("stc", pruned("dense")).pattern == "2:2"
    assert (
        code("stc", pruned("2:6")).pattern == "2:2"
    )  # two of six may be three or four of the four they straddle
    assert code("stc", pruned("2:4", declared="C1(4:4)->C0(2:4)")).pattern == "2:4"


def test_weights_whose_runs_do_not_fit_run_denser_or_are_refused() -> None:
    weights = np.zeros((1, 16), dtype=bool)
    weights[0, [6, 7]] = True
    changes = {"datapath__weights": "2:{2,4,8}", "datapath__offsets__format": "run_length"}
    layer = simulator.gemm(weights, np.ones((16, 2), dtype=bool))
    assert code("stc_flexible", layer, **changes).pattern == "2:8"
    changes = {"datapath.weights": "1:{1,5}", "datapath.offsets.format": "run_length"}
    machine = load_machine("stc_flexible", Stationary, changes)
    one = np.zeros((1, 10), dtype=bool)
    one[0, 4] = True
    with pytest.raises(InputError, match="cannot store its weights as 1:5"):
        OneRank().code(machine, simulator.gemm(one, np.ones((10, 2), dtype=bool), pattern="1:5"))
    assert OneRank().code(machine, simulator.gemm(one, np.ones((10, 2), dtype=bool))).pattern == "1:1"


@pytest.mark.parametrize(
    ("layer", "changes", "kind", "message"),
    [
        (
            pruned("2:8", declared="2:8"),
            {},
            InputError,
            "'stc' does not support weights 2:8; it supports 2:{2,4}",
        ),
        (pruned("3:4", declared="2:4"), {}, InputError, "do not satisfy the declared pattern 2:4"),
        (pruned("2:4"), {"array.pes": "15"}, InfeasibleError, "fills 2 multipliers per block, a row has 15"),
        (
            pruned("2:4"),
            {"datapath.weights": "C1(4:4)->C0(2:4)"},
            InputError,
            "runs weights N:M, not C1(4:4)->C0(2:4)",
        ),
    ],
)
def test_what_is_refused(
    layer: Layer, changes: dict[str, str], kind: type[SimulatorError], message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        OneRank().code(load_machine("stc", Stationary, changes), layer)
