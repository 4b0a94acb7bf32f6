"""Structure at alternating ranks, worked by hand; the time it saves; what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, InputError, load_machine
from simulator.datapath.alternating import Alternating
from simulator.datapath.code import Code
from simulator.errors import SimulatorError
from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.formats import BlockList, CoordinatePayload
from simulator.sparsity.patterns import parse

OPERAND = CoordinatePayload((2,), (1,))
SMALL = Code(
    "1:2",
    6,
    3,
    3,
    1,
    2,
    padded=True,
    operand=OPERAND,
    inputs=("block_list", BlockList(1, 3, 2)),
    issued=1,
    delivered=18,
)
#                    one group of three blocks of 2 inputs; a row keeps one weight of each block
WEIGHTS = np.array([[3, 0, 0, 4, 5, 0], [0, 6, 7, 0, 0, 8]])
INPUTS = np.array([[0, 0, 10, 20, 0, 0], [0, 0, 0, 0, 30, 0]]).T


def test_a_block_brings_its_number_and_a_row_its_weights() -> None:
    # column 0 shows block 1 as (10, 20): row 0 keeps 4 at place 1, row 1 keeps 7 at place 0
    # column 1 shows block 2 as (30, 0): row 0 keeps 5 at place 0, row 1 keeps 8 at place 1
    assert Alternating().outputs(SMALL, WEIGHTS, INPUTS).tolist() == [[4 * 20, 5 * 30], [7 * 10, 0]]


def test_a_ragged_group() -> None:
    assert Alternating().outputs(SMALL, WEIGHTS[:, :5], INPUTS[:5]).tolist() == [[80, 150], [70, 0]]


@pytest.mark.parametrize("h", range(2, 9))
def test_structured_inputs_save_steps(h: int) -> None:
    k = 8 * 840
    weights = parse("2:4").generate((128, k), seed=1)
    inputs = parse(f"C1(2:{h})->C0(4:4)").generate((k, 8), axis=0, seed=h)
    result = simulator.simulate("highlight_dsso", simulator.gemm(weights, inputs), verify="auto")
    assert result.busy["array"] == k // (8 * h) * 8
    # every lane multiplies two operands that are not zero
    assert (
        result.actions["array"]["mac"] == result.layers[0].macs["slots"] == result.layers[0].macs["effectual"]
    )


def test_dense_weights_share_blocks_of_inputs() -> None:
    k = 96
    inputs = parse("C1(2:4)->C0(4:4)").generate((k, 5), axis=0, seed=1)
    result = simulator.simulate(
        "highlight_dsso", simulator.gemm(np.ones((128, k), dtype=bool), inputs), verify=True
    )
    assert result.layers[0].choices["weights_pattern"] == "2:2"
    assert result.busy["array"] == k // 16 * 5


def test_the_fullest_group_decides() -> None:
    inputs = parse("C1(2:8)->C0(4:4)").generate((64, 5), axis=0, seed=1)
    inputs[:12, 4] = True  # three blocks in a row: no H of 3 or more
    result = simulator.simulate(
        "highlight_dsso", simulator.gemm(np.ones((4, 64), dtype=bool), inputs), verify=True
    )
    assert result.layers[0].choices["inputs_format"] == "uncompressed"


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"datapath.streamed": "2:4"}, InputError, "inputs C1(G:H)->C0(L:L), not 2:2 and 2:4"),
        ({"array.pes": "3"}, InfeasibleError, "do not fill a row of 3 PEs with 2 multipliers"),
        ({"array.macs": "4"}, InfeasibleError, "do not fill a row of 4 PEs with 4 multipliers"),
    ],
)
def test_what_is_refused(changes: dict[str, str], kind: type[SimulatorError], message: str) -> None:
    weights = np.ones((2, 8), dtype=bool)
    if "array.macs" in changes:
        weights[:, ::2] = False
    layer = simulator.gemm(weights, np.zeros((8, 2), dtype=bool))
    with pytest.raises(kind, match=re.escape(message)):
        Alternating().code(load_machine("highlight_dsso", Stationary, changes), layer)
