"""Programs of the array and of the way out: a step of all multipliers, the sums that leave in it.

Every multiplication reads two operand registers; an operand is latched in each multiplier it crosses, used or not. A sum that
stays is written by each of its multiplications and read by all but the first; a sum that flows is written by each multiplier of
its column and read by all but the first, and once more of each below the column, where the first fold of a tile finds nothing.
Actions are counted in the last step of a fold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather
from simulator.lowering.systolic.folds import Fold
from simulator.lowering.systolic.programs import told
from simulator.lowering.systolic.wavefront import Shape, active, leaving, takes
from simulator.plan import Chunk

ACTIONS = ["mac", "mac_gated", "operand_read", "operand_write", "psum_read", "psum_write"]


@dataclass(frozen=True)
class Flow:
    """How folds run on an array.

    Attributes
    ----------
    folds : tuple of Fold
    rows, columns : int
        Of the array.
    stays, shift, whole : bool
        An operand stays; finished sums shift out; wavefronts cross the whole array.
    output_bits : int
    burst : int
        Of DRAM, in bytes.
    """

    folds: tuple[Fold, ...]
    rows: int
    columns: int
    stays: bool
    shift: bool
    whole: bool
    output_bits: int
    burst: int

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """What decides the steps of every fold."""
        known: dict[tuple[int, int, int], Shape] = {}
        found = []
        for fold in self.folds:
            size = fold.rows, fold.columns, fold.steps
            if size not in known:
                crossed = (self.rows, self.columns) if self.whole else size[:2]
                known[size] = Shape(*size, crossed, self.stays, self.shift)
            found.append(known[size])
        return tuple(found)

    @property
    def ends(self) -> Iterator[Shape]:
        """Shapes of the folds that finish a tile of outputs."""
        return (shape for fold, shape in zip(self.folds, self.shapes, strict=True) if fold.end)

    @property
    def steps(self) -> int:
        """Steps of all folds."""
        return sum(shape.length for shape in self.shapes)

    def tile_bytes(self) -> Iterator[int]:
        """Bytes of every tile of outputs, in the order they are done."""
        for fold in self.folds:
            if fold.end:
                yield -(-fold.m.size * fold.n.size * self.output_bits // 8)


def steps(flow: Flow, effectual: NDArray[np.int64] | None) -> Iterator[Chunk]:
    """Items: a step. Fields: demand, work (multiplications), take west, north (or what stays), space, the same released, put sums
    [, put the space of what stays], then :data:`ACTIONS`; with `effectual` (per fold), multiplications of a zero are gated.
    """
    known: dict[tuple[Shape, bool, bool], Chunk] = {}

    def block(shape: Shape, begin: bool, end: bool) -> Chunk:
        work, out = active(shape), leaving(shape)
        west, north = takes(shape)
        space, actions = (
            np.zeros((shape.length, 1), np.int64),
            np.zeros((shape.length, len(ACTIONS)), np.int64),
        )
        space[0] = begin
        actions[-1] = _actions(shape, begin)
        ports = np.column_stack([west, north, space])
        puts = np.zeros((shape.length, 2 if shape.stays else 1), np.int64)
        puts[:, 0] = (out > 0) & end
        puts[-1, 1:] = 1
        table = np.column_stack([np.ones_like(work), work, ports, ports, puts, actions])
        return told(table, 3, puts.shape[1], len(ACTIONS))

    def blocks() -> Iterator[Chunk]:
        for fold, shape in zip(flow.folds, flow.shapes, strict=True):
            key = (shape, fold.begin, fold.end)
            if key not in known:
                known[key] = block(*key)
            yield known[key]

    chunks = gather(blocks(), merge=False)
    return chunks if effectual is None else _gated(chunks, effectual)


def _actions(shape: Shape, begin: bool) -> list[int]:
    """Of a whole fold, all its multiplications useful."""
    rows, columns, steps = shape.rows, shape.columns, shape.steps
    macs, (down, across) = rows * columns * steps, shape.crossed
    if not shape.stays:
        latched = steps * (rows * across + columns * down)
        return [macs, 0, 2 * macs, latched, macs - rows * columns, macs]
    sums = steps * columns
    reads = sums * (down - 1) + (0 if begin else sums)
    return [macs, 0, 2 * macs, steps * rows * across, reads, sums * (down + 1)]


def pushes(flow: Flow) -> Iterator[Chunk]:
    """Items: a row of the operand that stays, or nothing, pushed in at the top. Fields: demand, work, take north, space, the same
    released, put the whole operand, operand_write.
    """
    known: dict[Shape, Chunk] = {}

    def block(shape: Shape) -> Chunk:
        table = np.zeros((shape.pushes, 8), dtype=np.int64)
        table[:, :2] = 1
        table[-shape.rows :, [2, 4]] = 1
        table[0, [3, 5]] = 1
        table[-1, 6:] = 1, shape.columns * shape.rows * (shape.rows + 1) // 2
        return told(table, 2, 1, 1)

    def blocks() -> Iterator[Chunk]:
        for shape in flow.shapes:
            if shape not in known:
                known[shape] = block(shape)
            yield known[shape]

    return gather(blocks())


def _gated(chunks: Iterator[Chunk], effectual: NDArray[np.int64]) -> Iterator[Chunk]:
    """Move what is not effectual from `mac` to `mac_gated` in the last run of every fold."""
    at = 0
    for chunk in chunks:
        runs = chunk.runs.copy()
        mac = runs.shape[1] - len(ACTIONS)
        last = np.flatnonzero(runs[:, mac] > 0)
        counts = effectual[at : at + len(last)]
        at += len(last)
        runs[last, mac + 1] = runs[last, mac] - counts
        runs[last, mac] = counts
        yield Chunk(runs, chunk.varies, chunk.vectors)


def bursts(counts: NDArray[np.int64], output_bits: int, burst: int) -> NDArray[np.int64]:
    """DRAM bursts completed by each of a tile's steps; the last may be short."""
    used = np.cumsum(counts) * output_bits
    filled = used // (8 * burst)
    filled[-1] = -(-used[-1] // (8 * burst))
    return np.diff(filled, prepend=0)


def drains(flow: Flow) -> Iterator[Chunk]:
    """Items: the sums that left in a step. Fields: demand, work (b), take, release, put space, put bursts, psum_read,
    drain_word.
    """
    known: dict[Shape, Chunk] = {}

    def block(shape: Shape) -> Chunk:
        counts = leaving(shape)
        counts = counts[counts > 0]
        demand, one, space = counts * flow.output_bits, np.ones_like(counts), np.zeros_like(counts)
        space[-1] = 1
        reads = counts if shape.stays else np.zeros_like(counts)
        put = bursts(counts, flow.output_bits, flow.burst)
        return told(np.column_stack([demand, demand, one, one, space, put, reads, counts]), 1, 2, 2)

    def blocks() -> Iterator[Chunk]:
        for shape in flow.ends:
            if shape not in known:
                known[shape] = block(shape)
            yield known[shape]

    return gather(blocks())
