"""The ladder from totals to truth, as a transformation of a plan.

``S0`` and ``S1`` are totals of a plan and need no schedule. ``S2`` lifts every capacity and gives every program a port
of its own, and service no state; ``S3`` puts the capacities back; ``S4`` (the truth) is the plan as it stands.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from simulator.errors import InputError, suggest
from simulator.plan.network import SPACE, Channel, Plan


class Rung(StrEnum):
    """A step of the ladder, a whole machine each."""

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"


_NAMES = {"totals": Rung.S0, "balance": Rung.S1, "order": Rung.S2, "buffers": Rung.S3, "truth": Rung.S4}


def parse_rung(name: str) -> Rung:
    """Accept ``S0`` .. ``S4`` or their names totals, balance, order, buffers, truth."""
    if not isinstance(name, str):
        raise InputError(f"rung {name!r}: must be text; choices: {', '.join([*_NAMES, *Rung])}")
    if name in _NAMES:
        return _NAMES[name]
    try:
        return Rung(name.upper())
    except ValueError:
        raise InputError(f"unknown rung {name!r}; {suggest(name, [*_NAMES, *Rung])}") from None


def at_rung(plan: Plan, rung: Rung) -> Plan:
    """The network as it is at `rung`; S0, S1 and S4 leave it unchanged."""
    if rung not in (Rung.S2, Rung.S3):
        return plan
    components = tuple(replace(c, arbiter=None, state=None) for c in plan.components)
    channels = plan.channels if rung is Rung.S3 else tuple(_unlimited(c) for c in plan.channels)
    return Plan(components, channels)


def _unlimited(channel: Channel) -> Channel:
    initial = None if channel.meaning == SPACE else channel.initial
    return replace(channel, capacity=None, width=None, initial=initial)
