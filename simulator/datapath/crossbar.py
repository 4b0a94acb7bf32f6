"""Blocks of weights stepped through the crossbar of an element in one compiled loop; rules: :mod:`simulator.datapath.cartesian`.

The bank of a product is told by two tables: of where an input and a tap meet (a tile's whole plane, NONE where no output lies),
and of the filter (NONE for a zero that had to be stored)::

    at(input) = row * width + column,   at(weight) = likewise,   bank = (meet[at(input) + at(weight)] + filter) mod banks

The products of one vector of inputs with a stretch are worked out at once. What waits behind a multiplier is one word, a byte per
product from the oldest up, bank + 1 in each. A cycle of the crossbar is then, for every multiplier in turn::

    word |= product << 8 (bytes in use);   goes = not taken[word mod 256];   taken |= 1 << (word mod 256);   word >>= 8 goes

where an empty word finds place 0, which is always taken, and nothing is full while no word reaches 256^(entries - 1). That needs
at most 8 products in a queue and 63 banks; any other crossbar is stepped queue by queue.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import inlined, kernel, leading_zeros, pointer, popcount64

Numbers = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.int64]
Flags = NDArray[np.bool_]
Sizes = tuple[int, int, int, int, int, int]
Stretches = tuple[Numbers, Numbers, Numbers, Numbers]
Operands = tuple[Numbers, Numbers, Numbers, Flags]
Tables = tuple[Numbers, Numbers, Numbers]
Found = tuple[Numbers, Numbers, Numbers, Numbers, Numbers, Numbers]

NONE = -(1 << 20)
"""Bank of what has none; with another added it is still below 0."""
BYTE, MOST_BANKS, MOST_ENTRIES = 8, 63, 8


def step(
    sizes: Sizes,
    stretches: Stretches,
    weights: Operands,
    inputs: Operands,
    place: tuple[Numbers, Numbers],
    found: Found,
) -> None:
    """Step through all blocks, one after the other.

    Parameters
    ----------
    sizes : (int, int, int, int, int, int)
        Weights and inputs of a step, products that wait behind a multiplier, banks, skew of a row and of a filter.
    stretches : tuple of ndarray of int32
        First stretch of each block, (blocks + 1,); channel, first and last weight of each stretch.
    weights, inputs : tuple of ndarray
        Filter, row, column and whether it is not zero of each weight; first entry of each channel, and row, column and whether it
        is not zero of each input. int32 and bool.
    place : (ndarray of int32, ndarray of int32)
        Output rows and columns, see :class:`simulator.datapath.cartesian.Places`.
    found : tuple of ndarray of int32, shape (blocks,)
        Filled in: cycles, steps, products that land, products of non-zeros, vectors of inputs and weights read.
    """
    packed = sizes[2] <= MOST_ENTRIES and sizes[3] <= MOST_BANKS
    (_in_words if packed else _in_queues)(sizes, stretches, weights, inputs, place, found)


@inlined
def _tables(sizes: Sizes, weights: Operands, place: tuple[Numbers, Numbers]) -> Tables:
    """`at` and the bank of the filter of every weight, and the plane; see the module."""
    banks, width = sizes[3], len(place[1])
    at, filters = np.empty(len(weights[0]), dtype=np.int32), np.empty(len(weights[0]), dtype=np.int32)
    for entry in range(len(at)):
        at[entry] = weights[1][entry] * width + weights[2][entry]
        filters[entry] = weights[0][entry] * sizes[5] % banks if weights[3][entry] else NONE
    meet = np.full(len(place[0]) * width, NONE, dtype=np.int32)
    for row in range(len(place[0])):
        for column in range(width):
            if place[0][row] >= 0 and place[1][column] >= 0:
                meet[row * width + column] = (place[0][row] * sizes[4] + place[1][column]) % banks
    return at, filters, meet


@inlined
def _work(
    a0: int,
    a1: int,
    w0: int,
    w1: int,
    sizes: Sizes,
    weights: Operands,
    inputs: Operands,
    block: int,
    found: Found,
) -> None:
    """Add the steps of a stretch, what they read, and their products of non-zeros."""
    vectors, live, values = (a1 - a0 + sizes[1] - 1) // sizes[1], 0, 0
    for entry in range(a0, a1):
        live += inputs[3][entry]
    for entry in range(w0, w1):
        values += weights[3][entry]
    found[1][block] += vectors * ((w1 - w0 + sizes[0] - 1) // sizes[0])
    found[3][block] += live * values
    found[4][block] += vectors
    found[5][block] += vectors * (w1 - w0)


@inlined
def _products(
    a: int,
    n: int,
    w0: int,
    w1: int,
    banks: int,
    width: int,
    inputs: Operands,
    tables: Tables,
    made: Bytes,
    stride: int,
) -> int:
    """Bank + 1 of the products of `n` inputs with a stretch, 0 for none, a row of `made` per input; how many land.

    Beyond the stretch, as far as a step can reach, and in the rows of inputs that are missing there are none.
    """
    at, filters, meet, to, landed = (
        pointer(tables[0]),
        pointer(tables[1]),
        pointer(tables[2]),
        pointer(made),
        0,
    )
    for i in range(n):
        first = i * stride - w0
        if inputs[3][a + i]:
            here = inputs[1][a + i] * width + inputs[2][a + i]
            for w in range(w0, w1):
                bank = meet[here + at[w]] + filters[w]
                bank = bank - banks if bank >= banks else bank
                to[first + w] = max(0, bank + 1)
                landed += bank >= 0
        else:
            for w in range(w0, w1):
                to[first + w] = 0
    return landed


@inlined
def _clear(made: Bytes, n: int, tall: int, length: int, wide: int, stride: int) -> None:
    """No products beyond a stretch of `length` and in the rows of inputs that are missing."""
    for i in range(tall):
        for w in range(0 if i >= n else length, length + wide):
            made[i * stride + w] = 0


@inlined
def _held(made: Bytes, queue: Words, places: Words, lanes: int, step: int, full: int) -> bool:
    """Whether a product of a step has no place behind its multiplier."""
    waiting, of, to, held = pointer(queue), pointer(places), pointer(made), False
    for lane in range(lanes):
        held = held or (waiting[lane] >= full and to[of[lane] + step] > 0)
    return held


@inlined
def _issue(
    made: Bytes, queue: Words, orders: Words, places: Words, lanes: int, step: int, turn: int
) -> tuple[int, int]:
    """A cycle in which a step is issued that has room; what it says is that of :func:`_pass`."""
    waiting, order, to, of = pointer(queue), pointer(orders), pointer(made), pointer(places)
    first, taken, together = turn * lanes, 1, 0
    for place in range(first, first + lanes):
        lane = order[place]
        word = waiting[lane]
        word |= np.int64(to[of[place] + step]) << (71 - leading_zeros(word) & 120)
        one = 1 << (word & 255)
        word >>= 0 if one & taken else BYTE
        taken |= one
        waiting[lane] = word
        together |= word
    return popcount64(np.uint64(taken)) - 1, together


@inlined
def _pass(queue: Words, orders: Words, lanes: int, turn: int) -> tuple[int, int]:
    """A cycle without a step, from multiplier `turn` on: products that reached their banks, and all words together."""
    waiting, order, first, taken, together = pointer(queue), pointer(orders), turn * lanes, 1, 0
    for place in range(first, first + lanes):
        lane = order[place]
        word = waiting[lane]
        one = 1 << (word & 255)
        word >>= 0 if one & taken else BYTE
        taken |= one
        waiting[lane] = word
        together |= word
    return popcount64(np.uint64(taken)) - 1, together


@kernel
def _in_words(
    sizes: Sizes,
    stretches: Stretches,
    weights: Operands,
    inputs: Operands,
    place: tuple[Numbers, Numbers],
    found: Found,
) -> None:
    """What waits behind a multiplier is a word."""
    wide, tall, depth, banks = sizes[:4]
    lanes, full, width, tables = (
        wide * tall,
        1 << BYTE * (depth - 1),
        len(place[1]),
        _tables(sizes, weights, place),
    )
    stride, queue = wide, np.zeros(lanes, dtype=np.int64)
    for stretch in range(len(stretches[1])):
        stride = max(stride, stretches[3][stretch] - stretches[2][stretch] + wide)
    made = np.zeros(tall * stride, dtype=np.uint8)
    orders, places = np.empty(lanes * lanes, dtype=np.int64), np.empty(lanes * lanes, dtype=np.int64)
    for at in range(lanes * lanes):
        orders[at] = (at // lanes + at) % lanes
        places[at] = orders[at] // wide * stride + orders[at] % wide
    for b in range(len(stretches[0]) - 1):
        cycle, turn, under_way, landed, together = 0, 0, 0, 0, 0
        for stretch in range(stretches[0][b], stretches[0][b + 1]):
            channel, w0, w1 = stretches[1][stretch], stretches[2][stretch], stretches[3][stretch]
            a0, a1 = inputs[0][channel], inputs[0][channel + 1]
            if a0 == a1:
                passed, together = _pass(queue, orders, lanes, turn)
                cycle, turn, under_way = cycle + 1, turn + 1 if turn + 1 < lanes else 0, under_way - passed
                continue
            _work(a0, a1, w0, w1, sizes, weights, inputs, b, found)
            _clear(made, tall, tall, w1 - w0, wide, stride)
            for a in range(a0, a1, tall):
                n = min(tall, a1 - a)
                if n < tall:
                    _clear(made, n, tall, w1 - w0, wide, stride)
                new = _products(a, n, w0, w1, banks, width, inputs, tables, made, stride)
                landed, under_way = landed + new, under_way + new
                for w in range(0, w1 - w0, wide):
                    while together >= full and _held(made, queue, places, lanes, w, full):
                        passed, together = _pass(queue, orders, lanes, turn)
                        cycle, turn, under_way = (
                            cycle + 1,
                            turn + 1 if turn + 1 < lanes else 0,
                            under_way - passed,
                        )
                    passed, together = _issue(made, queue, orders, places, lanes, w, turn)
                    cycle, turn, under_way = (
                        cycle + 1,
                        turn + 1 if turn + 1 < lanes else 0,
                        under_way - passed,
                    )
        while under_way > 0:
            passed, together = _pass(queue, orders, lanes, turn)
            cycle, turn, under_way = cycle + 1, turn + 1 if turn + 1 < lanes else 0, under_way - passed
        found[0][b], found[2][b] = cycle, landed


@kernel
def _in_queues(
    sizes: Sizes,
    stretches: Stretches,
    weights: Operands,
    inputs: Operands,
    place: tuple[Numbers, Numbers],
    found: Found,
) -> None:
    """What waits behind a multiplier is a queue of any length, and banks are as many as there are."""
    wide, tall, depth, banks = sizes[:4]
    lanes, width, tables = wide * tall, len(place[1]), _tables(sizes, weights, place)
    queue, made = np.zeros((lanes, depth), dtype=np.int32), np.zeros(lanes, dtype=np.int32)
    head, waiting, taken = (
        np.zeros(lanes, dtype=np.int32),
        np.zeros(lanes, dtype=np.int32),
        np.zeros(banks, dtype=np.int64),
    )
    for b in range(len(stretches[0]) - 1):
        cycle, under_way, landed = 0, 0, 0
        taken[:] = -1
        for stretch in range(stretches[0][b], stretches[0][b + 1]):
            channel, w0, w1 = stretches[1][stretch], stretches[2][stretch], stretches[3][stretch]
            a0, a1 = inputs[0][channel], inputs[0][channel + 1]
            if a0 == a1:
                under_way -= _scatter(cycle, queue, head, waiting, taken)
                cycle += 1
                continue
            _work(a0, a1, w0, w1, sizes, weights, inputs, b, found)
            for a in range(a0, a1, tall):
                for w in range(w0, w1, wide):
                    made[:] = -1
                    n, k = min(tall, a1 - a), min(wide, w1 - w)
                    new = _step(a, n, w, k, wide, banks, width, inputs, tables, made)
                    while not _room(made, waiting, depth):
                        under_way -= _scatter(cycle, queue, head, waiting, taken)
                        cycle += 1
                    for lane in range(lanes):
                        if made[lane] >= 0:
                            queue[lane, (head[lane] + waiting[lane]) % depth] = made[lane]
                            waiting[lane] += 1
                    under_way += new - _scatter(cycle, queue, head, waiting, taken)
                    cycle, landed = cycle + 1, landed + new
        while under_way > 0:
            under_way -= _scatter(cycle, queue, head, waiting, taken)
            cycle += 1
        found[0][b], found[2][b] = cycle, landed


@inlined
def _step(
    a: int,
    n: int,
    w: int,
    k: int,
    wide: int,
    banks: int,
    width: int,
    inputs: Operands,
    tables: Tables,
    made: Numbers,
) -> int:
    """Bank of the product of every multiplier, -1 for none; how many land."""
    landed = 0
    for i in range(n):
        here = inputs[1][a + i] * width + inputs[2][a + i]
        for j in range(k):
            bank = tables[2][here + tables[0][w + j]] + tables[1][w + j]
            if inputs[3][a + i] and bank >= 0:
                made[i * wide + j] = bank % banks
                landed += 1
    return landed


@inlined
def _room(made: Numbers, waiting: Numbers, depth: int) -> bool:
    room = True
    for lane in range(len(made)):
        room = room and (made[lane] < 0 or waiting[lane] < depth)
    return room


@inlined
def _scatter(cycle: int, queue: Numbers, head: Numbers, waiting: Numbers, taken: Words) -> int:
    """One cycle of the crossbar; how many products reached their banks."""
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
