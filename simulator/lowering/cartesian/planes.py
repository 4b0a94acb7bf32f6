"""How a plane is dealt: parts one after the other, tiles of a part side by side.

Along an axis with outputs p, inputs y and taps r (y = sh p + dh r - ph), a part computes outputs o0 <= p < o1 and reads the inputs
these need, clipped to the plane (one at least). `tiles` elements get ceil(inputs / tiles) inputs each, in order. An element makes
products for

    ceil((y0 + ph - dh (R - 1)) / sh) <= p <= floor((y1 - 1 + ph) / sh)        of its inputs y0 <= y < y1, clipped to the part

and owns the outputs whose middle tap r = floor((R - 1) / 2) reads one of its inputs (clipped likewise); its window of accumulators
spans both. What lies in the window and is not owned is a halo: sums that go to the owner. Both axes are alike and independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from simulator.workload.einsum import Einsum

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Span:
    """Coordinates first <= x < last; none when they are equal."""

    first: int
    last: int

    def __len__(self) -> int:
        return max(0, self.last - self.first)

    def overlap(self, other: Span) -> int:
        """Coordinates in both."""
        return max(0, min(self.last, other.last) - max(self.first, other.first))

    def hull(self, other: Span) -> Span:
        """The smallest span of both; an empty one does not count."""
        if not len(self) or not len(other):
            return self if len(self) else other
        return Span(min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True)
class Axis:
    """One axis of a convolution.

    Attributes
    ----------
    inputs, outputs : int
    taps, stride, dilation, padding : int
    """

    inputs: int
    outputs: int
    taps: int = 1
    stride: int = 1
    dilation: int = 1
    padding: int = 0

    def needed(self, outputs: Span) -> Span:
        """Inputs that outputs read, at least one."""
        low = outputs.first * self.stride - self.padding
        high = (outputs.last - 1) * self.stride - self.padding + self.dilation * (self.taps - 1)
        clipped = [min(max(y, 0), self.inputs - 1) for y in (low, high)]
        return Span(clipped[0], clipped[1] + 1)

    def owner(self, output: int, inputs: Span) -> int:
        """Input of a part whose holder owns an output."""
        middle = output * self.stride - self.padding + self.dilation * ((self.taps - 1) // 2)
        return min(max(middle, inputs.first), inputs.last - 1)

    def touched(self, inputs: Span, outputs: Span) -> Span:
        """Outputs of a part that inputs make products for."""
        if not len(inputs):
            return Span(outputs.first, outputs.first)
        low = -(-(inputs.first + self.padding - self.dilation * (self.taps - 1)) // self.stride)
        high = (inputs.last - 1 + self.padding) // self.stride
        first, last = max(low, outputs.first), min(high + 1, outputs.last)
        return Span(first, last) if first < last else Span(outputs.first, outputs.first)


@dataclass(frozen=True)
class Tile:
    """What one element has of an axis: its inputs, the outputs it owns, its window."""

    inputs: Span
    owned: Span
    window: Span


def deal(axis: Axis, outputs: Span, tiles: int) -> tuple[Tile, ...]:
    """The tiles of a part along an axis; the last ones may be empty."""
    inputs = axis.needed(outputs)
    size = -(-len(inputs) // tiles)
    owners = [(axis.owner(p, inputs) - inputs.first) // size for p in range(outputs.first, outputs.last)]
    edges = [outputs.first + sum(owner < i for owner in owners) for i in range(tiles + 1)]
    found = []
    for i, (first, last) in enumerate(pairwise(edges)):
        own = Span(first, last)
        held = Span(
            min(inputs.last, inputs.first + i * size), min(inputs.last, inputs.first + (i + 1) * size)
        )
        found.append(Tile(held, own, own.hull(axis.touched(held, outputs))))
    return tuple(found)


@dataclass(frozen=True)
class Shape:
    """A layer as a convolution: a matrix product is one of 1 x 1 over a line.

    Attributes
    ----------
    groups, images, filters, channels : int
        Filters and channels of a group.
    rows, columns : Axis
    """

    groups: int
    images: int
    filters: int
    channels: int
    rows: Axis
    columns: Axis


def shape(einsum: Einsum) -> Shape:
    """The shape of a layer."""
    size = dict(einsum.ranks)
    if einsum.operation == "gemm":
        return Shape(1, 1, size["m"], size["k"], Axis(1, 1), Axis(size["n"], size["n"]))
    p = einsum.parameters
    axes = [
        Axis(
            einsum.inputs[2 + i].size, size[out], size[tap], p["stride"][i], p["dilation"][i], p["padding"][i]
        )
        for i, (out, tap) in enumerate((("p", "r"), ("q", "s")))
    ]
    return Shape(size["g"], size["b"], size["m"], size["c"], *axes)


@dataclass(frozen=True)
class Part:
    """A part of the plane and how it is dealt.

    Attributes
    ----------
    outputs : (Span, Span)
        Rows and columns computed.
    rows, columns : tuple of Tile
        Element number row * len(columns) + column has that tile of each.
    """

    outputs: tuple[Span, Span]
    rows: tuple[Tile, ...]
    columns: tuple[Tile, ...]

    @cached_property
    def tiles(self) -> tuple[tuple[Tile, Tile], ...]:
        """Rows and columns of every element's tile."""
        return tuple(product(self.rows, self.columns))

    @cached_property
    def owned(self) -> tuple[int, ...]:
        """Outputs every element owns, of one filter."""
        return tuple(len(row.owned) * len(column.owned) for row, column in self.tiles)

    @cached_property
    def workers(self) -> tuple[int, ...]:
        """Elements that have inputs or outputs."""
        work = (len(row.inputs) * len(column.inputs) for row, column in self.tiles)
        return tuple(number for number, some in enumerate(map(max, work, self.owned)) if some)

    @cached_property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of every element's window, none where it has no part in it."""
        sizes = [(len(row.window), len(column.window)) for row, column in self.tiles]
        return tuple(sizes[n] if n in self.workers else (0, 0) for n in range(len(sizes)))

    def sent(self, elements: Ints | int, owners: Ints | int) -> Ints:
        """Sums that elements send to owners, per filter; numbers of elements, broadcast."""
        (a, b), (c, d) = (np.divmod(numbers, len(self.columns)) for numbers in (elements, owners))
        rows, columns = self._overlaps
        found: Ints = rows[a, c] * columns[b, d]
        return np.where((elements != owners) & np.isin(elements, self.workers), found, 0)

    @cached_property
    def _overlaps(self) -> tuple[Ints, Ints]:
        """Lines of the window of every tile along an axis that each tile of it owns, shapes (rows, rows), (columns, columns)."""
        rows, columns = (
            np.array([[some.window.overlap(other.owned) for other in axis] for some in axis], dtype=np.int64)
            for axis in (self.rows, self.columns)
        )
        return rows, columns


def parts(made: Shape, cuts: tuple[int, int], grid: tuple[int, int]) -> Iterator[Part]:
    """The parts of a plane cut so often along rows and columns, row by row.

    A part with inputs in one line only is dealt along that line.
    """
    for p in _spans(made.rows.outputs, cuts[0]):
        for q in _spans(made.columns.outputs, cuts[1]):
            lines = len(made.rows.needed(p)), len(made.columns.needed(q))
            tiles = grid
            if 1 in lines and lines != (1, 1):
                count = grid[0] * grid[1]
                tiles = (1, count) if lines[0] == 1 else (count, 1)
            yield Part((p, q), deal(made.rows, p, tiles[0]), deal(made.columns, q, tiles[1]))


def _spans(size: int, cuts: int) -> Iterator[Span]:
    """`size` outputs in at most `cuts` parts, all but the last equal."""
    part = -(-size // cuts)
    for first in range(0, size, part):
        yield Span(first, min(size, first + part))
