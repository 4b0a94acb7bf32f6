"""Roofline: no layer is faster than its multiplications or its compulsory traffic.

    cycles = max( computes / multipliers,  for every memory:  words that must cross it once / bandwidth )

Every operand is read at least once from every memory that keeps it, and the outputs are written at least once; a
compressed tensor counts its expected non-zeros and no metadata. Multiplications that some rule or the multipliers skip do
not count; zeros of different operands are taken to be independent. Source: Williams, Waterman, Patterson,
CACM 52(4), 2009, applied to every level of the hierarchy.
"""

from __future__ import annotations

import math
from fractions import Fraction

from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Counts, Estimate, LevelEstimate

ASSUMPTIONS = (
    "every word crosses every memory that keeps it once, however small the memory",
    "multiplications and all transfers overlap perfectly; all multipliers have equal work",
    "zeros of the operands are independent of each other",
)


def estimate(point: DesignPoint) -> Estimate:
    """A lower bound on the cycles of a design point, whatever its mapping.

    Parameters
    ----------
    point : DesignPoint
        Its nest decides only which memories keep which tensor.

    Returns
    -------
    Estimate
        Without energy: a bound on time says nothing of accesses.
    """
    dense = point.product.computes
    computes = math.ceil(dense * effectual_share(point))
    compute = math.ceil(Fraction(computes, point.hierarchy.compute.instances))
    levels = tuple(_level(point, i, compute) for i in range(len(point.hierarchy.storage)))
    cycles = max([compute, *(level.cycles for level in levels)])
    bound = next(
        (level.name for level in levels if level.cycles > compute and level.cycles == cycles), "compute"
    )
    counts = Counts(dense, computes, 0, dense - computes)
    return Estimate("roofline", point.name, cycles, compute, counts, levels, {}, bound, ASSUMPTIONS)


def effectual_share(point: DesignPoint) -> Fraction:
    """Share of multiplications that take time: the densities of the operands some feature skips by."""
    return math.prod((point.occupancy_of(name).density for name in skipped_by(point)), start=Fraction(1))


def skipped_by(point: DesignPoint) -> tuple[str, ...]:
    """Operands whose zeros take no time, in the order of the product: leaders of skipping rules, operands that skip by
    position, and, where the multipliers skip, operands stored compressed.
    """
    names: set[str] = set()
    for level in point.features.levels.values():
        for rule in level.rules:
            if rule.kind == "gating":
                continue
            for option in rule.options:
                names.update(option.leaders or (option.follower,))
        if "skipping" in point.features.compute:
            names.update(r.tensor for r in level.representations if r.compressed)
    return tuple(access.name for access in point.product.operands if access.name in names)


def stored_share(point: DesignPoint, level: int, tensor: str) -> Fraction:
    """Words a memory stores per element of a tensor: its density where compressed, else 1."""
    found = point.features.at(point.hierarchy.storage[level].name).representation(tensor)
    return point.occupancy_of(tensor).density if found is not None and found.compressed else Fraction(1)


def _level(point: DesignPoint, i: int, compute: int) -> LevelEstimate:
    memory, keeps = point.hierarchy.storage[i], point.nest.levels[i].keeps
    tensors: dict[str, dict[str, Counts]] = {}
    for access in point.product.tensors:
        if access.name in keeps:
            words = math.ceil(access.size * stored_share(point, i, access.name))
            kind = "updates" if access.name == point.product.output.name else "reads"
            tensors[access.name] = {kind: Counts(access.size, words, 0, 0)}
    moved = {
        kind: sum(int(counts[kind].actual) for counts in tensors.values() if kind in counts)
        for kind in ("reads", "updates")
    }
    bounds = [
        (moved["reads"], memory.read_bandwidth),
        (moved["updates"], memory.write_bandwidth),
        (sum(moved.values()), memory.shared_bandwidth),
    ]
    need = [math.ceil(words / (rate * memory.instances)) for words, rate in bounds if rate is not None]
    cycles = max([compute, *need])
    throttle = 1.0 if cycles == 0 else compute / cycles
    return LevelEstimate(memory.name, memory.instances, memory.instances, cycles, throttle, tensors)
