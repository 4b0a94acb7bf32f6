"""A part of a product along K is the same matrices, cut."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.errors import InputError
from simulator.workload.matrix import GemmView
from simulator.workload.span import Span

RNG = np.random.default_rng(0)
LAYER = simulator.gemm(
    RNG.integers(-3, 4, (5, 12)).astype(np.int8), RNG.integers(-3, 4, (12, 7)).astype(np.int8)
)


def test_operands_are_those_of_the_coordinates() -> None:
    view, part = GemmView(LAYER), Span(GemmView(LAYER), 4, 10)
    assert (part.M, part.N, part.K) == (5, 7, 6)
    assert (part.weights(0, 1, 4) == view.weights(0, 1, 4)[:, 4:10]).all()
    assert (part.weights_mask(0) == view.weights_mask(0)[:, 4:10]).all()
    assert (part.inputs(0, 2, 5, 1, 6) == view.inputs(0, 6, 9, 1, 6)).all()
    assert part.unique_inputs(0, 0, 6, 0, 7) == (42, int(view.inputs_mask(0, 4, 10, 0, 7).sum()))


def test_parts_add_up_to_the_product() -> None:
    view = GemmView(LAYER)
    total = sum(Span(view, k, k + 4).reference(0, 0, 5, 0, 7) for k in (0, 4, 8))
    assert (total == view.reference(0, 0, 5, 0, 7)).all()


def test_what_lies_beyond_is_refused() -> None:
    with pytest.raises(InputError, match=r"K 8\.\.13: must lie within 0\.\.12"):
        Span(GemmView(LAYER), 8, 13)
    with pytest.raises(InputError, match=r"K 0\.\.5: must lie within 0\.\.4"):
        Span(GemmView(LAYER), 8, 12).inputs(0, 0, 5, 0, 7)
    conv = simulator.conv2d(np.ones((2, 4, 1, 1), np.int8), np.ones((1, 4, 2, 2), np.int8))
    with pytest.raises(InputError, match="K of a convolution cannot be cut"):
        Span(GemmView(conv), 0, 2)
