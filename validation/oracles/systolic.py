"""A systolic machine moved register by register and cycle by cycle, operands waiting in its memories, outputs taken at once.

Written from docs/machines/systolic.md and the rule of ports in the contract of cycles; nothing here calls the lowering, and no
formula says how long a fold takes: it ends when nothing moves in the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """An array and its edges.

    Attributes
    ----------
    dataflow, drain, crossing, outer : str
        As in a description.
    rows, columns, accumulators, operand_buffers, output_buffers, queue : int
    latency : int
        Array to drain.
    bits : int
        Of a value, at both edges.
    west, north : Fraction or None
        Bits per cycle the memory of each edge reads; None is unlimited.
    west_latency, north_latency : int
    west_from, north_from : int
        Cycle from which the operand of the edge is in its memory.
    """

    dataflow: str
    rows: int
    columns: int
    drain: str = "shift"
    crossing: str = "whole"
    outer: str = "columns"
    accumulators: int = 4096
    operand_buffers: int = 1
    output_buffers: int = 2
    queue: int = 4
    latency: int = 1
    bits: int = 8
    west: Fraction | None = None
    north: Fraction | None = None
    west_latency: int = 2
    north_latency: int = 2
    west_from: int = 0
    north_from: int = 0


@dataclass
class Step:
    """One step of the grid, or a push of the operand that stays: values that enter at each edge, multiplications, operands
    latched, partial sums read and written, sums that leave (m, n, value).
    """

    push: bool = False
    west: int = 0
    north: int = 0
    macs: int = 0
    latched: int = 0
    psum_reads: int = 0
    psum_writes: int = 0
    sums: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass
class Count:
    """What happened: steps, pushes, cycles from the first of them to the last, sums over all of them, operands latched by
    pushes, and the outputs.
    """

    steps: int
    pushes: int
    cycles: int
    macs: int
    west: int
    north: int
    latched: int
    psum_reads: int
    psum_writes: int
    pushed: int
    outputs: Matrix


Place = Callable[[int, int], tuple[int, int]]
Value = tuple[int, int]
"""A stream position and the value at it."""


def count(case: Case, weights: Matrix, inputs: Matrix) -> Count:
    """Multiply (M, K) by (K, N) on the machine."""
    folds = list(_folds(case, weights, inputs))
    steps = [step for fold in folds for step in fold[0]]
    out = np.zeros((weights.shape[0], inputs.shape[1]), dtype=np.int64)
    for step in steps:
        for m, n, value in step.sums:
            out[m, n] += value
    times = _cycles(case, folds)
    names = ("macs", "west", "north", "latched", "psum_reads", "psum_writes")
    totals = [sum(getattr(step, name) for step in steps) for name in names]
    pushes = [step for step in steps if step.push]
    pushed = sum(step.latched for step in pushes)
    return Count(len(steps) - len(pushes), len(pushes), times[-1] - times[0] + 1, *totals, pushed, out)


def _folds(case: Case, weights: Matrix, inputs: Matrix) -> Iterator[tuple[list[Step], bool, bool]]:
    """Steps of every fold, and whether it begins and ends its outputs."""
    (m, k), n = weights.shape, inputs.shape[1]
    tall = case.accumulators if case.dataflow == "is" else case.columns
    wide = {"os": case.rows, "ws": case.accumulators, "is": case.columns}[case.dataflow]
    deep = k if case.dataflow == "os" else case.rows
    boxes = [(i, j) for i in range(0, m, tall) for j in range(0, n, wide)]
    if (case.dataflow == "is") == (case.outer == "columns"):
        boxes.sort(key=lambda box: (box[1], box[0]))
    for i, j in boxes:
        for p in range(0, k, deep):
            a, b = weights[i : i + tall, p : p + deep], inputs[p : p + deep, j : j + wide]
            yield list(_fold(case, a, b, (i, j), p == 0)), p == 0, p + deep >= k


def _fold(case: Case, a: Matrix, b: Matrix, at: tuple[int, int], first: bool) -> Iterator[Step]:
    if case.dataflow == "os":
        return _stays_sums(case, b.T, a, at)
    if case.dataflow == "ws":
        return _stays_operand(case, b.T, a.T, lambda t, j: (at[0] + j, at[1] + t), first)
    return _stays_operand(case, a, b, lambda t, j: (at[0] + t, at[1] + j), first)


def _enter(lanes: Matrix, lane: int, u: int) -> tuple[Value | None, int]:
    """What lane `lane` of an edge is fed in step u: nothing before and after the stream; lanes beyond the operand are fed zeros,
    which are not read.
    """
    t = u - lane
    if not 0 <= t < lanes.shape[1]:
        return None, 0
    return ((t, int(lanes[lane, t])), 1) if lane < len(lanes) else ((t, 0), 0)


def _grid(case: Case, rows: int, columns: int) -> tuple[int, int]:
    return (case.rows, case.columns) if case.crossing == "whole" else (rows, columns)


def _stays_sums(case: Case, left: Matrix, top: Matrix, at: tuple[int, int]) -> Iterator[Step]:
    """Rows are outputs along N, columns along M; both edges stream K."""
    r, c = _grid(case, len(left), len(top))
    a: list[list[Value | None]] = [[None] * c for _ in range(r)]
    b: list[list[Value | None]] = [[None] * c for _ in range(r)]
    z, done = np.zeros((r, c), dtype=np.int64), np.zeros((r, c), dtype=bool)
    shifting: list[list[tuple[int, int] | None]] = [[None] * c for _ in range(r)]
    u, last = 0, left.shape[1] - 1
    while True:
        step = Step()
        if case.drain == "shift":
            _shift_down(step, shifting, len(left), len(top), at)
        for i in reversed(range(r)):
            for j in reversed(range(c)):
                west, read = (a[i][j - 1], 0) if j else _enter(left, i, u)
                north, fed = (b[i - 1][j], 0) if i else _enter(top, j, u)
                step.west, step.north = step.west + read, step.north + fed
                a[i][j], b[i][j] = west, north
                step.latched += (west is not None and i < len(left)) + (north is not None and j < len(top))
                if west is not None and north is not None:
                    assert west[0] == north[0], "values that meet belong together"
                    used = i < len(left) and j < len(top)
                    z[i, j] += west[1] * north[1]
                    step.macs += used
                    step.psum_writes += used
                    step.psum_reads += used and west[0] > 0
                    done[i, j] = west[0] == last
                    if done[i, j] and used and case.drain == "direct":
                        step.sums.append((at[0] + j, at[1] + i, int(z[i, j])))
        if case.drain == "shift":
            for j in range(c):  # the bottom of a column is done last: then all of it moves
                if done[r - 1, j]:
                    for i in range(r):
                        shifting[i][j] = (i, int(z[i, j]))
                    done[:, j] = False
        yield step
        u += 1
        moving = any(v is not None for row in shifting for v in row)
        if done.all() if case.drain == "direct" else (u > last + r + c - 2 and not moving):
            return


def _shift_down(
    step: Step, shifting: list[list[tuple[int, int] | None]], rows: int, columns: int, at: tuple[int, int]
) -> None:
    for j in range(len(shifting[0])):
        leaving = shifting[-1][j]
        if leaving is not None and leaving[0] < rows and j < columns:
            step.sums.append((at[0] + j, at[1] + leaving[0], leaving[1]))
        for i in reversed(range(1, len(shifting))):
            shifting[i][j] = shifting[i - 1][j]
        shifting[0][j] = None


def _stays_operand(case: Case, stream: Matrix, held: Matrix, place: Place, first: bool) -> Iterator[Step]:
    """`stream` is (T, k), `held` (k, columns); place(t, j) is the output that position t gives below column j, `first` says that
    nothing is there yet.
    """
    rows, columns = held.shape
    r, c = _grid(case, rows, columns)
    w = np.zeros((r, c), dtype=np.int64)
    padded = np.zeros((r, c), dtype=np.int64)
    padded[:rows, :columns] = held
    for push in reversed(range(r)):
        w[1:] = w[:-1].copy()
        w[0] = padded[push]
        moving = max(0, rows - push)  # rows of the operand that are in the grid, one more in every step
        yield Step(push=True, north=columns if push < rows else 0, latched=columns * moving)
    a: list[list[Value | None]] = [[None] * c for _ in range(r)]
    s = np.zeros((r, c), dtype=np.int64)
    u = 0
    while True:
        step = Step()
        for i in reversed(range(r)):
            for j in reversed(range(c)):
                west, read = (a[i][j - 1], 0) if j else _enter(stream.T, i, u)
                step.west += read
                a[i][j] = west
                step.latched += west is not None and i < rows
                step.psum_writes += west is not None and j < columns
                step.psum_reads += west is not None and j < columns and i > 0
                above = s[i - 1, j] if i else 0
                s[i, j] = above + (west[1] * w[i, j] if west is not None else 0)
                step.macs += west is not None and i < rows and j < columns
        for j in range(columns):
            bottom = a[r - 1][j]
            if bottom is not None:
                step.sums.append((*place(bottom[0], j), int(s[r - 1, j])))
                step.psum_writes += 1
                step.psum_reads += not first
        yield step
        u += 1
        corner = a[r - 1][c - 1]
        if corner is not None and corner[0] == len(stream) - 1:
            return


@dataclass
class _Port:
    """A memory's read port: values of a step leave together, when the last one was read and the queue has room. It keeps what is
    left of a cycle for the next step, unless it was held (contract of cycles, service time).
    """

    rate: Fraction | None
    queue: int
    latency: int
    needs: list[int]
    free: Fraction
    started: int
    at: int = 0
    ready: int | None = None
    arrivals: list[int] = field(default_factory=list)
    freed: list[int] = field(default_factory=list)

    def head(self, now: int) -> bool:
        """Whether the next values have arrived."""
        return len(self.arrivals) > len(self.freed) and self.arrivals[len(self.freed)] <= now

    def cycle(self, now: int) -> None:
        """Decide and depart in cycle `now`."""
        if self.at == len(self.needs) or now < self.started:
            return
        if self.ready is None:
            end = self.free + (Fraction(self.needs[self.at]) / self.rate if self.rate else 0)
            self.ready, self.free = max(now, ceil(end) - 1), end
        used = self.at - sum(freed < now for freed in self.freed)
        if now >= self.ready and used < self.queue:
            tick = Fraction(1, 2 * self.rate.numerator) if self.rate else Fraction(1, 2)
            self.free = max(self.free, now + tick)
            self.arrivals.append(now + self.latency)
            self.at, self.started, self.ready = self.at + 1, now + 1, None


def _cycles(case: Case, folds: list[tuple[list[Step], bool, bool]]) -> list[int]:
    """The cycles of all steps and pushes, in order of time."""
    every = [step for fold, _, _ in folds for step in fold]
    west, north = (
        _Port(rate, case.queue, latency, [case.bits * need for need in needs if need], Fraction(start), start)
        for rate, latency, start, needs in (
            (case.west, case.west_latency, case.west_from, [step.west for step in every]),
            (case.north, case.north_latency, case.north_from, [step.north for step in every]),
        )
    )
    pushes = [[step for step in fold if step.push] for fold, _, _ in folds]
    steps = [[step for step in fold if not step.push] for fold, _, _ in folds]
    times: list[int] = []
    tiles, sets = [0] * case.output_buffers, [0] * case.operand_buffers  # cycles from which they are free
    held: list[int] = []  # cycles from which the operands of folds are in their registers
    pushing, push, fold, at, now = 0, 0, 0, 0, 0
    while fold < len(folds):
        if pushing < len(folds) and pushes[pushing]:
            row = pushes[pushing][push]
            if (push or (sets and sets[0] <= now)) and (not row.north or north.head(now)):
                times.append(now)
                if not push:
                    sets.pop(0)
                if row.north:
                    north.freed.append(now)
                push += 1
                if push == len(pushes[pushing]):
                    held.append(now + 1)
                    pushing, push = pushing + 1, 0
        step, last = steps[fold][at], at == len(steps[fold]) - 1
        edges = [port for port, need in ((west, step.west), (north, step.north)) if need]
        room = at or not folds[fold][1] or (tiles and tiles[0] <= now)
        there = at or not pushes[fold] or (fold < len(held) and held[fold] <= now)
        if room and there and all(port.head(now) for port in edges):
            times.append(now)
            if not at and folds[fold][1]:
                tiles.pop(0)
            for port in edges:
                port.freed.append(now)
            if folds[fold][2] and at == max(i for i, each in enumerate(steps[fold]) if each.sums):
                tiles.append(
                    now + case.latency + 1
                )  # drained after the latency, the slot is back a cycle later
            if last and pushes[fold]:
                sets.append(now + 1)
            fold, at = (fold + 1, 0) if last else (fold, at + 1)
        west.cycle(now)
        north.cycle(now)
        now += 1
    return times
