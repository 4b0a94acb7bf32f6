"""Networks small enough to work out by hand: two components and a channel, and what became of them in letters.

A timeline has a letter per cycle: B busy, s starved, r refill, c conflict, x blocked, ``.`` drained, ``-`` disabled.
Both edges of every latency show in it: the cycle before is not busy, the cycle itself is.
"""

from __future__ import annotations

from networks import program, server

from simulator.plan import Channel, Plan
from simulator.record.outcome import Outcome
from simulator.record.states import STATES

LETTERS = "Bsrcx.-"


def timeline(outcome: Outcome, name: str) -> str:
    """What component `name` does, a letter per cycle."""
    part = next(part for part in outcome.components if part.name == name)
    assert part.intervals.width == 1
    assert (part.intervals.counts.sum(axis=0) == 1).all()
    return "".join(LETTERS[state] for state in part.intervals.counts.argmax(axis=0))


def states(outcome: Outcome, component: str, name: str) -> dict[str, int]:
    """Cycles of a program in the states it was ever in."""
    part = next(part for part in outcome.components if part.name == component)
    found = next(program for program in part.programs if program.name == name).states
    return {state: int(count) for state, count in zip(STATES, found, strict=True) if count}


def grants(outcome: Outcome, component: str, name: str = "p") -> tuple[int, int, int, int]:
    part = next(part for part in outcome.components if part.name == component)
    return next(program for program in part.programs if program.name == name).grants


def of(*spans: tuple[int, int]) -> tuple[int, int, int, int]:
    """The fingerprint of items that start and depart in these cycles."""
    starts = [start for start, _ in spans]
    return len(spans), sum(starts), sum(s * s for s in starts), sum(depart for _, depart in spans)


def source(*runs: dict[str, object], to: int = 0, name: str = "a", **fields: object) -> object:
    """A component `a` whose one program puts on channel 0."""
    return server(name, program("p", *runs, outputs=(to,)), **fields)


def sink(*runs: dict[str, object], at: int = 0, name: str = "b", **fields: object) -> object:
    """A component `b` whose one program takes from channel 0."""
    return server(name, program("p", *runs, inputs=(at,)), **fields)


def pair(a: object, b: object, **channel: object) -> Plan:
    """Two components and the channel between them."""
    return Plan((a, b), (Channel("c", **{"capacity": None, **channel}),))


PUT, TAKE = {"puts": [1]}, {"takes": [1]}
