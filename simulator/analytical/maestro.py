"""A data-centric estimate: what new data every iteration needs, and how long the network takes to bring it.

A level runs its temporal loops; an iteration that advances loop i (the loops inside it start again) needs the data its tile
has and the tile before had not. Of b_1 .. b_m iterations, outermost first, loop i advances in

    n_i = b_1 ... b_(i-1) (b_i - 1)      and one more iteration begins the tile

An iteration brings its new operands in (latency + words / bandwidth), computes (the time of a tile one level in) and takes
outputs away; with double buffering the three overlap::

    delay_i = max(ingress_i, inside, egress_i)         first: ingress + inside; at the end: the last egress
    time    = first + sum of n_i delay_i + last egress

Words new to several instances of the next level are sent once (multicast) unless the nest says otherwise; outputs are reduced
on the way. Compressed tensors move their expected non-zeros. A tensor that the next level does not keep streams through it, evenly
over the iteration. Source: Kwon et al., MICRO 2019 (MAESTRO): reuse by data-centric analysis, sections 4 and 5, whose network is
a pipe of a bandwidth and a latency. Written from the paper's description; not compared with the published tool.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from simulator.analytical.roofline import effectual_share, stored_share
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop
from simulator.record.estimate import Counts, Estimate, LevelEstimate
from simulator.workload.product import Access

ASSUMPTIONS = (
    "tiles are double-buffered: transfers of an iteration overlap the computation of the one before",
    "every iteration of a loop is alike; imperfect loops spread their multiplications evenly, their transfers count as full",
    "the network is a pipe of a bandwidth and a latency, without contention",
    "zeros are spread evenly and independently; all instances have equal work",
)


@dataclass(frozen=True)
class _Case:
    """Iterations of a nest of loops that are alike, and the new elements each brings."""

    count: int
    elements: int


def estimate(point: DesignPoint) -> Estimate:
    """Cycles of a design point by data-centric analysis.

    Returns
    -------
    Estimate
        Accesses are reads of every memory by the next one in, and updates and reads of partial sums; without energy.
    """
    share = effectual_share(point)
    time = work = share * _packed(point)
    levels: list[LevelEstimate] = []
    for i in reversed(range(len(point.nest.levels))):
        iterations = math.prod(loop.bound for loop in point.nest.levels[i].temporal)
        alone = iterations * _slowest_transfer(point, i)
        time, work = _time(point, i, time), work * iterations
        levels.append(_level(point, i, alone * _steps(point, i), work * _steps(point, i)))
    cycles, compute = math.ceil(time), math.ceil(work)
    slowest = max(levels, key=lambda level: level.cycles)
    bound = slowest.name if slowest.cycles > compute else "compute"
    dense = point.product.computes
    done = math.ceil(dense * share)
    counts = Counts(dense, done, 0, dense - done)
    return Estimate(
        "maestro", point.name, cycles, compute, counts, tuple(reversed(levels)), {}, bound, ASSUMPTIONS
    )


def _packed(point: DesignPoint) -> Fraction:
    """Dense multiplications of a step per multiplier: more than one where a spatial loop is longer than the instances it is
    packed on, less where loops are imperfect.
    """
    spread = math.prod(loop.bound for level in point.nest.levels for loop in level.spatial)
    points = math.prod(loop.bound for _, loop in point.nest.loops())
    return Fraction(spread * point.product.computes, min(spread, point.hierarchy.compute.instances) * points)


def _time(point: DesignPoint, i: int, inside: Fraction) -> Fraction:
    """Cycles of a tile of level i, when one of the next level takes `inside`."""
    latency = point.hierarchy.storage[i].timing.latency
    total, ends = Fraction(0), Fraction(0)
    for at, (count, ingress, egress) in enumerate(_moves(point, i)):
        if at == 0:
            total, ends = latency + ingress + inside, egress
        else:
            total += count * max(latency + ingress if ingress else Fraction(0), inside, egress)
            ends = egress
    return total + ends


def _slowest_transfer(point: DesignPoint, i: int) -> Fraction:
    """Cycles level i needs for its transfers, per iteration on average."""
    moves = list(_moves(point, i))
    iterations = sum(count for count, _, _ in moves)
    return sum((count * max(into, out) for count, into, out in moves), Fraction(0)) / iterations


def _moves(point: DesignPoint, i: int) -> Iterator[tuple[int, Fraction, Fraction]]:
    """(Iterations, cycles in, cycles out) per case of level i: the first iteration, then by the loop that advances."""
    loops = point.nest.levels[i].temporal
    counts = [case.count for case in _cases(loops, {}, None)]
    into, out = [Fraction(0)] * len(counts), [Fraction(0)] * len(counts)
    for access in point.product.tensors:
        if access.name not in point.nest.levels[i].keeps:
            continue
        output = access.name == point.product.output.name
        again = _returning(point, i, access) if output else Fraction(1)
        for at, words in enumerate(_words(point, i, access, len(counts))):
            into[at] += again * words
            out[at] += words if output else 0
    memory = point.hierarchy.storage[i]
    yield from (
        (count, _cycles(a, memory.read_bandwidth, used), _cycles(b, memory.write_bandwidth, used))
        for count, a, b, used in zip(counts, into, out, [_instances(point, i)] * len(counts), strict=True)
    )


def _returning(point: DesignPoint, i: int, output: Access) -> Fraction:
    """Share of the partial sums that level i takes which it sent in before: all but one per element."""
    counts = [case.count for case in _cases(point.nest.levels[i].temporal, {}, None)]
    words = _words(point, i, output, len(counts))
    taken = _steps(point, i) * sum((n * w for n, w in zip(counts, words, strict=True)), Fraction(0))
    return max(Fraction(0), 1 - stored_share(point, i, output.name) * output.size / taken)


def _cycles(words: Fraction, bandwidth: Fraction | None, instances: int) -> Fraction:
    return Fraction(0) if bandwidth is None else words / (bandwidth * instances)


def _instances(point: DesignPoint, i: int) -> int:
    return math.prod(loop.bound for level in point.nest.levels[:i] for loop in level.spatial)


def _words(point: DesignPoint, i: int, access: Access, cases: int) -> list[Fraction]:
    """Words of a tensor that level i, all instances, sends in (or takes from) each case."""
    child = next((k for k in point.kept(access.name) if k > i), len(point.nest.levels))
    scale = stored_share(point, i, access.name) * _instances(point, i)
    if access.name in point.nest.levels[i].no_multicast:
        scale *= math.prod(
            loop.bound for loop in point.nest.levels[i].spatial if loop.rank not in access.ranks
        )
    extents = _extents(point, i, child)
    found = list(_cases(point.nest.levels[i].temporal, extents, access))
    if child == i + 1 and child < len(point.nest.levels):
        return [scale * case.elements for case in found]
    streams = tuple(loop for level in point.nest.levels[i:child] for loop in level.temporal)
    if child == len(point.nest.levels):  # no memory below: every multiplication reads its operands
        moved = math.prod(loop.bound for loop in streams) * _box(access, extents)
        scale *= effectual_share(point)
    else:
        moved = sum(case.count * case.elements for case in _cases(streams, extents, access))
    iterations = sum(case.count for case in found)
    return [scale * Fraction(moved, iterations)] * cases


def _extents(point: DesignPoint, i: int, child: int) -> dict[str, int]:
    """Iterations of every rank that lie in one transfer of level i: all loops of the child and deeper, and the
    instances it is spread over.
    """
    extents: dict[str, int] = {}
    for at, level in enumerate(point.nest.levels):
        for loop in (*level.temporal, *level.spatial):
            if at >= child or (at >= i and loop.axis):
                extents[loop.rank] = extents.get(loop.rank, 1) * loop.bound
    return extents


def _box(access: Access, extents: dict[str, int]) -> int:
    return math.prod(_spans(access, extents))


def _spans(access: Access, extents: dict[str, int]) -> list[int]:
    return [1 + sum(c * (extents.get(rank, 1) - 1) for rank, c in axis.terms) for axis in access.axes]


def _cases(loops: tuple[Loop, ...], extents: dict[str, int], access: Access | None) -> Iterator[_Case]:
    """The first iteration, then those that advance each loop, outermost first; elements new against the one before."""
    whole = 0 if access is None else _box(access, extents)
    yield _Case(1, whole)
    for at, loop in enumerate(loops):
        count = math.prod(outer.bound for outer in loops[:at]) * (loop.bound - 1)
        if count:
            yield _Case(count, 0 if access is None else whole - _overlap(access, loops, at, extents))


def _overlap(access: Access, loops: tuple[Loop, ...], at: int, extents: dict[str, int]) -> int:
    """Elements of a tile that the tile before had, when loop `at` advances and the loops inside it start again."""
    steps: dict[str, int] = {}
    strides = dict(extents)
    for k in range(len(loops) - 1, at - 1, -1):
        rank, stride = loops[k].rank, strides.get(loops[k].rank, 1)
        steps[rank] = steps.get(rank, 0) + (stride if k == at else -stride * (loops[k].bound - 1))
        strides[rank] = stride * loops[k].bound
    common = 1
    for axis, span in zip(access.axes, _spans(access, extents), strict=True):
        shift = sum(c * steps.get(rank, 0) for rank, c in axis.terms)
        common *= max(0, span - abs(shift))
    return common


def _steps(point: DesignPoint, i: int) -> int:
    return math.prod(loop.bound for level in point.nest.levels[:i] for loop in level.temporal)


def _level(point: DesignPoint, i: int, alone: Fraction, work: Fraction) -> LevelEstimate:
    memory, steps = point.hierarchy.storage[i], _steps(point, i)
    tensors: dict[str, dict[str, Counts]] = {}
    cases = [case.count for case in _cases(point.nest.levels[i].temporal, {}, None)]
    for access in point.product.tensors:
        if access.name in point.nest.levels[i].keeps:
            words = _words(point, i, access, len(cases))
            total = steps * sum((n * w for n, w in zip(cases, words, strict=True)), Fraction(0))
            if access.name == point.product.output.name:
                read = _returning(point, i, access) * total
                tensors[access.name] = {"reads": Counts(read, read), "updates": Counts(total, total)}
            else:
                tensors[access.name] = {"reads": Counts(total, total)}
    cycles = math.ceil(max(alone, work))
    return LevelEstimate(
        memory.name,
        memory.instances,
        _instances(point, i),
        cycles,
        float(work / cycles) if cycles else 1.0,
        tensors,
    )
