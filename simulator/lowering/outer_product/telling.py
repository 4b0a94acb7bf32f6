"""The items of many visits at once, field by field: what units do with slabs, what a read of the GLB moves.

A visit has `windows` slabs; for each, a unit has one item and a read of the GLB one per tile of the block. The fields of an
item are those of :func:`simulator.lowering.outer_product.units.items` and
:func:`simulator.lowering.outer_product.memory.slab_reads`. A table of fields becomes one run that varies from item to item.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel
from simulator.plan import Chunk
from simulator.plan.runs import DEMAND

ITEMS = 1 << 14
"""Items of a program told at once, or those of one visit: what bounds memory."""

Ints = NDArray[np.int64]
Table = NDArray[np.int32]


def parts(group: Ints, items: Ints) -> Iterator[slice]:
    """Consecutive visits of one group that together have at most ITEMS items, or are one; `items` are those of each visit."""
    start, before = 0, np.concatenate([[0], np.cumsum(items)])
    while start < len(group):
        stop = int(np.searchsorted(before, before[start] + ITEMS, side="right")) - 1
        stop = min(max(stop, start + 1), int(np.searchsorted(group, group[start], side="right")))
        yield slice(start, stop)
        start = stop


def varying(table: Table, fields: list[int | None]) -> Chunk:
    """One run of the columns of `table`, a row per field that varies.

    Parameters
    ----------
    table : ndarray of int32, shape (rows, items)
    fields : list of int or None
        For each field of the run its row; None where all items have a 0, -1 where they have a 1.
    """
    count = table.shape[1]
    runs = np.zeros((1, DEMAND + len(fields)), dtype=np.int64)
    varies = np.zeros(runs.shape, dtype=np.uint8)
    runs[0, :DEMAND] = count, count
    for place, row in enumerate(fields, start=DEMAND):
        if row is not None and row >= 0:
            runs[0, place], varies[0, place] = row * count, 1
        elif row is not None:
            runs[0, place] = 1
    return Chunk(runs, varies, table.ravel())


def rows(*columns: NDArray[np.integer] | NDArray[np.bool_]) -> Chunk:
    """Runs without vectors: their counts, then field by field; an array of two axes is several fields."""
    told = [column if column.ndim == 2 else column[:, None] for column in columns]
    table = np.empty((len(told[0]), 1 + sum(column.shape[1] for column in told)), dtype=np.int64)
    table[:, 0], table[:, 1] = told[0][:, 0], 1
    np.concatenate(told[1:], axis=1, out=table[:, 2:], casting="unsafe")
    return Chunk(table, np.zeros(table.shape, dtype=np.uint8), np.zeros(0, dtype=np.int32))


def turns(*runs: tuple[Ints | int, ...]) -> Iterator[Chunk]:
    """Runs without vectors, one of each in turn, those without items left out; each tells its counts first, then its fields."""
    size = max(np.size(column) for run in runs for column in run)
    for start in range(0, size, ITEMS):
        told = np.empty((min(size, start + ITEMS) - start, len(runs), len(runs[0])), dtype=np.int64)
        for number, run in enumerate(runs):
            for place, column in enumerate(run):
                told[:, number, place] = (
                    column if np.ndim(column) == 0 else np.asarray(column)[start : start + ITEMS]
                )
        flat = told.reshape(-1, len(runs[0]))
        yield rows(*flat[flat[:, 0] > 0].T)


@kernel
def fill_items(bursts: Ints, data: Ints, metadata: Ints, sizes: tuple[int, int], table: Table) -> None:
    """Rows of `table`: bytes moved, rows and words written, ready; `data` and `metadata` are rows and words of each piece."""
    row, word = sizes
    item = 0
    for piece in range(len(bursts)):
        count, written, told = bursts[piece], 0, 0
        for number in range(1, count + 1):
            until = (number * data[piece] + count - 1) // count
            words = (number * metadata[piece] + count - 1) // count
            table[1, item], table[2, item] = until - written, words - told
            table[0, item] = max(1, (until - written) * row + (words - told) * word)
            table[3, item] = 1 if number == count else 0
            written, told = until, words
            item += 1


@kernel
def unit_items(
    at: tuple[Ints, ...],
    found: tuple[Table, Table, Table, Table],
    written: tuple[Ints, Ints],
    sizes: tuple[int, int, int, int],
    table: Table,
) -> None:
    """Rows of `table`: cycles, products, gated, written, reads, masks scanned, space, done.

    `at` has per visit the unit's tiles of M and N, the first slab, the slabs, and whether the reduction begins and ends; `found` is
    cycles, steps, products, reads; `sizes` is multipliers, mask reads per coordinate, depth, K.
    """
    multipliers, masks, depth, size = sizes
    item = 0
    for visit in range(len(at[0])):
        m, n, first = at[0][visit], at[1][visit], at[2][visit]
        stop = first + at[3][visit]
        for slab in range(first, stop):
            steps, products = found[1][m, n, slab], found[2][m, n, slab]
            table[0, item], table[1, item] = found[0][m, n, slab], products
            table[2, item] = steps * multipliers - products
            table[3, item] = written[0][m, slab] + written[1][n, slab]
            table[4, item] = found[3][m, n, slab]
            table[5, item] = masks * min(depth, size - depth * slab) if steps > 0 else 0
            table[6, item] = at[4][visit] if slab == first else 0
            table[7, item] = at[5][visit] if slab == stop - 1 else 0
            item += 1


@kernel
def slab_items(
    at: tuple[Ints, ...],
    units: tuple[int, int],
    data: Ints,
    metadata: Ints,
    sizes: tuple[int, int],
    table: Table,
) -> None:
    """Rows of `table`: bytes moved, rows read, words read, take, release, then for each unit whether the slab goes to it.

    `at` has per visit its block, its tiles, the first slab, the slabs, whether the piece is fetched and let go, and the units
    at work that share a tile; `units` is tiles of a whole block and units told of each tile; `data` and `metadata` are bytes
    and words of every slab; `sizes` the bytes of a row and of a word.
    """
    (tiles, sharing), (row, word) = units, sizes
    item = 0
    for visit in range(len(at[0])):
        first, end = at[2][visit], at[3][visit] - 1
        for slab in range(at[3][visit]):
            upper = 1 if slab % (8 * word) == 0 else 0
            for tile in range(at[1][visit]):
                held = data[at[0][visit] * tiles + tile, first + slab]
                words = metadata[at[0][visit] * tiles + tile, first + slab] + upper
                table[0, item] = max(1, held + words * word)
                table[1, item], table[2, item] = (held + row - 1) // row, words
                table[3, item] = at[4][visit] if slab == 0 and tile == 0 else 0
                table[4, item] = at[5][visit] if slab == end and tile == at[1][visit] - 1 else 0
                for unit in range(tiles * sharing):
                    table[5 + unit, item] = 0
                for unit in range(min(sharing, at[6][visit])):
                    table[5 + tile * sharing + unit, item] = 1
                item += 1
