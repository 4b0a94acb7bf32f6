"""Steps of a fold, counted multiplier by multiplier."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from simulator.lowering.systolic.wavefront import Shape, active, leaving, skewed, takes

SHAPES = [
    Shape(r, c, t, (whole_r, whole_c), stays, shift)
    for r, c, t, stays, shift in product((1, 2, 5), (1, 3, 4), (1, 2, 7), (False, True), (False, True))
    for whole_r, whole_c in ((r, c), (6, 5))
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_step(shape: Shape) -> None:
    macs, sums = np.zeros((2, shape.length), dtype=np.int64)
    for i, j, t in product(range(shape.rows), range(shape.columns), range(shape.steps)):
        macs[t + i + j] += 1
    down = shape.crossed[0] - 1
    for j in range(shape.columns):
        for t in range(shape.steps) if shape.stays else ():
            sums[t + down + j] += 1
        for i in range(shape.rows) if not shape.stays else ():
            done = shape.steps - 1 + i + j
            bottom = shape.steps - 1 + down + j
            sums[bottom + 1 + down - i if shape.shift else done] += 1
    assert np.array_equal(active(shape), macs)
    assert np.array_equal(leaving(shape), sums)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_edges_are_read_in_time(shape: Shape) -> None:
    west, north = takes(shape)
    assert west.sum() == len(skewed(shape.rows, shape.steps))
    assert skewed(shape.rows, shape.steps).sum() == shape.rows * shape.steps
    assert np.flatnonzero(west)[0] == np.flatnonzero(active(shape))[0]
    assert np.flatnonzero(north)[0] == 0
    assert north.sum() == (1 if shape.stays else shape.steps + shape.columns - 1)


def test_the_known_lengths() -> None:
    rows, columns, steps = 16, 8, 100
    lengths = [
        (shape.pushes, shape.length)
        for stays, shift in ((False, False), (False, True), (True, False))
        for shape in [Shape(rows, columns, steps, (rows, columns), stays, shift)]
    ]
    wave = steps + rows + columns - 2
    assert lengths == [(0, wave), (0, wave + rows), (rows, wave)]
