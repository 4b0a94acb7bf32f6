"""All visits of a loop nest as columns of numbers: :meth:`simulator.mapping.Tiling.walk` without an object per visit.

With the visits in order of (group, A2, B1, A1, K1), see :mod:`simulator.mapping.tiling`, the columns are those of the index grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.outer_product import Unit
from simulator.mapping import Geometry, Tiling

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """Columns of :class:`simulator.mapping.Tile`, each an array of int64, shape (visits,), but for `fetch` and `last`.

    Attributes
    ----------
    group, row, column, first_window, windows, begin, end, rows, columns : ndarray
        See :class:`simulator.mapping.Tile`.
    fetch, last : ndarray, shape (2, visits)
        Of weights and inputs.
    """

    group: Ints
    row: Ints
    column: Ints
    first_window: Ints
    windows: Ints
    begin: Ints
    end: Ints
    rows: Ints
    columns: Ints
    fetch: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.group)


def visits(tiling: Tiling, g: Geometry) -> Visits:
    """The visits of a nest whose accumulator tiles have one number of rows, in execution order."""
    rows_outer = tiling.outer == "M"
    outer, inner = (g.row_tiles, g.column_tiles) if rows_outer else (g.column_tiles, g.row_tiles)
    shape = (g.groups, tiling.blocks(g), inner, tiling.block, tiling.pieces(g))
    group, block, b, place, piece = (grid.ravel() for grid in np.indices(shape, dtype=np.int64))
    start = block * tiling.block
    a, stop = start + place, np.minimum(start + tiling.block, outer)
    kept = a < outer
    group, b, piece, start, a, stop = (x[kept] for x in (group, b, piece, start, a, stop))
    row, column = (a, b) if rows_outer else (b, a)
    first = piece * tiling.windows
    windows = np.minimum(tiling.windows, g.windows - first)
    uses = [_use(tiling, g, tensor, (start, a, stop), b) for tensor in ("weights", "inputs")]
    return Visits(
        group,
        row,
        column,
        first,
        windows,
        (first == 0).astype(np.int64),
        (first + windows == g.windows).astype(np.int64),
        np.minimum(g.rows, g.M - row * g.rows),
        np.minimum(g.columns, g.N - column * g.columns),
        np.array([fetch for fetch, _ in uses], dtype=np.int64),
        np.array([last for _, last in uses], dtype=np.int64),
    )


def _use(
    tiling: Tiling, g: Geometry, tensor: str, block: tuple[Ints, Ints, Ints], b: Ints
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each visit is the first and the last use of the tensor's piece since its fetch."""
    start, a, stop = block
    rows_outer, whole = tiling.outer == "M", tiling.pieces(g) == 1
    outer, inner = (g.row_tiles, g.column_tiles) if rows_outer else (g.column_tiles, g.row_tiles)
    hold, always = tiling.hold[0 if tensor == "weights" else 1], np.ones(len(a), dtype=np.bool_)
    if tiling.is_outer(tensor):
        kept = hold > 0 or (whole and tiling.block == 1)
        return (b == 0, b == inner - 1) if kept else (always, always)
    if hold == 2 or (whole and inner == 1):
        return a == 0, a == outer - 1
    return (a == start, a == stop - 1) if hold == 1 or whole else (always, always)


@dataclass(frozen=True)
class Finished:
    """Tiles of outputs in the order they are drained, arrays of int64, shape (tiles,).

    Attributes
    ----------
    visit, row, column : ndarray
        The visit that ends the reduction, and the unit.
    rows, columns : ndarray
        Outputs.
    """

    visit: Ints
    row: Ints
    column: Ints
    rows: Ints
    columns: Ints


def finished(seen: Visits, unit: Unit, units: tuple[int, int]) -> Finished:
    """Of every visit that ends a reduction the units with outputs, row by row."""
    visit, row, column = (
        grid.ravel()
        for grid in np.meshgrid(np.flatnonzero(seen.end), *(np.arange(n) for n in units), indexing="ij")
    )
    rows = np.minimum(unit.tile_rows, seen.rows[visit] - row * unit.tile_rows)
    columns = np.minimum(unit.tile_columns, seen.columns[visit] - column * unit.tile_columns)
    some = (rows > 0) & (columns > 0)
    return Finished(*(table[some] for table in (visit, row, column, rows, columns)))
