"""One block of weights in an element that multiplies all with all, cycle by cycle, product by product.

Written from what the machine's description says, on dense boolean arrays; it shares no line with the compiled kernel. Every cycle:
a step is issued if there is room for its products, then each bank takes at most one product.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.datapath.cartesian import Element

Mask = np.ndarray[Any, Any]
Product = tuple[int, int, int]
"""Filter, row and column in the window."""


@dataclass(frozen=True)
class Tile:
    """What an element holds: geometry of one convolution and its own part of it.

    Attributes
    ----------
    stride, padding, dilation, kernel : (int, int)
    origin : (int, int)
        First input row and column of the tile.
    outputs : ((int, int), (int, int))
        Output rows and columns computed: first, and the one after the last.
    window : (int, int)
        First output row and column of the accumulators.
    """

    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    kernel: tuple[int, int]
    origin: tuple[int, int]
    outputs: tuple[tuple[int, int], tuple[int, int]]
    window: tuple[int, int]

    def landing(self, place: tuple[int, int], tap: tuple[int, int]) -> tuple[int, int] | None:
        """Row and column in the window of the output a product belongs to."""
        found = []
        for axis in range(2):
            at = self.origin[axis] + place[axis] + self.padding[axis] - self.dilation[axis] * tap[axis]
            out, rest = divmod(at, self.stride[axis])
            if rest or not self.outputs[axis][0] <= out < self.outputs[axis][1]:
                return None
            found.append(out - self.window[axis])
        return found[0], found[1]


def stored(mask: Mask, run: int) -> list[tuple[int, bool]]:
    """(Coordinate, whether it is a value) of what run-length coding keeps of a fiber, trailing zeros dropped."""
    longest, zeros, found = 2**run - 1, 0, []
    for coordinate, value in enumerate(mask.tolist()):
        if value:
            found += [(coordinate, True)]
            zeros = 0
        elif zeros == longest:
            found += [(coordinate, False)]
            zeros = 0
        else:
            zeros += 1
    while found and not found[-1][1]:
        found.pop()
    return found


def item(
    element: Element,
    tile: Tile,
    stretches: list[tuple[list[tuple[tuple[int, int, int], bool]], list[tuple[tuple[int, int], bool]]]],
) -> tuple[int, int, int, int]:
    """Cycles, steps, products that land and products of two values of a block.

    Parameters
    ----------
    element : Element
    tile : Tile
    stretches : list of (weights, inputs)
        Stored weights ((filter, r, s), is a value) and inputs ((row, column), is a value), in order.
    """
    program: deque[list[Product | None] | None] = deque()
    values = 0
    for weights, inputs in stretches:
        if not inputs:
            program.append(None)
        for i in range(0, len(inputs), element.inputs):
            for j in range(0, len(weights), element.weights):
                step, live = _step(
                    element, tile, weights[j : j + element.weights], inputs[i : i + element.inputs]
                )
                program.append(step)
                values += live
    steps = [step for step in program if step is not None]
    landed = sum(product is not None for step in steps for product in step)
    return _run(element, program), len(steps), landed, values


def _step(element: Element, tile: Tile, weights: Any, inputs: Any) -> tuple[list[Product | None], int]:
    """What each multiplier makes, input by input, and how many multiply two values."""
    lanes: list[Product | None] = [None] * (element.inputs * element.weights)
    live = 0
    for i, (place, value) in enumerate(inputs):
        for j, ((k, r, s), weight) in enumerate(weights):
            if value and weight:
                live += 1
                at = tile.landing(place, (r, s))
                lanes[i * element.weights + j] = None if at is None else (k, *at)
    return lanes, live


def _run(element: Element, program: deque[list[Product | None] | None]) -> int:
    lanes = element.inputs * element.weights
    queues: list[deque[Product]] = [deque() for _ in range(lanes)]
    cycle = 0
    while program or any(queues):
        if program and program[0] is None:
            program.popleft()
        elif program:
            made = program[0]
            assert made is not None
            full = [len(queue) == element.entries for queue in queues]
            if not any(product is not None and full[lane] for lane, product in enumerate(made)):
                program.popleft()
                for queue, product in zip(queues, made, strict=True):
                    if product is not None:
                        queue.append(product)
        busy = set()
        for lane in [(cycle + i) % lanes for i in range(lanes)]:
            if queues[lane]:
                k, row, column = queues[lane][0]
                bank = (column + element.row_skew * row + element.filter_skew * k) % element.banks
                if bank not in busy:
                    busy.add(bank)
                    queues[lane].popleft()
        cycle += 1
    return cycle
