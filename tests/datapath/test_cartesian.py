"""The compiled element against the cycle-stepped one, and edges of its rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.datapath import cartesian
from simulator.datapath.cartesian import Element, Inputs, Places, Stored, Weights, places, service, store
from simulator.errors import InputError
from validation.oracles.cartesian import Tile, item, stored

ELEMENT = Element(4, 4, 2, 32, 8, 5)
DENSITIES = [0.0, 0.05, 0.3, 0.6, 1.0]
RUN = 2


class Case:
    """A random tile, convolution and block of weights of a few channels."""

    def __init__(self, seed: int, density: float | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.channels, self.filters = int(rng.integers(1, 4)), int(rng.integers(1, 9))
        self.kernel, self.stride, self.dilation = (
            tuple(int(x) for x in rng.integers(1, most, 2)) for most in (4, 3, 3)
        )
        self.size = tuple(int(x) for x in rng.integers(1, 7, 2))
        self.origin, self.padding = (tuple(int(x) for x in rng.integers(0, 4, 2)) for _ in range(2))
        drawn = [density if density is not None else float(rng.choice(DENSITIES)) for _ in range(2)]
        self.weights = rng.random((self.channels, *self.kernel, self.filters)) < drawn[0]
        self.inputs = rng.random((self.channels, *self.size)) < drawn[1]
        low = [self._least(axis) for axis in range(2)]
        self.outputs = tuple(
            (first, first + int(rng.integers(1, 8))) for first in (max(0, value) for value in low)
        )
        self.window = tuple(first for first, _ in self.outputs)

    def _least(self, axis: int) -> int:
        reach = self.dilation[axis] * (self.kernel[axis] - 1)
        return -(-(self.origin[axis] + self.padding[axis] - reach) // self.stride[axis])

    def tile(self) -> Tile:
        return Tile(
            self.stride, self.padding, self.dilation, self.kernel, self.origin, self.outputs, self.window
        )

    def stretches(self) -> list:
        found = []
        for c in range(self.channels):
            weights = [
                ((at % self.filters, *divmod(at // self.filters, self.kernel[1])), value)
                for at, value in stored(self.weights[c].ravel(), RUN)
            ]
            inputs = [(divmod(at, self.size[1]), value) for at, value in stored(self.inputs[c].ravel(), RUN)]
            if weights:
                found.append((weights, inputs))
        return found

    def operands(self, values: bool = False) -> tuple[Weights, Inputs, Places]:
        w, a = self.weights.reshape(self.channels, -1), self.inputs.reshape(self.channels, -1)
        if values:
            w, a = (x * self.rng.integers(1, 9, x.shape) for x in (w, a))
        return weights_of(store(w, RUN), self), inputs_of(store(a, RUN), self), self.place()

    def place(self) -> Places:
        axes = [
            places(
                self.origin[i] + self.padding[i],
                self.size[i],
                self.kernel[i],
                self.stride[i],
                self.dilation[i],
                (*self.outputs[i], self.window[i]),
            )
            for i in range(2)
        ]
        return Places(*axes)


def weights_of(kept: Stored, case: Case) -> Weights:
    tap, k = np.divmod(kept.coordinate, case.filters)
    r, s = np.divmod(tap, case.kernel[1])
    row, column = (case.dilation[i] * (case.kernel[i] - 1 - axis) for i, axis in enumerate((r, s)))
    channel = np.flatnonzero(np.diff(kept.start)).astype(np.int32)
    first, last = kept.start[channel], kept.start[channel + 1]
    block = np.array([0, len(channel)], dtype=np.int32)
    types = (x.astype(np.int32) for x in (k, row, column))
    return Weights(*types, kept.data, channel, first, last, block)


def inputs_of(kept: Stored, case: Case) -> Inputs:
    row, column = np.divmod(kept.coordinate, case.size[1])
    return Inputs(kept.start, row.astype(np.int32), column.astype(np.int32), kept.data)


def element(rng: np.random.Generator) -> Element:
    return Element(
        weights=int(rng.integers(1, 6)),
        inputs=int(rng.integers(1, 6)),
        entries=int(rng.integers(1, 5)),
        banks=int(rng.choice([1, 2, 7, 16, 32])),
        row_skew=int(rng.integers(1, 10)),
        filter_skew=int(rng.integers(1, 10)),
    )


def one(made: Element, case: Case) -> tuple[int, ...]:
    found = service(made, *case.operands())
    return tuple(int(x[0]) for x in (found.cycles, found.steps, found.products, found.multiplied))


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(120))
def test_items_equal_the_cycle_stepped_oracle(seed: int) -> None:
    case = Case(seed)
    made = element(case.rng) if seed % 3 else ELEMENT
    assert one(made, case) == item(made, case.tile(), case.stretches())


def test_the_oracles_cases_wait_for_banks_and_behind_multipliers() -> None:
    conflicts = heads = wasted = zeros = 0
    for seed in range(120):
        case = Case(seed, 0.7 if seed % 2 else 0.04)
        made = element(case.rng)
        cycles, steps, products, multiplied = one(made, case)
        conflicts += cycles > steps
        heads += one(replace(made, entries=1000), case)[0] < cycles
        wasted += products < multiplied
        zeros += (case.operands()[1].data == 0).any()
    assert min(conflicts, heads, wasted, zeros) > 5


def test_without_conflicts_a_step_takes_a_cycle() -> None:
    weights, inputs = np.ones((1, 4), bool), np.ones((1, 4), bool)
    case = Case(0)
    case.channels, case.filters, case.kernel, case.stride, case.dilation = 1, 4, (1, 1), (1, 1), (1, 1)
    case.size, case.origin, case.padding = (1, 4), (0, 0), (0, 0)
    case.outputs, case.window = ((0, 1), (0, 4)), (0, 0)
    case.weights, case.inputs = weights.reshape(1, 1, 1, 4), inputs.reshape(1, 1, 4)
    assert one(replace(ELEMENT, filter_skew=4), case) == (1, 1, 16, 16)
    # filters one bank apart: banks 0 .. 6 take 1, 2, 3, 4, 3, 2, 1 products
    assert one(replace(ELEMENT, filter_skew=1), case) == (4, 1, 16, 16)
    assert one(replace(ELEMENT, filter_skew=3), case) == (2, 1, 16, 16)
    assert one(replace(ELEMENT, banks=1), case) == (16, 1, 16, 16)


def test_a_channel_without_inputs_is_seen_in_a_cycle() -> None:
    case = Case(3, 1.0)
    case.inputs[:] = False
    assert one(ELEMENT, case) == (case.channels, 0, 0, 0)


@pytest.mark.parametrize("seed", range(40))
def test_sums_are_those_of_the_products(seed: int) -> None:
    case = Case(seed)
    weights, inputs, place = case.operands(values=True)
    size = case.filters, *(last - first for first, last in case.outputs)
    expected = np.zeros(size, dtype=np.int64)
    tile = case.tile()
    dense_w, dense_a = np.zeros(case.weights.shape, int), np.zeros(case.inputs.shape, int)
    spread = np.repeat(np.arange(case.channels), np.diff(inputs.start))
    dense_a[spread, inputs.row, inputs.column] = inputs.data
    channels = np.repeat(weights.channel, weights.last - weights.first)
    taps = [
        case.kernel[i] - 1 - axis // case.dilation[i] for i, axis in enumerate((weights.row, weights.column))
    ]
    dense_w[channels, taps[0], taps[1], weights.filter] = weights.data
    for c, r, s, k in np.argwhere(dense_w):
        for y, x in np.argwhere(dense_a[c]):
            at = tile.landing((int(y), int(x)), (int(r), int(s)))
            if at is not None:
                expected[(k, *at)] += dense_w[c, r, s, k] * dense_a[c, y, x]
    made = element(case.rng)
    assert np.array_equal(cartesian.accumulate(made, weights, inputs, place, size), expected)


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(InputError, match="banks 0: must be at least 1"):
        replace(ELEMENT, banks=0)
