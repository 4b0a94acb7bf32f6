"""Cartesian-product datapath (SCNN): every stored weight of a channel meets every stored input of it, and products are scattered.

An element multiplies `inputs` stored inputs with `weights` stored weights of one channel in a step, all with all. Input (y, x) and
weight (k, r, s) make a product for output (k, p, q), and only some make one at all::

    p = (y + ph - dh r) / sh,   q = (x + pw - dw s) / sw,     whole numbers within the outputs that are computed

An item is a block of weights: stretches of channels. For each stretch, for each vector of the channel's inputs, for each vector of
its weights: one step. Zeros that run-length coding had to store take their place in a vector, but make no product.

Accumulator (k, p, q) of the element's window lies in bank (q + row_skew p + filter_skew k) mod `banks`, p, q and k counted from
the window's first. A bank takes one product per cycle, reads the sum, adds and writes. Behind every multiplier `entries` products
can wait. An item begins in cycle 0 with nothing under way; in every cycle, in this order,

- issue: the next step, when behind every multiplier that makes a product fewer than `entries` wait; a stretch whose channel has no
  inputs takes the one cycle in which that is seen;
- scatter: the multipliers are visited in turn from (cycle mod multipliers) on; the oldest product of each goes to its bank unless
  an earlier one of this cycle did.

The item ends with the last cycle in which anything was issued or scattered. Without conflicts it takes a cycle per step.

Sources: SCNN (Parashar et al., ISCA 2017, arXiv 1708.04485) has the Cartesian product, the scatter network and the banks; what its
hash to banks, its queues and its arbitration are was not at hand, see the machine's description.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.jit import inlined, kernel
from simulator.sparsity.formats import RunLength

Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Element:
    """One processing element.

    Attributes
    ----------
    weights, inputs : int
        Operands of a step.
    entries : int
        Products that can wait behind a multiplier.
    banks : int
        Banks of the accumulators.
    row_skew, filter_skew : int
        Banks from an accumulator to that of the next line, the next filter.

    Raises
    ------
    InputError
        A number below 1.
    """

    weights: int
    inputs: int
    entries: int
    banks: int
    row_skew: int
    filter_skew: int

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise InputError(f"{name} {value}: must be at least 1")

    @property
    def multipliers(self) -> int:
        """Products of a step."""
        return self.weights * self.inputs

    def bank(self, filters: int, rows: int, columns: int) -> NDArray[np.int64]:
        """Bank of every accumulator of a window, shape (filters, rows, columns)."""
        k, p, q = np.ogrid[:filters, :rows, :columns]
        found: NDArray[np.int64] = (q + self.row_skew * p + self.filter_skew * k) % self.banks
        return found


@dataclass(frozen=True)
class Stored:
    """Fibers as run-length coding stores them.

    Attributes
    ----------
    start : ndarray of int32, shape (fibers + 1,)
        First entry of each fiber.
    coordinate : ndarray of int32, shape (entries,)
    data : ndarray, shape (entries,)
        Values, 0 where a run was too long to tell without one; of a mask 0 and 1.
    """

    start: Numbers
    coordinate: Numbers
    data: NDArray[Any]


def store(fibers: NDArray[Any], run: int) -> Stored:
    """Store fibers, shape (fibers, coordinates), values or bool, with runs of `run` bits."""
    coded = RunLength(run)
    encoded = coded.encode(fibers.view(np.int8) if fibers.dtype == np.bool_ else fibers)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(encoded.per_fiber)])
    ends = np.concatenate(
        [np.zeros(1, np.int64), np.cumsum(encoded.metadata["run"].entries.astype(np.int64) + 1)]
    )
    first = np.repeat(ends[start[:-1]], encoded.per_fiber)
    coordinate = ends[1:] - first - 1
    return Stored(start.astype(np.int32), coordinate.astype(np.int32), encoded.data)


@dataclass(frozen=True)
class Weights:
    """Stored weights of some filters, cut into stretches of channels.

    Attributes
    ----------
    filter, row, column : ndarray of int32, shape (entries,)
        Coordinates k, and dh (R - 1 - r) and dw (S - 1 - s).
    data : ndarray, shape (entries,)
        Values, or 0 and 1.
    channel, first, last : ndarray of int32, shape (stretches,)
        Entries first <= e < last of a channel.
    block : ndarray of int32, shape (blocks + 1,)
        First stretch of each block.
    """

    filter: Numbers
    row: Numbers
    column: Numbers
    data: NDArray[Any]
    channel: Numbers
    first: Numbers
    last: Numbers
    block: Numbers


@dataclass(frozen=True)
class Inputs:
    """Stored inputs of an element's tile.

    Attributes
    ----------
    start : ndarray of int32, shape (channels + 1,)
        First entry of each channel.
    row, column : ndarray of int32, shape (entries,)
        From the first of the tile.
    data : ndarray, shape (entries,)
        Values, or 0 and 1.
    """

    start: Numbers
    row: Numbers
    column: Numbers
    data: NDArray[Any]


@dataclass(frozen=True)
class Places:
    """Where products go.

    Attributes
    ----------
    row, column : ndarray of int32
        Output row and column in the element's window by the sum of an input's and a weight's `row` (`column`), -1 where there is
        none.
    """

    row: Numbers
    column: Numbers


def places(
    first: int, size: int, taps: int, stride: int, dilation: int, outputs: tuple[int, int, int]
) -> Numbers:
    """Outputs along an axis by index i = (input - first) + dilation (taps - 1 - tap), -1 for none.

    Parameters
    ----------
    first, size : int
        First input of the tile, padding included (y + ph), and how many there are.
    taps, stride, dilation : int
    outputs : (int, int, int)
        First output computed, the one after the last, first of the window.
    """
    reach = dilation * (taps - 1)
    found = np.full(max(0, size) + reach, -1, dtype=np.int32)
    at = first - reach + np.arange(len(found))
    out = at // stride
    landed = (at % stride == 0) & (out >= outputs[0]) & (out < outputs[1])
    found[landed] = out[landed] - outputs[2]
    return found


@dataclass(frozen=True)
class Service:
    """What the blocks of some weights ask of an element, each int32 of shape (blocks,).

    Attributes
    ----------
    cycles, steps : ndarray
    products : ndarray
        Products of two non-zeros that land in an output.
    multiplied : ndarray
        Products of two non-zeros, landed or not.
    vectors, weights : ndarray
        Vectors of inputs read, and weights read.
    """

    cycles: Numbers
    steps: Numbers
    products: Numbers
    multiplied: Numbers
    vectors: Numbers
    weights: Numbers


def service(element: Element, weights: Weights, inputs: Inputs, place: Places) -> Service:
    """Service time and work of every block; see the module."""
    found = Service(*(np.zeros(len(weights.block) - 1, dtype=np.int32) for _ in range(6)))
    rows = np.where(place.row < 0, -1, place.row * element.row_skew % element.banks).astype(np.int32)
    columns = np.where(place.column < 0, -1, place.column % element.banks).astype(np.int32)
    filters = (weights.filter * np.int64(element.filter_skew) % element.banks).astype(np.int32)
    _blocks(
        (element.weights, element.inputs, element.entries, element.banks),
        (weights.block, weights.channel, weights.first, weights.last),
        (filters, weights.row, weights.column, weights.data != 0),
        (inputs.start, inputs.row, inputs.column, inputs.data != 0),
        (rows, columns),
        (found.cycles, found.steps, found.products, found.multiplied, found.vectors, found.weights),
    )
    return found


@kernel
def _blocks(
    sizes: tuple[int, int, int, int],
    stretches: tuple[Numbers, Numbers, Numbers, Numbers],
    weights: tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]],
    inputs: tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]],
    place: tuple[Numbers, Numbers],
    found: tuple[Numbers, Numbers, Numbers, Numbers, Numbers, Numbers],
) -> None:
    """All blocks, one after the other; `found` is as in :class:`Service`."""
    wide, tall, depth, banks = sizes
    block, channel, first, last = stretches
    lanes = wide * tall
    queue = np.zeros((lanes, depth), dtype=np.int32)
    head, waiting, target = np.zeros((3, lanes), dtype=np.int32)
    taken = np.zeros(banks, dtype=np.int64)
    for b in range(len(block) - 1):
        cycle, under_way, steps, products, multiplied, vectors, read = 0, 0, 0, 0, 0, 0, 0
        taken[:] = -1
        for stretch in range(block[b], block[b + 1]):
            a0, a1 = inputs[0][channel[stretch]], inputs[0][channel[stretch] + 1]
            w0, w1 = first[stretch], last[stretch]
            if a0 == a1:
                under_way -= _scatter(cycle, queue, head, waiting, taken)
                cycle += 1
                continue
            vectors += (a1 - a0 + tall - 1) // tall
            for a in range(a0, a1, tall):
                read += w1 - w0
                for w in range(w0, w1, wide):
                    made, live = _products(a, a1, w, w1, wide, tall, banks, weights, inputs, place, target)
                    while not _room(target, waiting, depth):
                        under_way -= _scatter(cycle, queue, head, waiting, taken)
                        cycle += 1
                    for lane in range(lanes):
                        if target[lane] >= 0:
                            queue[lane, (head[lane] + waiting[lane]) % depth] = target[lane]
                            waiting[lane] += 1
                    under_way += made - _scatter(cycle, queue, head, waiting, taken)
                    cycle, steps = cycle + 1, steps + 1
                    products, multiplied = products + made, multiplied + live
        while under_way > 0:
            under_way -= _scatter(cycle, queue, head, waiting, taken)
            cycle += 1
        found[0][b], found[1][b], found[2][b], found[3][b] = cycle, steps, products, multiplied
        found[4][b], found[5][b] = vectors, read


@inlined
def _products(
    a0: int,
    a1: int,
    w0: int,
    w1: int,
    wide: int,
    tall: int,
    banks: int,
    weights: tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]],
    inputs: tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]],
    place: tuple[Numbers, Numbers],
    target: Numbers,
) -> tuple[int, int]:
    """Bank of every multiplier's product in `target`, -1 for none; (products that land, products of non-zeros)."""
    made, live = 0, 0
    target[:] = -1
    for i in range(min(tall, a1 - a0)):
        if not inputs[3][a0 + i]:
            continue
        y, x = inputs[1][a0 + i], inputs[2][a0 + i]
        for j in range(min(wide, w1 - w0)):
            if not weights[3][w0 + j]:
                continue
            live += 1
            row, column = place[0][y + weights[1][w0 + j]], place[1][x + weights[2][w0 + j]]
            if row >= 0 and column >= 0:
                target[i * wide + j] = (row + column + weights[0][w0 + j]) % banks
                made += 1
    return made, live


