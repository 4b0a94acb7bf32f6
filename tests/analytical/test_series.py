"""The closed form of series against sums worked out by hand, and what cannot limit does not."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from simulator.analytical.series import Resources, estimate
from simulator.transform.tasd import Asked, parse
from simulator.workload.layer import Layer, gemm

COUNTED = (
    *("dram_read", "dram_write", "sram_write", "sram_read", "operand_write", "fetch_write", "fetch_read"),
    *("window_shift", "noc_byte", "mac", "value_mux", "operand_read", "psum_read", "psum_write"),
    *("drain_word", "tasd_compare"),
)
FREE = Resources(1024, 4, 32, 128, (1,), None, None, 64, 2, 16, dict.fromkeys(COUNTED, 0.0))
"""1024 multipliers, four arrays, windows of 32; nothing but steps and units takes time, nothing takes energy."""


def layer(m: int, k: int, n: int) -> Layer:
    return gemm(np.ones((m, k), np.int8), np.ones((k, n), np.int8))


def cycles(machine: Resources, case: Layer, told: str | None) -> int:
    side, _, series = (told or "").partition(" ")
    return estimate(machine, case, Asked(side, parse(series)) if told else None)[0]


@pytest.mark.parametrize(
    ("told", "passes"),
    [
        (None, 4),  # 1024 / 32 = 32 rows of a pass: 100 rows in 4
        ("weights 2:4", 2),  # 64 rows
        ("weights 1:4", 1),  # 128 rows
        ("weights 2:4+1:4", 3),
        ("weights 4:4", 4),
    ],
)
def test_steps_are_windows_times_columns_times_passes(told: str | None, passes: int) -> None:
    assert cycles(FREE, layer(100, 70, 50), told) == 3 * 50 * passes


def test_inputs_and_weights_change_places() -> None:
    assert cycles(replace(FREE, units=None), layer(50, 70, 100), "inputs 2:4") == 3 * 50 * 2


def test_units_bound_series_of_inputs_only() -> None:
    slow = replace(FREE, units=1)
    taken = 3 * 100 * 8 * 2  # windows, rows, blocks, non-zeros of each
    assert cycles(slow, layer(50, 70, 100), "inputs 2:4") == taken > 3 * 50 * 2
    assert cycles(slow, layer(100, 70, 50), "weights 2:4") == 3 * 50 * 2


def test_windows_at_once_are_as_many_as_are_fastest() -> None:
    wide = replace(FREE, abreast=(1, 2, 4))
    few = layer(8, 64, 100)
    assert cycles(FREE, few, "weights 2:4") == 2 * 100
    assert cycles(wide, few, "weights 2:4") == 2 * 25
    assert cycles(wide, layer(64, 64, 100), "weights 2:4") == 2 * 100


def test_bandwidths_bound() -> None:
    case = layer(64, 64, 256)
    loads = 2 * (64 * 16 * Fraction(5, 4)) * 2  # windows, values with 2 b places, tiles of columns
    assert cycles(replace(FREE, glb=Fraction(8)), case, "weights 2:4") == (2 * 256 * 32 + loads) / 8
    moved = 2 * 64 * 16 * Fraction(5, 4) + 64 * 256 + 64 * 256
    assert cycles(replace(FREE, dram=Fraction(16)), case, "weights 2:4") == moved / 16


@pytest.mark.parametrize(
    ("action", "count"),
    [
        ("mac", 64 * 64 * 256 // 2),
        ("psum_write", 2 * 64 * 256),
        ("drain_word", 64 * 256),
        ("operand_write", 2 * 64 * 16 * 2),
        ("noc_byte", 4 * 2 * 32 * 256),
        ("dram_write", 64 * 256 // 8),
    ],
)
def test_energy_is_counts_times_the_table(action: str, count: int) -> None:
    priced = replace(FREE, energies={**FREE.energies, action: 3.0})
    assert estimate(priced, layer(64, 64, 256), Asked("weights", parse("2:4")))[1] == 3 * count


def test_comparisons_are_those_of_inputs() -> None:
    priced = replace(FREE, energies={**FREE.energies, "tasd_compare": 1.0})
    picks = 2 * 64 * 8 * 2  # windows, rows, blocks, non-zeros of each
    assert estimate(priced, layer(128, 64, 64), Asked("inputs", parse("2:4")))[1] == picks * 3
    assert estimate(priced, layer(64, 64, 256), Asked("weights", parse("2:4")))[1] == 0
