"""Planes dealt over elements: every input and every output once, and every product to a window."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.datapath.cartesian import Element
from simulator.lowering.cartesian.context import filters_that_fit
from simulator.lowering.cartesian.planes import Axis, Span, deal, parts, shape


def axis(rng: np.random.Generator) -> Axis:
    taps, stride, dilation = (int(x) for x in rng.integers(1, 4, 3))
    padding, outputs = int(rng.integers(0, 4)), int(rng.integers(1, 12))
    inputs = max(1, (outputs - 1) * stride + dilation * (taps - 1) + 1 - 2 * padding)
    return Axis(inputs, outputs, taps, stride, dilation, padding)


@pytest.mark.parametrize("seed", range(50))
def test_inputs_and_outputs_are_dealt_once_and_windows_hold_all_products(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made, tiles = axis(rng), int(rng.integers(1, 6))
    first = int(rng.integers(made.outputs))
    outputs = Span(first, int(rng.integers(first, made.outputs)) + 1)
    found = deal(made, outputs, tiles)
    assert len(found) == tiles
    held = [y for tile in found for y in range(tile.inputs.first, tile.inputs.last)]
    owned = [p for tile in found for p in range(tile.owned.first, tile.owned.last)]
    assert owned == list(range(outputs.first, outputs.last))
    assert held == list(range(held[0], held[0] + len(held)))
    for tile in found:
        for p in range(outputs.first, outputs.last):
            for r in range(made.taps):
                y = made.stride * p + made.dilation * r - made.padding
                if 0 <= y < made.inputs:
                    assert y in held
                if tile.inputs.first <= y < tile.inputs.last:
                    assert tile.window.first <= p < tile.window.last


def test_a_3_by_3_convolution_of_28_by_28_on_8_by_8_elements() -> None:
    (found,) = parts(
        shape(simulator.conv2d(np.ones((2, 1, 3, 3), bool), np.ones((1, 1, 28, 28), bool), 1, 1).einsum),
        (1, 1),
        (8, 8),
    )
    assert [len(tile.inputs) for tile in found.rows] == [4] * 7 + [0]
    assert [tile.owned for tile in found.rows[:2]] == [Span(0, 4), Span(4, 8)]
    assert [tile.window for tile in found.rows[:2]] == [Span(0, 5), Span(3, 9)]
    assert found.windows[9] == (6, 6)
    assert np.flatnonzero(found.sent(9, np.arange(64))).tolist() == [0, 1, 2, 8, 10, 16, 17, 18]
    assert found.sent(9, np.arange(64)).sum() == 36 - 16
    assert 63 not in found.workers


def test_a_line_is_dealt_along_all_elements() -> None:
    (found,) = parts(
        shape(simulator.gemm(np.ones((2, 3), bool), np.ones((3, 100), bool)).einsum), (1, 1), (8, 8)
    )
    assert (len(found.rows), len(found.columns)) == (1, 64)
    assert [len(tile.inputs) for tile in found.columns] == [2] * 50 + [0] * 14


def test_filters_fill_the_fullest_bank() -> None:
    (found,) = parts(
        shape(simulator.gemm(np.ones((2, 3), bool), np.ones((3, 4), bool)).einsum), (1, 1), (1, 1)
    )
    assert found.windows[0] == (1, 4)
    assert filters_that_fit(Element(4, 4, 1, 8, 1, 4), (found,), 100, 3) == 6
    assert (
        filters_that_fit(Element(4, 4, 1, 8, 1, 8), (found,), 100, 3) == 3
    )  # all filters in the same four banks
    assert filters_that_fit(Element(4, 4, 1, 3, 1, 1), (found,), 100, 1) == 0
