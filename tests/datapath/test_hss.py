"""Two ranks of selection, worked by hand; what a machine takes and refuses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, InputError, Layer
from simulator.datapath.code import Code
from simulator.datapath.hss import TwoRank
from simulator.hardware import override
from simulator.sparsity.formats import encode_hss
from simulator.sparsity.patterns import Hss, parse

SMALL = Code("C1(1:2)->C0(1:2)", 4, 1, 2, 1, 2, padded=True)
#                    window 0  |  window 1      blocks of 2, one non-empty per window, one value per block
WEIGHTS = np.array([[0, 0, 0, 3, 2, 0, 0, 0], [0, -1, 0, 0, 0, 0, 4, 0]])
INPUTS = np.array([[1, 10], [2, 20], [3, 30], [4, 40], [5, 50], [6, 60], [7, 70], [8, 80]])


def test_two_rows_of_two_windows() -> None:
    operand = encode_hss(WEIGHTS, Hss(((1, 2), (1, 2))))
    assert operand.values[:, :, 0, 0].tolist() == [[3, 2], [-1, 4]]
    assert operand.offset1[:, :, 0].tolist() == [[1, 0], [0, 1]]
    assert operand.offset0[:, :, 0, 0].tolist() == [[1, 0], [1, 0]]
    # row 0: 3 from block 1, place 1 of window 0 (k = 3), 2 from block 0, place 0 of window 1 (k = 4)
    # row 1: -1 from block 0, place 1 (k = 1), 4 from block 1, place 0 of window 1 (k = 6)
    expected = [[3 * 4 + 2 * 5, 3 * 40 + 2 * 50], [-1 * 2 + 4 * 7, -1 * 20 + 4 * 70]]
    assert TwoRank().outputs(SMALL, WEIGHTS, INPUTS).tolist() == expected


def test_a_ragged_window_reads_zeros_beyond_its_end() -> None:
    found = TwoRank().outputs(SMALL, WEIGHTS[:, :7], INPUTS[:7])
    assert found.tolist() == [[22, 220], [26, 260]]
    assert TwoRank().outputs(SMALL, WEIGHTS[:, :5], INPUTS[:5]).tolist() == [[22, 220], [-2, -20]]


def test_a_row_of_highlights_own_lanes() -> None:
    """C1(4:5)->C0(2:3): blocks 0, 2, 3, 4 of the window, block 1 empty."""
    row = np.array([[1, 0, 2, 0, 0, 0, 0, 3, 0, 4, 5, 0, 0, 6, 7]])
    operand = encode_hss(row, Hss(((4, 5), (2, 3))))
    assert operand.offset1.tolist() == [[[0, 2, 3, 4]]]
    assert operand.values.tolist() == [[[[1, 2], [3, 0], [4, 5], [6, 7]]]]
    assert operand.offset0.tolist() == [[[[0, 2], [1, 0], [0, 1], [1, 2]]]]
    code = Code("C1(4:5)->C0(2:3)", 15, 8, 28, 4, 3, padded=True)
    inputs = np.array([[2**k] for k in range(15)])
    expected = 1 + 2 * 2**2 + 3 * 2**7 + 4 * 2**9 + 5 * 2**10 + 6 * 2**13 + 7 * 2**14
    assert TwoRank().outputs(code, row, inputs).tolist() == [[expected]]


@pytest.fixture
def machine() -> simulator.Machine:
    return simulator.load("highlight")


def pruned(pattern: str, k: int = 64, declared: str | None = None) -> Layer:
    weights = parse(pattern).generate((6, k), seed=3)
    return simulator.gemm(weights, np.ones((k, 2), dtype=bool), pattern=declared)


@pytest.mark.parametrize(
    ("ranks", "window", "metadata"),
    [
        ((4, 2), 8, 0),
        ((4, 4), 16, 24),
        ((5, 2), 10, 20),
        ((6, 3), 18, 28),
        ((8, 2), 16, 20),
        ((8, 4), 32, 28),
    ],
)
def test_codes(machine: simulator.Machine, ranks: tuple[int, int], window: int, metadata: int) -> None:
    """Metadata per row and window: 4 ceil(log2 H1) + 8 ceil(log2 H0) bits, none when every rank is full."""
    pattern = f"C1(4:{ranks[0]})->C0(2:{ranks[1]})"
    code = TwoRank().code(machine, pruned(pattern, declared=pattern))
    assert code == Code(pattern, window, 8, metadata, 4, ranks[1], padded=True)
    assert code.stored(window) == code.stored(1) == 8


def test_two_of_four_is_a_rank_below_a_full_one(machine: simulator.Machine) -> None:
    code = TwoRank().code(machine, pruned("2:4", declared="2:4"))
    assert (code.pattern, code.window, code.slots) == ("C1(4:4)->C0(2:4)", 16, 8)


@pytest.mark.parametrize("declared", [None, "recorded", "dense", "unstructured(1)"])
def test_weights_without_a_structure_run_as_the_sparsest_they_satisfy(
    machine: simulator.Machine, declared: str | None
) -> None:
    layer = replace(pruned("C1(4:7)->C0(2:3)", 84), pattern=declared)
    assert TwoRank().code(machine, layer).pattern == "C1(4:7)->C0(2:3)"
    full = simulator.gemm(np.ones((2, 9), bool), np.ones((9, 1), bool), pattern=declared)
    assert TwoRank().code(machine, full).pattern == "C1(4:4)->C0(2:2)"


@pytest.mark.parametrize(
    "declared", ["C1(4:9)->C0(2:4)", "C1(3:4)->C0(2:4)", "2:8", "C2(1:2)->C1(4:4)->C0(2:4)"]
)
def test_unsupported_patterns_are_refused_with_the_choice(machine: simulator.Machine, declared: str) -> None:
    layer = pruned(declared, 80, declared)
    with pytest.raises(
        InputError, match=r"does not support weights .*; it supports C1\(4:\{4\.\.8\}\)->C0\(2:\{2\.\.4\}\)"
    ):
        TwoRank().code(machine, layer)


@pytest.mark.parametrize("declared", ["C1(4:8)->C0(2:4)", "2:4", "unstructured(0.1)"])
def test_weights_that_break_their_declared_pattern_are_refused(
    machine: simulator.Machine, declared: str
) -> None:
    layer = replace(pruned("C1(4:4)->C0(2:2)"), pattern=declared)
    with pytest.raises(InputError, match=re.escape(f"do not satisfy the declared pattern {declared}")):
        TwoRank().code(machine, layer)


def test_weights_outside_every_member_are_refused(machine: simulator.Machine) -> None:
    narrow = override(machine, {"datapath.weights": "C1(4:8)->C0(2:4)"})
    with pytest.raises(InputError, match="satisfy no member of"):
        TwoRank().code(narrow, pruned("C1(4:4)->C0(2:2)"))


@pytest.mark.parametrize("lanes", [{"array.pes": "8"}, {"array.macs": "1"}])
def test_lanes_other_than_the_patterns_are_refused(machine: simulator.Machine, lanes: dict[str, str]) -> None:
    with pytest.raises(InfeasibleError, match="needs 4 PEs per row with 2 MACs each, array has"):
        TwoRank().code(override(machine, lanes), pruned("C1(4:4)->C0(2:4)"))
