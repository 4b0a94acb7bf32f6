"""Weights as they are broadcast: groups of filters, channel by channel, in blocks.

A channel of a group of filters is one fiber: taps (r, s) outer, filters inner, run-length coded; channels without weights are never
sent. A vector holds as many weights as a step multiplies and belongs to one channel. A block is as many stretches as fit in half of
an element's FIFO; a stretch is a channel, or the part of one that fits alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.cartesian import Weights, store
from simulator.lowering.cartesian.planes import Shape

Counts = NDArray[Any]


@dataclass(frozen=True)
class Filters:
    """Filters m0 <= m < m1 of a group, stored.

    Attributes
    ----------
    m0, m1 : int
    weights : Weights
        One block at least, which is without weights when all are zero.
    width : int
        Weights of a vector.
    """

    m0: int
    m1: int
    weights: Weights
    width: int

    @property
    def count(self) -> int:
        """Filters."""
        return self.m1 - self.m0

    @property
    def blocks(self) -> int:
        """Blocks."""
        return len(self.weights.block) - 1

    @cached_property
    def entries(self) -> Counts:
        """Stored weights of every block."""
        return self._summed(self.weights.last - self.weights.first)

    @cached_property
    def vectors(self) -> Counts:
        """Vectors of every block, one for a block without weights."""
        return np.maximum(1, self._summed(-(-(self.weights.last - self.weights.first) // self.width)))

    def _summed(self, stretches: NDArray[np.int32]) -> Counts:
        edges = np.concatenate([np.zeros(1, np.int64), np.cumsum(stretches, dtype=np.int64)])
        return np.diff(edges[self.weights.block])


def filters(values: NDArray[Any], made: Shape, m0: int, width: int, run: int, most: int) -> Filters:
    """Store filters and cut them into blocks.

    Parameters
    ----------
    values : ndarray, shape (filters, K)
        Values or bool; K is (R, S, C), channels fastest.
    made : Shape
    m0 : int
    width : int
        Weights of a vector.
    run : int
        Bits of a run.
    most : int
        Vectors of a block.
    """
    taps = made.rows.taps, made.columns.taps
    count = len(values)
    fibers = values.reshape(count, *taps, made.channels).transpose(3, 1, 2, 0).reshape(made.channels, -1)
    kept = store(np.ascontiguousarray(fibers), run)
    tap, k = np.divmod(kept.coordinate, count)
    r, s = np.divmod(tap, taps[1])
    row, column = made.rows.dilation * (taps[0] - 1 - r), made.columns.dilation * (taps[1] - 1 - s)
    channel, first, last = _stretches(kept.start, width * most)
    block = _blocks(-(-(last - first) // width), most)
    k, row, column = (part.astype(np.int32) for part in (k, row, column))
    channel, first, last, block = (part.astype(np.int32) for part in (channel, first, last, block))
    found = Weights(k, row, column, kept.data, channel, first, last, block)
    return Filters(m0, m0 + count, found, width)


def _stretches(start: NDArray[np.int32], longest: int) -> tuple[Counts, Counts, Counts]:
    """Channel, first and last entry of each stretch of at most `longest` entries."""
    found = [
        (channel, first, min(first + longest, int(start[channel + 1])))
        for channel in range(len(start) - 1)
        for first in range(int(start[channel]), int(start[channel + 1]), longest)
    ]
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _blocks(vectors: Counts, most: int) -> Counts:
    """First stretch of each block, and the one after the last."""
    edges, held = [0], 0
    for stretch, count in enumerate(vectors.tolist()):
        if held + count > most:
            edges.append(stretch)
            held = 0
        held += count
    return np.array([*edges, len(vectors)], dtype=np.int64)
