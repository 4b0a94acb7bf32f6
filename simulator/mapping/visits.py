"""The visits of a loop nest as arrays: what :meth:`simulator.mapping.Tiling.walk` yields one by one, a row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.mapping.tiling import Geometry, Tile, Tiling

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Visits:
    """Visits in execution order; see :class:`simulator.mapping.Tile`.

    Attributes
    ----------
    group, row, column, piece, first_window, windows, rows, columns, steps, load, spaces : ndarray of int64, shape (V,)
        `piece` counts pieces of K.
    begin, end, reads : ndarray of bool, shape (V,)
        `reads`: whether the visit reads weights from the global buffer.
    fetch, last : ndarray of bool, shape (2, V)
        Of weights and inputs.
    turn : int
        Visits after which the loops come again much the same.
    """

    group: Ints
    row: Ints
    column: Ints
    piece: Ints
    first_window: Ints
    windows: Ints
    begin: Flags
    end: Flags
    fetch: Flags
    last: Flags
    rows: Ints
    columns: Ints
    steps: Ints
    load: Ints
    spaces: Ints
    reads: Flags
    turn: int

    def __len__(self) -> int:
        return len(self.group)

    def uses(self, which: int) -> tuple[Flags, Flags]:
        """Whether each visit is the first and the last use of a piece of weights (0) or inputs (1)."""
        return self.fetch[which], self.last[which]

    def tile(self, visit: int) -> Tile:
        """One visit by itself."""
        fetch, last = ((bool(f[0, visit]), bool(f[1, visit])) for f in (self.fetch, self.last))
        return Tile(
            int(self.group[visit]),
            int(self.row[visit]),
            int(self.column[visit]),
            int(self.first_window[visit]),
            int(self.windows[visit]),
            bool(self.begin[visit]),
            bool(self.end[visit]),
            fetch,
            last,
            int(self.rows[visit]),
            int(self.columns[visit]),
            int(self.steps[visit]),
            int(self.load[visit]),
            int(self.spaces[visit]),
        )

    def __iter__(self) -> Iterator[Tile]:
        return (self.tile(visit) for visit in range(len(self)))


def visits(tiling: Tiling, g: Geometry) -> Visits:
    """All visits of a loop nest."""
    leads = tiling.outer == "M"
    outer, inner = (g.row_tiles, g.column_tiles) if leads else (g.column_tiles, g.row_tiles)
    pieces, block = tiling.pieces(g), min(tiling.block, outer)
    start, b, a, group, piece = _loops(g.groups, outer, inner, block, pieces)
    row, column = (a, b) if leads else (b, a)
    first = piece * tiling.windows
    windows = np.minimum(tiling.windows, g.windows - first)
    columns = np.minimum(g.columns, g.N - column * g.columns)
    stop = np.minimum(start + block, outer)
    uses = [_uses(tiling, g, tensor, (start, a, stop, b)) for tensor in ("weights", "inputs")]
    found = Visits(
        group,
        row,
        column,
        piece,
        first,
        windows,
        piece == 0,
        piece == pieces - 1,
        np.stack([use[0] for use in uses]),
        np.stack([use[1] for use in uses]),
        np.diff(g.edges)[row],
        columns,
        -(-columns // g.abreast),
        row,
        np.ones_like(row),
        np.ones(len(row), dtype=np.bool_),
        block * pieces,
    )
    return _by_pass(found, g) if g.passes else found


def _by_pass(v: Visits, g: Geometry) -> Visits:
    """Visits of accumulator tiles and pieces as visits of their passes and single windows."""
    names = ("row", "start", "stop", "spaces")
    row, start, stop, spaces = (np.array([getattr(p, name) for p in g.passes]) for name in names)
    begin, end, reads = (np.array([getattr(p, n) for p in g.passes]) for n in ("begin", "end", "reads"))
    first, count = np.searchsorted(row, np.arange(g.row_tiles)), np.bincount(row, minlength=g.row_tiles)
    last_read = first + np.bincount(row[reads], minlength=g.row_tiles) - 1  # those that read come first
    each = v.windows * count[v.row]
    at = np.repeat(np.arange(len(v)), each)
    place = np.arange(len(at)) - np.repeat(np.cumsum(each) - each, each)
    tile = v.row[at]
    window, load = place // count[tile], first[tile] + place % count[tile]
    last = window == v.windows[at] - 1
    opens, closes = place == 0, place == each[at] - 1
    return replace(
        v,
        group=v.group[at],
        row=tile,
        column=v.column[at],
        piece=v.piece[at],
        first_window=v.first_window[at] + window,
        windows=np.ones_like(at),
        begin=v.begin[at] & (window == 0) & begin[load],
        end=v.end[at] & last & end[load],
        fetch=v.fetch[:, at] & opens,
        last=v.last[:, at] & np.stack([last & (load == last_read[tile]), closes]),
        rows=(stop - start)[load],
        columns=v.columns[at],
        steps=v.steps[at],
        load=load,
        spaces=spaces[load],
        reads=reads[load],
        turn=v.turn * int(each.max()),
    )


def _loops(groups: int, outer: int, inner: int, block: int, pieces: int) -> tuple[Ints, ...]:
    """(First tile of the block, tile of B, tile of A, group, piece) of every visit."""
    blocks = -(-outer // block)
    group, start, b, a, piece = (
        part.ravel() for part in np.indices((groups, blocks, inner, block, pieces), dtype=np.int64)
    )
    start *= block
    a += start
    if outer % block:
        real = a < outer
        group, start, b, a, piece = (part[real] for part in (group, start, b, a, piece))
    return start, b, a, group, piece


def _uses(tiling: Tiling, g: Geometry, tensor: str, at: tuple[Any, ...]) -> tuple[Flags, Flags]:
    """Whether each visit is the first and the last use of the tensor's piece since its fetch."""
    start, a, stop, b = at
    outer, inner = (g.row_tiles, g.column_tiles) if tiling.outer == "M" else (g.column_tiles, g.row_tiles)
    whole, hold = tiling.pieces(g) == 1, tiling.hold[0 if tensor == "weights" else 1]
    if tiling.is_outer(tensor):
        if hold > 0 or (whole and tiling.block == 1):
            return b == 0, b == inner - 1
    elif hold == 2 or (whole and inner == 1):
        return a == 0, a == outer - 1
    elif hold == 1 or whole:
        return a == start, a == stop - 1
    always = np.ones(len(a), dtype=np.bool_)
    return always, always
