"""Totals of a plan, which need no schedule, and the outcomes of rungs S0 and S1.

With W and D the sums of work and demand of a component of rate p/q: S0 of a group is ceil(q sum W / (p sum lanes)), the largest
over its rates; S1 of a component is ceil(q D / p). Source: the contract, totals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast.loading import Loader
from simulator.plan.network import Component, Plan
from simulator.plan.rung import Rung
from simulator.record.intervals import IntervalLog, bin_width
from simulator.record.outcome import ComponentOutcome, Outcome, ProgramOutcome
from simulator.record.states import BUSY, DISABLED, DRAINED, STATES

Loaders = Sequence[Sequence[Loader]]


def _over(total: int, rate: tuple[int, int], lanes: int) -> int:
    p, q = rate
    return -(-q * total // (p * lanes)) if q else 0


def group_totals(plan: Plan, loaders: Loaders) -> dict[str, int]:
    """S0 cycles of every component group."""
    work: dict[tuple[str, Fraction], int] = defaultdict(int)
    lanes: dict[tuple[str, Fraction], int] = defaultdict(int)
    for component, own in zip(plan.components, loaders, strict=True):
        p, q = component.rate
        key = component.group, Fraction(q, p) if q else Fraction(0)
        work[key] += sum(loader.work for loader in own)
        lanes[key] += component.lanes
    found: dict[str, int] = defaultdict(int)
    for (group, inverse), total in work.items():
        rate = inverse.denominator, inverse.numerator
        found[group] = max(found[group], _over(total, rate, lanes[group, inverse]))
    return dict(found)


def component_totals(plan: Plan, loaders: Loaders) -> list[int]:
    """S1 cycles of every component, in plan order."""
    return [
        _over(sum(loader.demand for loader in own), component.rate, 1)
        for component, own in zip(plan.components, loaders, strict=True)
    ]


def balance(plan: Plan, loaders: Loaders) -> int:
    """The S1 bound of a plan: the largest total of a component or group."""
    return max([0, *component_totals(plan, loaders), *group_totals(plan, loaders).values()])


def outcome(plan: Plan, rung: Rung, loaders: Loaders) -> Outcome:
    """The outcome of a plan at rung S0 or S1."""
    groups, own = group_totals(plan, loaders), component_totals(plan, loaders)
    cycles = max([0, *groups.values()])
    if rung is Rung.S1:
        cycles = max([cycles, *own])
    parts = []
    for component, total, mine in zip(plan.components, own, loaders, strict=True):
        busy = groups[component.group] if rung is Rung.S0 else total
        parts.append(_component(component, mine, busy, cycles))
    return Outcome(cycles, tuple(parts))


def _component(component: Component, loaders: Sequence[Loader], busy: int, cycles: int) -> ComponentOutcome:
    programs = tuple(
        ProgramOutcome(
            program.name,
            _states(busy, cycles, loader.items > 0),
            dict(zip(program.actions, loader.actions, strict=True)),
            (0, 0, 0, 0),
        )
        for program, loader in zip(component.programs, loaders, strict=True)
    )
    return ComponentOutcome(
        component.name,
        component.group,
        component.kind,
        component.lanes,
        _log(busy, cycles, any(loader.items for loader in loaders)),
        sum(loader.work for loader in loaders),
        sum(loader.demand for loader in loaders),
        programs,
    )


def _states(busy: int, cycles: int, enabled: bool) -> NDArray[np.int64]:
    states = np.zeros(len(STATES), dtype=np.int64)
    if enabled:
        states[BUSY], states[DRAINED] = busy, cycles - busy
    else:
        states[DISABLED] = cycles
    return states


def _log(busy: int, cycles: int, enabled: bool) -> IntervalLog:
    width = bin_width(cycles)
    begins = np.arange(-(-cycles // width), dtype=np.int64) * width
    ends = np.minimum(begins + width, cycles)
    counts = np.zeros((len(STATES), len(begins)), dtype=np.int64)
    if enabled:
        counts[BUSY] = np.clip(busy - begins, 0, ends - begins)
        counts[DRAINED] = ends - begins - counts[BUSY]
    else:
        counts[DISABLED] = ends - begins
    return IntervalLog(width, counts)
