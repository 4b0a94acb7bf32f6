"""Every row at an N of its own, worked by hand; what rows of equal N share; what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, InputError, load_machine
from simulator.datapath.code import Code
from simulator.datapath.row_wise import RowWise, cover
from simulator.errors import SimulatorError
from simulator.hardware.organisations.stationary import Stationary
from simulator.lowering import lower
from simulator.sparsity.patterns import parse

WEIGHTS = np.array(
    [[0, 3, 0, 0, 0, 0, 0, 5], [1, 2, 0, 0, 0, 0, 6, 7], [1, 2, 3, 4, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]]
)
INPUTS = np.array([[2**k, -k] for k in range(8)])


def test_rows_of_three_kinds_come_out_where_they_belong() -> None:
    assert cover(WEIGHTS != 0, (1, 2, 4), 4).tolist() == [1, 2, 4, 1]
    assert cover(WEIGHTS != 0, (2, 4), 4).tolist() == [2, 2, 4, 2]
    code = Code("rows 1:4 x 2, 2:4 x 1, 4:4 x 1", 8, 8, 0, 0, 4, padded=True)
    assert RowWise().outputs(code, WEIGHTS, INPUTS).tolist() == (WEIGHTS @ INPUTS).tolist()
    assert (
        RowWise().outputs(code, WEIGHTS[:, :7], INPUTS[:7]).tolist() == (WEIGHTS[:, :7] @ INPUTS[:7]).tolist()
    )


def rows(*counts: tuple[str, int], k: int = 128) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Rows of several patterns, shuffled."""
    parts = [parse(pattern).generate((count, k), seed=1) for pattern, count in counts]
    return np.random.default_rng(5).permutation(np.concatenate(parts))


def test_rows_run_in_the_order_of_falling_n() -> None:
    weights = rows(("1:4", 30), ("4:4", 10), ("2:4", 20))
    code = RowWise().code(
        load_machine("vegeta", Stationary), simulator.gemm(weights, np.ones((128, 3), dtype=bool))
    )
    assert code.pattern == "rows 1:4 x 30, 2:4 x 20, 4:4 x 10"
    assert code.rows is not None
    assert code.rows.slots.tolist() == [32] * 10 + [16] * 20 + [8] * 30
    assert code.rows.metadata_bits.tolist() == [0] * 10 + [32] * 20 + [16] * 30
    kept = cover(weights, (1, 2, 4), 4)[code.rows.order[0]]
    assert kept.tolist() == [4] * 10 + [2] * 20 + [1] * 30
    assert sorted(code.rows.order[0]) == list(range(60))


@pytest.mark.parametrize(
    ("machine", "counts", "tiles"),
    [
        ("vegeta", [("4:4", 32)], 1),
        ("vegeta", [("4:4", 33)], 2),
        ("vegeta", [("1:4", 128)], 1),
        ("vegeta", [("1:4", 129)], 2),
        ("vegeta", [("4:4", 16), ("2:4", 16), ("1:4", 32)], 1),
        ("vegeta", [("4:4", 16), ("2:4", 17), ("1:4", 32)], 2),
        ("ttc_vegeta_m8", [("1:8", 256)], 1),
        ("ttc_vegeta_m8", [("1:8", 257)], 2),
        ("ttc_vegeta_m8", [("8:8", 8), ("4:8", 16), ("2:8", 32), ("1:8", 64)], 1),
    ],
)
def test_a_pass_holds_as_many_rows_as_fill_its_multipliers(
    machine: str, counts: list[tuple[str, int]], tiles: int
) -> None:
    layer = simulator.gemm(rows(*counts), np.ones((128, 128), dtype=bool))
    result = simulator.simulate(machine, layer, verify=True, overrides={"array.shared_window": "true"})
    assert result.busy["array"] == tiles * (128 // 32) * 128
    lanes = {"4": 32, "2": 16, "1": 8} if machine == "vegeta" else {"8": 32, "4": 16, "2": 8, "1": 4}
    used = sum(count * lanes[pattern[0]] for pattern, count in counts)
    assert result.actions["array"]["mac"] == used * 4 * 128


def test_groups_share_the_cut_and_recorded_outputs_follow_the_rows() -> None:
    rng = np.random.default_rng(2)
    weights = rng.integers(1, 9, (80, 4, 3, 3)) * (
        rng.random((80, 4, 3, 3)) < rng.choice([0.05, 0.5, 1.0], (80, 1, 1, 1))
    )
    inputs = rng.integers(-8, 9, (1, 8, 7, 7))
    layer = simulator.conv2d(weights.astype(np.int8), inputs.astype(np.int8), padding=1, groups=2)
    layer = layer.with_outputs(rng.random((1, 80, 7, 7)) < 0.5)
    result = simulator.simulate("vegeta", layer, verify=True).layers[0]
    assert result.verification.outputs == 80 * 49
    assert "rows of outputs are written in the order the rows of weights run" in result.assumptions


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"datapath.weights": "{1,2}:4"}, InputError, "needs a menu of N:M with one M and N = M in it"),
        ({"datapath.weights": "4:{4,8}"}, InputError, "needs a menu of N:M with one M and N = M in it"),
        ({"datapath.window": "30"}, InputError, "a whole number of blocks of 4"),
        (
            {"datapath.offsets.format": "run_length"},
            InputError,
            "needs datapath.offsets of format coordinate",
        ),
        ({"array.rows": "1", "array.arrays": "1"}, InfeasibleError, "a row of weights needs 32 multipliers"),
    ],
)
def test_what_is_refused(changes: dict[str, str], kind: type[SimulatorError], message: str) -> None:
    layer = simulator.gemm(np.ones((3, 16), dtype=bool), np.ones((16, 2), dtype=bool))
    with pytest.raises(kind, match=re.escape(message)):
        lower(load_machine("vegeta", overrides=changes), layer)


def test_rows_of_a_menu_that_a_group_does_not_have() -> None:
    """Groups share the cut of the rows, so one may have no row of an N that the layer runs."""
    weights = np.zeros((8, 4, 1, 1), dtype=np.int8)
    weights[:4], weights[4:, 0] = 1, 1
    layer = simulator.conv2d(weights, np.ones((1, 8, 3, 3), dtype=np.int8), groups=2)
    for machine in ("vegeta", "ttc_vegeta_m8"):
        assert simulator.simulate(machine, layer, verify=True).layers[0].verification.outputs == 72
