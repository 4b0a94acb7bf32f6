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
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.crossbar import step
from simulator.errors import InputError
from simulator.jit import kernel, pointer
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
    sizes = element.weights, element.inputs, element.entries, element.banks
    step(
        (*sizes, element.row_skew % element.banks, element.filter_skew % element.banks),
        (weights.block, weights.channel, weights.first, weights.last),
        (weights.filter, weights.row, weights.column, weights.data != 0),
        (inputs.start, inputs.row, inputs.column, inputs.data != 0),
        (place.row, place.column),
        (found.cycles, found.steps, found.products, found.multiplied, found.vectors, found.weights),
    )
    return found


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
    word, words = _words(element, window)
    width = len(place.column)
    plane = np.where(
        (place.row[:, None] >= 0) & (place.column >= 0), place.row[:, None] * window[2] + place.column, -1
    )
    buffer = np.zeros(words, dtype=np.int64)
    _accumulate(
        (element.weights, element.inputs),
        (weights.channel, weights.first, weights.last),
        (weights.filter * (window[1] * window[2]), weights.row * width + weights.column, weights.data),
        (inputs.start, inputs.row * width + inputs.column, inputs.data),
        (plane.ravel(), word, buffer),
    )
    return buffer[word].reshape(window)


@lru_cache(maxsize=64)
def _words(element: Element, window: tuple[int, int, int]) -> tuple[Numbers, int]:
    """The word of every accumulator of a window in banks one after the other, and how many words these have."""
    bank = element.bank(*window).ravel()
    held = np.bincount(bank, minlength=element.banks)
    order = np.argsort(bank, kind="stable")
    slot = np.arange(len(bank)) - np.repeat(np.cumsum(held) - held, held)
    word = np.empty(len(bank), dtype=np.int32)
    word[order] = bank[order] * held.max() + slot
    word.flags.writeable = False
    return word, element.banks * int(held.max())


@kernel
def _accumulate(
    sizes: tuple[int, int],
    stretches: tuple[Numbers, Numbers, Numbers],
    weights: tuple[Numbers, Numbers, NDArray[np.int64]],
    inputs: tuple[Numbers, Numbers, NDArray[np.int64]],
    store: tuple[Numbers, Numbers, NDArray[np.int64]],
) -> None:
    """Vector by vector; `store` says which accumulator of a filter an input and a weight meet at, by the sum of their places (-1:
    none), the word of every accumulator, and has all words of the banks.
    """
    wide, tall = sizes
    channel, first, last = stretches
    meet, word, buffer = pointer(store[0]), pointer(store[1]), pointer(store[2])
    filters, places, values = pointer(weights[0]), pointer(weights[1]), pointer(weights[2])
    for stretch in range(len(channel)):
        a0, a1 = inputs[0][channel[stretch]], inputs[0][channel[stretch] + 1]
        for a in range(a0, a1, tall):
            for w in range(first[stretch], last[stretch], wide):
                for i in range(a, min(a + tall, a1)):
                    here, value = inputs[1][i], inputs[2][i]
                    for j in range(w, min(w + wide, last[stretch])):
                        at = meet[here + places[j]]
                        if at >= 0:
                            buffer[word[filters[j] + at]] += value * values[j]
