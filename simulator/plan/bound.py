"""What limits a layer if everything overlapped: totals of a plan without order (rung S0).

::

    S0(group) = max over rates p/q of ceil(q sum of work / (p sum of lanes))
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.plan.network import Component, Plan
from simulator.record.outcome import Outcome

_COMPUTE = "compute"


def s0_totals(plan: Plan, outcome: Outcome) -> dict[str, int]:
    """S0 cycles per component group: ceil(q sum of work / (p sum of lanes)), the largest over rates within a
    group.
    """
    sums: dict[tuple[str, int, int], tuple[int, int]] = {}
    for component, part in zip(plan.components, outcome.components, strict=True):
        key = (component.group, *component.rate)
        work, lanes = sums.get(key, (0, 0))
        sums[key] = (work + part.work, lanes + component.lanes)
    totals: dict[str, int] = {}
    for (group, p, q), (work, lanes) in sums.items():
        totals[group] = max(totals.get(group, 0), -(-q * work // (p * lanes)))
    return totals


def bound(plan: Plan, totals: Mapping[str, int]) -> str:
    """What limits a layer if everything overlapped: the group with the largest S0 total, compute when it ties.

    The groups that multiply are called compute, memories by the first part of their name in capitals, others as they are.
    """
    most = max(totals.values())
    tied = [_called(part) for part in plan.components if totals[part.group] == most]
    return _COMPUTE if _COMPUTE in tied else tied[0]


def _called(component: Component) -> str:
    if any("mac" in program.actions for program in component.programs):
        return _COMPUTE
    memory = component.kind in ("memory", "dram")
    return component.group.split(".")[0].upper() if memory else component.group
