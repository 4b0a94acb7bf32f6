"""Networks with so many programs on shared ports that their grants are made cycle by cycle, by a calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from networks import Seeded, network

from simulator.engine.fast import layout as at
from simulator.engine.fast import run as fast
from simulator.engine.fast.memory import Memory
from simulator.engine.reference import run as reference
from simulator.errors import DeadlockError
from simulator.lowering.noc import Stream, Timing, alone
from simulator.plan import Channel, Component, Plan
from simulator.record.outcome import Outcome


def beside(plans: list[Plan]) -> Plan:
    """Networks that have nothing to do with each other as one."""
    parts: list[Component] = []
    channels: list[Channel] = []
    for number, plan in enumerate(plans):
        first = len(channels)
        channels += [replace(channel, name=f"{number}.{channel.name}") for channel in plan.channels]
        for part in plan.components:
            programs = [
                replace(
                    program,
                    inputs=tuple(first + channel for channel in program.inputs),
                    outputs=tuple(first + channel for channel in program.outputs),
                )
                for program in part.programs
            ]
            parts.append(replace(part, name=f"{number}.{part.name}", programs=tuple(programs)))
    return Plan(tuple(parts), tuple(channels))


def crowded(seed: int) -> Plan:
    """Random networks side by side with more programs on shared ports than grants are made ahead for."""
    plans, shared = [], 0
    while shared <= at.FORESIGHT:
        plans.append(network(Seeded(1000 * seed + len(plans)), states=False))
        shared += sum(len(part.programs) for part in plans[-1].components if part.arbiter)
    return beside(plans)


def told(engine: Callable[..., Outcome], plan: Plan) -> str | tuple[int, tuple[str, ...]]:
    """What an engine says, or how it got stuck."""
    try:
        return engine(plan).digest
    except DeadlockError as error:
        return error.cycle, error.waits


@pytest.mark.seeded(share=25, least=8, size=8)
def test_many_networks_at_once_equal_the_reference(seeds: range) -> None:
    for seed in seeds:
        plan = crowded(seed)
        assert told(lambda plan: fast(plan, leap=False), plan) == told(reference, plan), f"seed {seed}"


def test_there_is_a_calendar_of_many_programs_only() -> None:
    assert Memory(crowded(0), leap=False).words[at.DAYS]
    few = Memory(network(Seeded(0), states=False), leap=False).words
    assert few[at.SHARED_COUNT] <= at.FORESIGHT
    assert not few[at.DAYS]


@pytest.mark.parametrize("arbiter", ["round_robin", "priority"])
@pytest.mark.parametrize("gap", [0.02, 0.5])
def test_a_port_of_more_programs_than_a_word_has_bits(arbiter: str, gap: float) -> None:
    rng, nodes = np.random.default_rng(1), [(0, column) for column in range(8)]
    streams = [
        Stream(nodes[number % 8], (nodes[-1 - number % 7],), rng.geometric(gap, 12)) for number in range(70)
    ]
    plan = alone("bus", 1, 8, Timing(3, 1, 1), streams, room=2)
    parts = [replace(part, arbiter=arbiter) if part.arbiter else part for part in plan.components]
    plan = Plan(tuple(parts), plan.channels)
    assert fast(plan, leap=False).digest == reference(plan).digest
