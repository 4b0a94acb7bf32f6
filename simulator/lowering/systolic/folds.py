"""Folds: the pieces of a matrix product Z (M x N) = A (M x K) B (K x N) that fill an R x C array once.

| dataflow | rows | columns | stream | stays |
|---|---|---|---|---|
| os | N | M | K | partial sums |
| ws | K | M | N | weights, K x M |
| is | K | N | M | inputs, K x N |

The stream of a stationary operand is cut to the accumulators below the columns, so that the folds of a tile of outputs, one per R
coordinates of K, follow each other. Loops, outermost first: groups; tiles along the columns and the others (of rows, or of the
stream), in the order asked for; K. Sources: Samajdar et al., SCALE-Sim, ISPASS 2020, table and figures of the mappings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

WEIGHTS, INPUTS = "weights", "inputs"


class Span(NamedTuple):
    """Coordinates start <= x < stop of a rank."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Coordinates in it."""
        return self.stop - self.start


class Slab(NamedTuple):
    """The box of an operand that a fold reads; `x` is a span of M (weights) or N (inputs)."""

    tensor: str
    group: int
    k: Span
    x: Span


@dataclass(frozen=True)
class Fold:
    """One filling of the array.

    Attributes
    ----------
    rows, columns, steps : int
        Multipliers used, R' x C', and the length T of the stream.
    west, north : Slab
        What enters at the left edge, a value per row and step, and at the top edge, a value per column and step.
    m, n : Span
        Outputs it adds to.
    begin, end : bool
        Whether the reduction of these outputs begins and ends here.
    outer : int
        Iteration of the outermost loop.
    """

    rows: int
    columns: int
    steps: int
    west: Slab
    north: Slab
    m: Span
    n: Span
    begin: bool
    end: bool
    outer: int


@dataclass(frozen=True)
class Grid:
    """An array and its dataflow, as integers.

    Attributes
    ----------
    rows, columns, accumulators : int
    dataflow : str
        ``os``, ``ws`` or ``is``.
    outer : str
        ``columns`` or ``others``.
    """

    rows: int
    columns: int
    accumulators: int
    dataflow: str
    outer: str


def spans(size: int, tile: int) -> list[Span]:
    """Cut a rank into tiles; the last may be short."""
    return [Span(start, min(size, start + tile)) for start in range(0, size, tile)]


def tiles(grid: Grid, m: int, n: int) -> tuple[list[Span], list[Span]]:
    """Spans of M and N whose products are the tiles of outputs."""
    height = {"os": grid.columns, "ws": grid.columns, "is": grid.accumulators}[grid.dataflow]
    width = {"os": grid.rows, "ws": grid.accumulators, "is": grid.columns}[grid.dataflow]
    return spans(m, height), spans(n, width)


def depth(grid: Grid, k: int) -> int:
    """Coordinates of K a fold reduces over."""
    return k if grid.dataflow == "os" else min(k, grid.rows)


def folds(grid: Grid, groups: int, m: int, n: int, k: int) -> Iterator[Fold]:
    """All folds of a layer in execution order."""
    pieces, outer = spans(k, depth(grid, k)), -1
    for group in range(groups):
        for first, pairs in _tiles_in_order(grid, m, n):
            outer += 1
            for second in pairs:
                box = (second, first) if _n_outer(grid) else (first, second)
                for piece in pieces:
                    yield _fold(grid, group, box[0], box[1], piece, k, outer)


def _n_outer(grid: Grid) -> bool:
    return (grid.dataflow == "is") == (grid.outer == "columns")


def _tiles_in_order(grid: Grid, m: int, n: int) -> Iterator[tuple[Span, list[Span]]]:
    along_m, along_n = tiles(grid, m, n)
    first, second = (along_n, along_m) if _n_outer(grid) else (along_m, along_n)
    for span in first:
        yield span, second


def _fold(grid: Grid, group: int, m: Span, n: Span, k: Span, whole: int, outer: int) -> Fold:
    weights, inputs = Slab(WEIGHTS, group, k, m), Slab(INPUTS, group, k, n)
    ends = (k.start == 0, k.stop == whole)
    if grid.dataflow == "os":
        return Fold(n.size, m.size, k.size, inputs, weights, m, n, *ends, outer)
    if grid.dataflow == "ws":
        return Fold(k.size, m.size, n.size, inputs, weights, m, n, *ends, outer)
    return Fold(k.size, n.size, m.size, weights, inputs, m, n, *ends, outer)
