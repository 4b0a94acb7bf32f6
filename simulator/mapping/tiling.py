"""The loop nest of a stationary-weight machine, DRAM to array.

With A the outer of M and N and B the other::

    for group                        convolution groups, one after the other
      for A2                         blocks of A, `block` accumulator tiles each
        for B1                       accumulator tiles of B
          for A1                     accumulator tiles of the block: `rows` x `columns` outputs
            for K1                   pieces of K, `windows` windows each
              for k                  passes: a window; its weights are loaded
                for n                steps: one window of inputs against the loaded weights

Operands move in pieces: an accumulator tile of M (weights) or N (inputs) by a piece of K. The GLB holds some
pieces of each; how long one stays is the operand's `hold`:

    0  for one visit; the next is fetched meanwhile
    1  the outer operand: its block for all of B1; the other: its tile's pieces for all of A1
    2  the whole operand, fetched once

Partial sums stay in the accumulators, so K is innermost. Pieces are fetched and let go in the same order, so
they share one queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InfeasibleError, InputError
from simulator.hardware.mapping import Mapping
from simulator.mapping.passes import Pass
from simulator.mapping.ranking import Candidates, first_of_least, grid

_TENSORS = ("weights", "inputs")


@dataclass(frozen=True)
class Geometry:
    """Sizes in array units.

    Attributes
    ----------
    groups, M, N, K : int
        Elements.
    rows, columns, window : int
        Rows (M) and columns (N) of an accumulator tile, coordinates of K per step.
    abreast : int
        Columns a step works on at once.
    cuts : tuple of int
        First row of every accumulator tile, and M, when tiles have different numbers of rows; `rows` is then the
        largest.
    terms : tuple of (int, int)
        Coordinates of K and of a window of every term of a sum of products that have inputs of their own, and whose windows
        follow one another; empty: there is one product, or terms share their inputs.
    passes : tuple of Pass
        Passes over every window of each accumulator tile, tile after tile, when they are not one over all rows: those of terms
        that share their inputs.
    """

    groups: int
    M: int
    N: int
    K: int
    rows: int
    columns: int
    window: int
    abreast: int
    cuts: tuple[int, ...] = field(default=(), kw_only=True)
    terms: tuple[tuple[int, int], ...] = field(default=(), kw_only=True)
    passes: tuple[Pass, ...] = field(default=(), kw_only=True)

    @cached_property
    def row_tiles(self) -> int:
        """Accumulator tiles along M."""
        return len(self.cuts) - 1 if self.cuts else -(-self.M // self.rows)

    def span(self, row: int) -> tuple[int, int]:
        """First row of a row tile, and the one after its last."""
        if self.cuts:
            return self.cuts[row], self.cuts[row + 1]
        return row * self.rows, min(self.M, (row + 1) * self.rows)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """First row of every row tile, and M."""
        return np.array(self.cuts or [*range(0, self.M, self.rows), self.M], dtype=np.int64)

    @cached_property
    def column_tiles(self) -> int:
        """Accumulator tiles along N."""
        return -(-self.N // self.columns)

    @cached_property
    def windows(self) -> int:
        """Steps along K."""
        return sum(-(-depth // window) for depth, window in self.terms or ((self.K, self.window),))

    @cached_property
    def steps(self) -> int:
        """Steps of the whole layer."""
        full, rest = divmod(self.N, self.columns)
        columns = full * -(-self.columns // self.abreast) + -(-rest // self.abreast)
        return self.groups * (len(self.passes) or self.row_tiles) * self.windows * columns


class Sizes(Protocol):
    """Exact storage of tiles, answered from the recorded operands."""

    def piece(self, tensor: str, windows: int) -> tuple[int, int]:
        """Largest (data bytes, metadata bytes) of a piece of `weights` or `inputs` of so many windows in the
        GLB.
        """
        ...

    def total(self, tensor: str, windows: int) -> int:
        """DRAM bytes of fetching every piece of `weights` or `inputs` of so many windows once."""
        ...


@dataclass(frozen=True)
class Tile:
    """One visit: an accumulator tile and a piece of K.

    `rows` and `columns` are the outputs it really has, `steps` those of one pass. `row` and `column` count
    accumulator tiles, `first_window` and `windows` windows. `fetch` and `last` say for weights and inputs
    whether this visit is the first to use a fetched piece, and the last. `begin` and `end` say whether the
    reduction begins and ends here. Where an accumulator tile takes several passes, a visit is a pass over one window: `load`
    counts passes, `spaces` the shares of an accumulator column it has (otherwise `row` and 1).
    """

    group: int
    row: int
    column: int
    first_window: int
    windows: int
    begin: bool
    end: bool
    fetch: tuple[bool, bool]
    last: tuple[bool, bool]
    rows: int
    columns: int
    steps: int
    load: int
    spaces: int = 1


@dataclass(frozen=True)
class Tiling:
    """A loop nest: see the module.

    Attributes
    ----------
    outer : str
        ``M`` or ``N``: the rank A.
    block : int
        Accumulator tiles of A in a block.
    windows : int
        Windows in a piece.
    hold : (int, int)
        Of weights and inputs, 0 to 2.
    """

    outer: str
    block: int
    windows: int
    hold: tuple[int, int]

    def pieces(self, g: Geometry) -> int:
        """Pieces along K."""
        return -(-g.windows // self.windows)

    def _tiles(self, g: Geometry, outer: bool) -> int:
        return g.row_tiles if (self.outer == "M") == outer else g.column_tiles

    def blocks(self, g: Geometry) -> int:
        """Blocks of A."""
        return -(-self._tiles(g, True) // self.block)

    def visits(self, g: Geometry) -> int:
        """Visits of the whole layer."""
        return g.groups * g.row_tiles * g.column_tiles * self.pieces(g)

    def is_outer(self, tensor: str) -> bool:
        """Whether `tensor` is the operand with rank A."""
        return (tensor == "weights") == (self.outer == "M")

    def refetch(self, g: Geometry, tensor: str) -> int:
        """Times each piece of `tensor` is fetched."""
        hold = self.hold[_TENSORS.index(tensor)]
        if self.is_outer(tensor):
            alone = self.pieces(g) == 1 and self.block == 1
            return 1 if hold or alone else self._tiles(g, False)
        if hold == 2 or (self.pieces(g) == 1 and self._tiles(g, False) == 1):
            return 1
        kept = hold == 1 or self.pieces(g) == 1
        return self.blocks(g) if kept else self._tiles(g, True)

    def live(self, g: Geometry, tensor: str) -> int:
        """Pieces of `tensor` that are in use at once."""
        hold = self.hold[_TENSORS.index(tensor)]
        if hold == 0:
            return 1
        if hold == 2:
            return self._tiles(g, self.is_outer(tensor)) * self.pieces(g)
        return self.pieces(g) * (min(self.block, self._tiles(g, True)) if self.is_outer(tensor) else 1)

    def slots(self, g: Geometry, tensor: str, buffers: int) -> int:
        """Pieces of `tensor` the GLB has room for: the live ones and `buffers` - 1 on their way, if there are
        so many.
        """
        tiles = self._tiles(g, self.is_outer(tensor))
        return min(
            self.live(g, tensor) + buffers - 1, g.groups * tiles * self.pieces(g) * self.refetch(g, tensor)
        )

    def traffic(self, g: Geometry, sizes: Sizes) -> int:
        """DRAM bytes read."""
        return sum(sizes.total(tensor, self.windows) * self.refetch(g, tensor) for tensor in _TENSORS)

    def walk(self, g: Geometry) -> Iterator[Tile]:
        """All visits in execution order."""
        outer, inner = self._tiles(g, True), self._tiles(g, False)
        spans = [
            (k * self.windows, min(self.windows, g.windows - k * self.windows)) for k in range(self.pieces(g))
        ]
        for group in range(g.groups):
            for start in range(0, outer, self.block):
                stop = min(start + self.block, outer)
                for b in range(inner):
                    for a in range(start, stop):
                        yield from self._visits(g, group, (start, a, stop), b, spans)

    def _visits(
        self, g: Geometry, group: int, block: tuple[int, int, int], b: int, spans: list[tuple[int, int]]
    ) -> Iterator[Tile]:
        row, column = (block[1], b) if self.outer == "M" else (b, block[1])
        (first, stop), columns = g.span(row), min(g.columns, g.N - column * g.columns)
        rows = stop - first
        (first_w, last_w), (first_i, last_i) = (self._use(g, tensor, block, b) for tensor in _TENSORS)
        fetch, last, steps = (first_w, first_i), (last_w, last_i), -(-columns // g.abreast)
        for first, windows in spans:
            end = first + windows == g.windows
            begin = first == 0
            yield Tile(group, row, column, first, windows, begin, end, fetch, last, rows, columns, steps, row)

    def _use(self, g: Geometry, tensor: str, block: tuple[int, int, int], b: int) -> tuple[bool, bool]:
        """Whether a visit is the first and the last use of the tensor's piece since its fetch."""
        start, a, stop = block
        whole = self.pieces(g) == 1
        hold, inner = self.hold[_TENSORS.index(tensor)], self._tiles(g, False)
        if self.is_outer(tensor):
            kept = hold > 0 or (whole and self.block == 1)
            return (b == 0, b == inner - 1) if kept else (True, True)
        if hold == 2 or (whole and inner == 1):
            return a == 0, a == self._tiles(g, True) - 1
        kept = hold == 1 or whole
        return (a == start, a == stop - 1) if kept else (True, True)

    def text(self, g: Geometry) -> str:
        """The loop nest in words."""
        inner = "N" if self.outer == "M" else "M"
        loops = f"{self.outer}:{self.blocks(g)} > {inner}:{self._tiles(g, False)} > {self.outer}:{self.block} > K:{self.pieces(g)}"
        keeps = ("a visit", "its loop", "all")
        return (
            f"{loops} of {'up to ' if g.cuts else ''}{g.rows} x {g.columns} outputs, {self.windows} x {g.window} of K; "
            f"weights kept for {keeps[self.hold[0]]}, inputs for {keeps[self.hold[1]]}"
        )