@inlined
def _room(target: Numbers, waiting: Numbers, depth: int) -> bool:
    room = True
    for lane in range(len(target)):
        room = room and (target[lane] < 0 or waiting[lane] < depth)
    return room


@inlined
def _scatter(cycle: int, queue: Numbers, head: Numbers, waiting: Numbers, taken: NDArray[np.int64]) -> int:
    """One cycle of the scatter network; how many products reached their banks."""
    lanes, depth = queue.shape
    passed = 0
    lane = cycle % lanes
    for _ in range(lanes):
        if waiting[lane] > 0:
            bank = queue[lane, head[lane]]
            if taken[bank] != cycle:
                taken[bank] = cycle
                head[lane] = (head[lane] + 1) % depth
                waiting[lane] -= 1
                passed += 1
        lane = lane + 1 if lane + 1 < lanes else 0
    return passed


def accumulate(
    element: Element, weights: Weights, inputs: Inputs, place: Places, window: tuple[int, int, int]
) -> NDArray[np.int64]:
    """Sums of a window through stretches, vectors, scatter into the banks and reading the banks out.

    Parameters
    ----------
    element : Element
    weights, inputs : Weights, Inputs
        Data are int64.
    place : Places
    window : (int, int, int)
        Filters, rows and columns.

    Returns
    -------
    ndarray of int64, shape `window`
    """
    bank = element.bank(*window).ravel()
    slot = np.zeros(len(bank), dtype=np.int64)
    for number in range(element.banks):
        here = bank == number
        slot[here] = np.arange(np.count_nonzero(here))
    buffer = np.zeros((element.banks, int(slot.max(initial=0)) + 1), dtype=np.int64)
    _accumulate(
        (element.weights, element.inputs, window[1], window[2]),
        (weights.channel, weights.first, weights.last),
        (weights.filter, weights.row, weights.column, weights.data),
        (inputs.start, inputs.row, inputs.column, inputs.data),
        (place.row, place.column),
        (bank, slot, buffer),
    )
    return buffer[bank, slot].reshape(window)


@kernel
def _accumulate(
    sizes: tuple[int, int, int, int],
    stretches: tuple[Numbers, Numbers, Numbers],
    weights: tuple[Numbers, Numbers, Numbers, NDArray[np.int64]],
    inputs: tuple[Numbers, Numbers, Numbers, NDArray[np.int64]],
    place: tuple[Numbers, Numbers],
    store: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Vector by vector; `store` is the bank and the place in it of every accumulator, and the banks."""
    wide, tall, rows, columns = sizes
    channel, first, last = stretches
    bank, slot, buffer = store
    for stretch in range(len(channel)):
        a0, a1 = inputs[0][channel[stretch]], inputs[0][channel[stretch] + 1]
        for a in range(a0, a1, tall):
            for w in range(first[stretch], last[stretch], wide):
                for i in range(a, min(a + tall, a1)):
                    for j in range(w, min(w + wide, last[stretch])):
                        row = place[0][inputs[1][i] + weights[1][j]]
                        column = place[1][inputs[2][i] + weights[2][j]]
                        if row >= 0 and column >= 0:
                            at = (weights[0][j] * rows + row) * columns + column
                            buffer[bank[at], slot[at]] += inputs[3][i] * weights[3][j]
