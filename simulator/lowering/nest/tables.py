"""What the walk over all multiplications reads and fills: tensors, their paths, rules, packing, partial sums, records."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.nest.walk import Integers, Shape, Walk

NOTHING = 3
"""A read that does not happen and is in no count; 0, 1 and 2 are actual, gated and skipped."""


class Tensors(NamedTuple):
    """All tensors, the output last, their elements one behind the other.

    Attributes
    ----------
    weights : ndarray of int64, shape (tensors, R)
        Flattened index = sum of weight x coordinate.
    starts : ndarray of int64, shape (tensors + 1,)
    nonzero : ndarray of uint8, shape (elements,)
    values : ndarray of int64, shape (elements of operands,)
    """

    weights: Integers
    starts: Integers
    nonzero: NDArray[np.uint8]
    values: Integers


class Paths(NamedTuple):
    """How tensors reach compute.

    Attributes
    ----------
    codes : ndarray of uint8
        States of the tiles at every operand's innermost memory, (instance, step), one operand behind the other.
    starts, steps, ratios, fans : ndarray of int64, shape (tensors,)
        First code (-1: none), steps of the memory, steps of compute in one, multipliers below an instance.
    shared : ndarray of uint8, shape (tensors,)
        Whether accesses of a step to one point are one.
    absent : ndarray of uint8, shape (tensors,)
        Whether zeros are not stored at the innermost memory.
    """

    codes: NDArray[np.uint8]
    starts: Integers
    steps: Integers
    ratios: Integers
    fans: Integers
    shared: NDArray[np.uint8]
    absent: NDArray[np.uint8]


class Rules(NamedTuple):
    """Rules that decide every multiplication, in the order they are met.

    Attributes
    ----------
    firsts : ndarray of int64, shape (tensors + 1,)
        First rule of every tensor as follower.
    stages, kinds : ndarray of int64, shape (rules,)
        0 at the follower's innermost memory, the next for those passed; 1 gates, 2 skips.
    starts : ndarray of int64, shape (rules + 1,)
        First leader of every rule.
    leaders : ndarray of int64
        Tensors.
    gates, skips : bool
        Of compute itself.
    """

    firsts: Integers
    stages: Integers
    kinds: Integers
    starts: Integers
    leaders: Integers
    gates: bool
    skips: bool


class Packing(NamedTuple):
    """Lanes that hold non-zeros only.

    Attributes
    ----------
    packs : int
        Whether lanes are packed at all.
    lanes : int
        0: lanes are not packed along a spatial rank.
    groups : ndarray of int64, shape (multipliers,)
        Combination of the other spatial loops.
    leaders : ndarray of int64
        Tensors that are non-zero where a position is held.
    slots, cycles : ndarray of int64, shape (instances, steps) or (0, 0)
        Position skipping: of every instance and step of its level; evenly over its `ratio` steps of compute.
    ratio : int
    """

    packs: int
    lanes: int
    groups: Integers
    leaders: Integers
    slots: Integers
    cycles: Integers
    ratio: int


class Sums(NamedTuple):
    """Tiles of partial sums at the output's innermost memory.

    Attributes
    ----------
    walk : Walk
    shape : Shape
    hull : ndarray of int64, shape (A,)
    stream : ndarray of uint8
        What enters: 0 starts from zero, 1 was read back; empty when the output is kept by the outermost memory alone.
    whole : bool
        Whether a tile is the whole tensor, so that a point's address is its index.
    """

    walk: Walk
    shape: Shape
    hull: Integers
    stream: NDArray[np.uint8]
    whole: bool


class Feeds(NamedTuple):
    """What goes to and from compute is a stream per tensor, the output's reads last, then its updates, then the products.

    Attributes
    ----------
    records : ndarray of int64, shape (streams, ROWS, beats)
    words : ndarray of int64, shape (tensors,)
        Bits of a data word.
    single : ndarray of int64, shape (tensors, 2, 3)
        What one point moves, zero or not: data words, bits of metadata, metadata words.
    metadata, compressed : ndarray of uint8, shape (tensors,)
        Whether accesses count metadata, and leave out zeros.
    sums : ndarray of int64
        Times of the instances of all trees.
    leaves, periods : ndarray of int64, shape (streams,)
        First instance in `sums`, -1 where there is one instance only; steps of its innermost granule.
    """

    records: Integers
    words: Integers
    single: Integers
    metadata: NDArray[np.uint8]
    compressed: NDArray[np.uint8]
    sums: Integers
    leaves: Integers
    periods: Integers


class Block(NamedTuple):
    """Some steps in a row, multipliers of a step beside each other, steps one behind the other.

    Attributes
    ----------
    flat : ndarray of int64, shape (tensors, steps x multipliers)
        Element of every tensor, all tensors counted through; -1 where the product does not exist.
    kinds : ndarray of uint8, shape (tensors, steps x multipliers)
        How each operand is read and the output updated.
    worst, zeros, missing : ndarray of uint8, shape (steps x multipliers,)
        Of a product's operands: worst state, how many are zero, how many of those not stored.
    span : ndarray of int64, shape (2,)
        First step, and steps.
    """

    flat: Integers
    kinds: NDArray[np.uint8]
    worst: NDArray[np.uint8]
    zeros: NDArray[np.uint8]
    missing: NDArray[np.uint8]
    span: Integers


class Scratch(NamedTuple):
    """What is known from step to step, and room to work.

    Attributes
    ----------
    met, slot : ndarray of int64, shape (elements,)
        Serial number of the set that last met an element, and its place in the set.
    serial : ndarray of int64, shape (1,)
        Of the last set.
    points, gathered, keys, found : ndarray of int64
    best : ndarray of uint8
    holds : ndarray of uint8, shape (instances, tile)
        Whether a point at the output's innermost memory holds a partial sum.
    lo, hi : ndarray of int64, shape (instances, A)
        Its tiles.
    heard : ndarray of int64, shape (1,)
        How much of the stream of what enters was used.
    """

    met: Integers
    slot: Integers
    serial: Integers
    points: Integers
    gathered: Integers
    keys: Integers
    found: Integers
    best: NDArray[np.uint8]
    holds: NDArray[np.uint8]
    lo: Integers
    hi: Integers
    heard: Integers