@dataclass(frozen=True)
class Memory:
    """What the chooser knows of the memories.

    Attributes
    ----------
    capacity : (int, int)
        GLB bytes of data and of metadata.
    buffers : int
        Pieces of an operand the GLB holds when each is used once: 2 is double buffering.
    bandwidth : Fraction or None
        DRAM bytes per cycle, None when unlimited.
    latency : int
        Cycles from a DRAM request to its data.
    """

    capacity: tuple[int, int]
    buffers: int
    bandwidth: Fraction | None
    latency: int


def choose(spec: Mapping, g: Geometry, sizes: Sizes, memory: Memory) -> Tiling:
    """The feasible tiling with the fewest estimated cycles, then the least DRAM traffic, then the least
    storage.

    Raises
    ------
    InfeasibleError
        No candidate fits, or the order would spill partial sums; the message gives what the smallest one
        needs.
    InputError
        A given tile size is not a multiple of the array's.
    """
    some = _candidates(spec, g)
    pieces = some.pieces(sizes)
    data, metadata = some.need(g, pieces, memory.buffers)
    need = data + metadata
    fit = np.flatnonzero((data <= memory.capacity[0]) & (metadata <= memory.capacity[1]))
    if len(fit):
        traffic = some.traffic(g, sizes, fit)
        at = first_of_least(*(key[fit] for key in (some.rank(g, pieces, memory, traffic), traffic, need)))
        return _tiling(some, int(fit[at]))
    at = first_of_least(need)
    raise InfeasibleError(
        f"mapping does not fit the GLB: {_tiling(some, at).text(g)} needs {data[at]} B of data and "
        f"{metadata[at]} B of metadata, the GLB has {memory.capacity[0]} B and {memory.capacity[1]} B"
    )


