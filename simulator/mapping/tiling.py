"""The loop nest of a stationary-weight machine, DRAM to array.

::

    for group                                   convolution groups, one after the other
      for the DRAM-level tiles, in `order`      (M, N, K) tiles; operands are fetched when their tile changes
        for n1, m1                              accumulator tiles: `columns` x `rows` outputs
          for k1                                passes: a window of K; its weights are loaded
            for n0                              steps: one window of inputs against the loaded weights

A tile of a tensor is fetched again whenever a loop at or outside the innermost loop over one of its ranks advances. Partial sums
stay in the accumulators: K may be cut at DRAM level only as the innermost loop over single accumulator tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from simulator.errors import InfeasibleError, InputError
from simulator.hardware.mapping import Mapping

_RELEVANT = {"weights": ("M", "K"), "inputs": ("K", "N")}


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
    """

    groups: int
    M: int
    N: int
    K: int
    rows: int
    columns: int
    window: int
    abreast: int

    @property
    def row_tiles(self) -> int:
        """Accumulator tiles along M."""
        return -(-self.M // self.rows)

    @property
    def column_tiles(self) -> int:
        """Accumulator tiles along N."""
        return -(-self.N // self.columns)

    @property
    def windows(self) -> int:
        """Steps along K."""
        return -(-self.K // self.window)

    @property
    def steps(self) -> int:
        """Steps of the whole layer."""
        full, rest = divmod(self.N, self.columns)
        columns = full * -(-self.columns // self.abreast) + -(-rest // self.abreast)
        return self.groups * self.row_tiles * self.windows * columns


class Sizes(Protocol):
    """Exact storage of tiles, answered from the recorded operands."""

    def weights(self, row_tiles: int, windows: int) -> tuple[int, int]:
        """Largest (data bytes, metadata bytes) of a weights tile of so many row tiles and windows."""
        ...

    def inputs(self, column_tiles: int, windows: int) -> tuple[int, int]:
        """Largest (data bytes, metadata bytes) of an inputs tile of so many column tiles and windows."""
        ...

    def total(self, tensor: str, tiles: int, windows: int) -> int:
        """DRAM bytes of fetching every tile of `weights` or `inputs` once, `tiles` array tiles by `windows` windows each."""
        ...


@dataclass(frozen=True)
class Tile:
    """One accumulator tile's visit at one DRAM-level tile: `windows` passes.

    `row` and `column` count accumulator tiles, `first_window` and `windows` windows. `fetch` and `last` say for weights and inputs
    whether this visit is the first after a fetch of the operand's tile, and the last that uses it. `begin` and `end` say whether
    the reduction begins and ends here.
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


@dataclass(frozen=True)
class Tiling:
    """Tile sizes of the GLB in accumulator tiles and windows, and the DRAM-level loop order (outer to inner)."""

    order: tuple[str, ...]
    row_tiles: int
    column_tiles: int
    windows: int

    def counts(self, geometry: Geometry) -> dict[str, int]:
        """DRAM-level iterations per rank."""
        return {
            "M": -(-geometry.row_tiles // self.row_tiles),
            "N": -(-geometry.column_tiles // self.column_tiles),
            "K": -(-geometry.windows // self.windows),
        }

    def fetches(self, geometry: Geometry, tensor: str) -> int:
        """Times a tile of `tensor` is fetched per group."""
        counts = self.counts(geometry)
        inner = [i for i, r in enumerate(self.order) if r in _RELEVANT[tensor] and counts[r] > 1]
        fetches = 1
        for rank in self.order[: inner[-1] + 1 if inner else 0]:
            fetches *= counts[rank]
        return fetches

    def refetch(self, geometry: Geometry, tensor: str) -> Fraction:
        """Times each element of `tensor` is fetched on average."""
        counts = self.counts(geometry)
        distinct = 1
        for rank in _RELEVANT[tensor]:
            distinct *= counts[rank]
        return Fraction(self.fetches(geometry, tensor), distinct)

    def traffic(self, geometry: Geometry, sizes: Sizes) -> Fraction:
        """DRAM bytes read."""
        weights = sizes.total("weights", self.row_tiles, self.windows) * self.refetch(geometry, "weights")
        return weights + sizes.total("inputs", self.column_tiles, self.windows) * self.refetch(geometry, "inputs")

    def walk(self, geometry: Geometry) -> Iterator[Tile]:
        """All accumulator-tile visits in execution order."""
        for group in range(geometry.groups):
            visits = list(self._visits(geometry))
            for i, visit in enumerate(visits):
                before = visits[i - 1] if i else None
                after = visits[i + 1] if i + 1 < len(visits) else None
                yield from self._inside(geometry, group, visit, before, after)

    def _visits(self, geometry: Geometry) -> Iterator[dict[str, int]]:
        counts = self.counts(geometry)
        a, b, c = self.order
        for i in range(counts[a]):
            for j in range(counts[b]):
                for k in range(counts[c]):
                    yield {a: i, b: j, c: k}

    def _inside(
        self,
        geometry: Geometry,
        group: int,
        visit: dict[str, int],
        before: dict[str, int] | None,
        after: dict[str, int] | None,
    ) -> Iterator[Tile]:
        fetch, last = _changes(visit, before), _changes(visit, after)
        window = visit["K"] * self.windows
        windows = min(self.windows, geometry.windows - window)
        rows = range(visit["M"] * self.row_tiles, min((visit["M"] + 1) * self.row_tiles, geometry.row_tiles))
        columns = range(
            visit["N"] * self.column_tiles, min((visit["N"] + 1) * self.column_tiles, geometry.column_tiles)
        )
        inner = [(column, row) for column in columns for row in rows]
        for i, (column, row) in enumerate(inner):
            first, final = i == 0, i == len(inner) - 1
            yield Tile(
                group,
                row,
                column,
                window,
                windows,
                window == 0,
                window + windows == geometry.windows,
                (fetch[0] and first, fetch[1] and first),
                (last[0] and final, last[1] and final),
            )

    def text(self, geometry: Geometry) -> str:
        """The loop nest in words."""
        counts = self.counts(geometry)
        loops = " > ".join(f"{rank}:{counts[rank]}" for rank in self.order)
        return (
            f"dram[{loops}] glb[M:{self.row_tiles}x{geometry.rows} N:{self.column_tiles}x{geometry.columns} "
            f"K:{self.windows}x{geometry.window}]"
        )


def _changes(visit: dict[str, int], other: dict[str, int] | None) -> tuple[bool, bool]:
    changed = [
        other is None or any(visit[rank] != other[rank] for rank in _RELEVANT[tensor])
        for tensor in ("weights", "inputs")
    ]
    return changed[0], changed[1]


@dataclass(frozen=True)
class Memory:
    """What the chooser knows of the memories.

    Attributes
    ----------
    capacity : (int, int)
        GLB bytes of data and of metadata.
    buffers : int
        Tiles of each operand the GLB holds at once when it is fetched more than once.
    bandwidth : Fraction or None
        DRAM bytes per cycle, None when unlimited.
    latency : int
        Cycles from a DRAM request to its data.
    """

    capacity: tuple[int, int]
    buffers: int
    bandwidth: Fraction | None
    latency: int


def choose(spec: Mapping, geometry: Geometry, sizes: Sizes, memory: Memory) -> Tiling:
    """The feasible tiling with the fewest estimated cycles, then the least DRAM traffic, then the smallest tiles.

    Raises
    ------
    InfeasibleError
        No candidate fits; the message gives what the smallest one needs.
    InputError
        A given tile size is not a multiple of the array's.
    """
    best: tuple[tuple[Fraction, Fraction, int], Tiling] | None = None
    smallest: tuple[int, tuple[int, int], Tiling] | None = None
    for tiling in _candidates(spec, geometry):
        need = _need(tiling, geometry, sizes, memory.buffers)
        if smallest is None or sum(need) < smallest[0]:
            smallest = (sum(need), need, tiling)
        if need[0] > memory.capacity[0] or need[1] > memory.capacity[1]:
            continue
        traffic = tiling.traffic(geometry, sizes)
        score = (estimate(tiling, geometry, sizes, memory, traffic), traffic, sum(need))
        if best is None or score < best[0]:
            best = (score, tiling)
    if best is not None:
        return best[1]
    if smallest is None:
        raise InfeasibleError(
            f"mapping order {', '.join(spec.order)}: K is cut at DRAM level, which needs K innermost and M, N tiles of one "
            f"accumulator tile ({geometry.rows} x {geometry.columns}): partial sums are not spilled"
        )
    raise InfeasibleError(
        f"mapping does not fit the GLB: {smallest[2].text(geometry)} needs {smallest[1][0]} B of data and "
        f"{smallest[1][1]} B of metadata, the GLB has {memory.capacity[0]} B and {memory.capacity[1]} B"
    )


def estimate(tiling: Tiling, geometry: Geometry, sizes: Sizes, memory: Memory, traffic: Fraction) -> Fraction:
    """Cycles of a tiling, roughly: what it takes to rank candidates, not a result.

    V visits of u = steps / V cycles each, whose operands move in m = traffic / (V bandwidth) and arrive a latency L later,
    double-buffered in B tiles: V max(u, m, (L + m + u) / B), plus the first tiles and their latency.
    """
    counts = tiling.counts(geometry)
    visits = geometry.groups * counts["M"] * counts["N"] * counts["K"]
    use = Fraction(geometry.steps, visits)
    if memory.bandwidth is None:
        return geometry.steps + Fraction(memory.latency)
    move = traffic / visits / memory.bandwidth
    turn = (memory.latency + move + use) / memory.buffers
    first = sum(sizes.weights(tiling.row_tiles, tiling.windows)) + sum(
        sizes.inputs(tiling.column_tiles, tiling.windows)
    )
    period = max(use, move, turn) if visits > 1 else use
    return visits * period + first / memory.bandwidth + memory.latency


def _need(tiling: Tiling, geometry: Geometry, sizes: Sizes, buffers: int) -> tuple[int, int]:
    data = metadata = 0
    for tensor, size in (
        ("weights", sizes.weights(tiling.row_tiles, tiling.windows)),
        ("inputs", sizes.inputs(tiling.column_tiles, tiling.windows)),
    ):
        copies = min(buffers, geometry.groups * tiling.fetches(geometry, tensor))
        data += copies * size[0]
        metadata += copies * size[1]
    return data, metadata


def _candidates(spec: Mapping, geometry: Geometry) -> Iterator[Tiling]:
    order = tuple(spec.order)
    for windows in _options(spec.tile["K"], geometry.windows, geometry.window):
        for rows in _options(spec.tile["M"], geometry.row_tiles, geometry.rows):
            for columns in _options(spec.tile["N"], geometry.column_tiles, geometry.columns):
                spilled = windows < geometry.windows and (order[-1] != "K" or rows > 1 or columns > 1)
                if not spilled:
                    yield Tiling(order, rows, columns, windows)


def _options(wanted: int | None, whole: int, unit: int) -> list[int]:
    """Tile sizes in units: what was asked for, or the whole and every power of two below it."""
    if wanted is not None:
        if wanted % unit and wanted < whole * unit:
            raise InputError(
                f"mapping tile of {wanted} elements: must be a multiple of {unit}, or the whole rank"
            )
        return [min(whole, -(-wanted // unit))]
    return [whole, *(2**i for i in range((whole - 1).bit_length() - 1, -1, -1) if 2**i < whole)]
