"""Totals of a plan that need no schedule: rungs S0 and S1.

::

    S0(group)     = max over rates p/q of ceil(q sum W / (p sum lanes)), sums over the components of that rate
    S1(component) = ceil(q D / p)

W and D are the sums of work and demand over all items (:mod:`simulator.engine.contract`, "Totals").
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from simulator.engine.reference.states import States
from simulator.engine.reference.track import Track
from simulator.plan.network import Component, Plan
from simulator.plan.rung import Rung
from simulator.record.states import BUSY, DISABLED, DRAINED


def s0(plan: Plan, works: Sequence[int]) -> dict[str, int]:
    """S0 of each group in cycles; `works` is W of each component, in plan order."""
    sums: dict[tuple[str, Fraction], tuple[int, int]] = {}
    for component, work in zip(plan.components, works, strict=True):
        key = component.group, _cycles_per_unit(component)
        total, lanes = sums.get(key, (0, 0))
        sums[key] = total + work, lanes + component.lanes
    groups: dict[str, int] = {}
    for (group, cost), (work, lanes) in sums.items():
        groups[group] = max(groups.get(group, 0), _ceil(cost * work / lanes))
    return groups


def s1(plan: Plan, demands: Sequence[int]) -> list[int]:
    """S1 of each component in cycles; `demands` is D of each component, in plan order."""
    return [
        _ceil(_cycles_per_unit(part) * demand) for part, demand in zip(plan.components, demands, strict=True)
    ]


def own_totals(plan: Plan, tracks: Sequence[Sequence[Track]], rung: Rung) -> list[int]:
    """The total of each component at rung S0 (its group's) or S1 (its own), once all items have been read."""
    if rung is Rung.S0:
        groups = s0(plan, [sum(track.stream.work for track in of) for of in tracks])
        return [groups[component.group] for component in plan.components]
    return s1(plan, [sum(track.stream.demand for track in of) for of in tracks])


def bound(plan: Plan, tracks: Sequence[Sequence[Track]], rung: Rung) -> int:
    """Cycles of rung S0 or S1, once all items have been read."""
    cycles = max(own_totals(plan, tracks, Rung.S0), default=0)
    if rung is Rung.S1:
        cycles = max([cycles, *own_totals(plan, tracks, Rung.S1)])
    return cycles


def total_states(track: Track, total: int, cycles: int) -> States:
    """State of a program in each cycle of a run of which only totals are known."""
    if not track.stream.count:
        return np.full(cycles, DISABLED, dtype=np.uint8)
    states = np.full(cycles, DRAINED, dtype=np.uint8)
    states[:total] = BUSY
    return states


def _cycles_per_unit(component: Component) -> Fraction:
    p, q = component.rate
    return Fraction(q, p)


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