def _tiling(some: Candidates, at: int) -> Tiling:
    hold = int(some.hold[0, at]), int(some.hold[1, at])
    return Tiling("M" if some.leads[at] else "N", int(some.block[at]), int(some.windows[at]), hold)


def storage(tiling: Tiling, g: Geometry, sizes: Sizes, buffers: int) -> tuple[int, int]:
    """GLB bytes of (data, metadata) a tiling needs."""
    data = metadata = 0
    for tensor in _TENSORS:
        slots, size = tiling.slots(g, tensor, buffers), sizes.piece(tensor, tiling.windows)
        data += slots * size[0]
        metadata += slots * size[1]
    return data, metadata


def estimate(tiling: Tiling, g: Geometry, sizes: Sizes, memory: Memory) -> Fraction:
    """Cycles of a tiling, roughly: what it takes to rank candidates, not a result.

    V visits of u = steps / V cycles each, whose operands move in m = traffic / (V bandwidth) and arrive a
    latency L later, B pieces ahead: V max(u, m, (L + m + u) / B), plus the first pieces and their latency.
    """
    visits = tiling.visits(g)
    use = Fraction(g.steps, visits)
    pace = 1 / memory.bandwidth if memory.bandwidth is not None else Fraction(0)
    move = Fraction(tiling.traffic(g, sizes), visits) * pace
    turn = (memory.latency + move + use) / memory.buffers
    first = sum(sum(sizes.piece(tensor, tiling.windows)) for tensor in _TENSORS)
    period = max(use, move, turn) if visits > 1 else use
    return visits * period + first * pace + memory.latency


def _candidates(spec: Mapping, g: Geometry) -> Candidates:
    blocks = []
    for outer in _outer_ranks(spec):
        rows = outer == "M"
        inner = "N" if rows else "M"
        other = spec.tile[inner]
        if other is not None and other > (g.columns if rows else g.rows):
            raise InfeasibleError(
                f"mapping.tile.{inner} is {other}: only the outermost rank ({outer}) is cut in blocks of several accumulator "
                f"tiles ({g.rows} x {g.columns})"
            )
        tiles, unit = (g.row_tiles, g.rows) if rows else (g.column_tiles, g.columns)
        blocks.append((outer, tuple(_options(spec.tile[outer], tiles, unit))))
    return grid(tuple(_options(spec.tile["K"], g.windows, g.window)), tuple(blocks))


def _outer_ranks(spec: Mapping) -> tuple[str, ...]:
    if not spec.order:
        return ("N", "M")
    if spec.order[-1] != "K":
        raise InfeasibleError(
            f"mapping.order {', '.join(spec.order)}: K must be innermost, partial sums do not leave the accumulators"
        )
    return (spec.order[0],)


def _options(wanted: int | None, whole: int, unit: int) -> list[int]:
    """Sizes in units: what was asked for, or the whole and every power of two below it."""
    if wanted is not None:
        if wanted % unit and wanted < whole * unit:
            raise InputError(
                f"mapping tile of {wanted} elements: must be a multiple of {unit}, or the whole rank"
            )
        return [min(whole, -(-wanted // unit))]
    return [whole, *(2**i for i in range((whole - 1).bit_length() - 1, -1, -1) if 2**i < whole)]
