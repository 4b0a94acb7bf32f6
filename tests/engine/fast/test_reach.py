"""The least number of cycles between departures is a shortest path over tokens and credits."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.engine.fast import layout as at
from simulator.engine.fast import reach
from simulator.engine.fast.memory import Memory
from simulator.jit import apart
from simulator.plan import Channel, Component, Plan, Program

Ints = np.ndarray


@apart
def told(m: Ints, source: int, table: int) -> None:
    """Tell the distances of all programs from one."""
    reach.distances(m, source, table)


def distances(plan: Plan, source: int) -> list[int]:
    """Cycles from a departure of a program to one of each."""
    memory = Memory(plan)
    table = memory.take(len(memory.programs))
    told(memory.words, memory.programs[source], table)
    assert memory.words[at.QUEUE_HEAD] == memory.words[at.QUEUE_TAIL]  # nobody is runnable yet
    assert not memory.program_rows()[:, at.AWAKE].any()
    found: list[int] = memory.words[table : table + len(memory.programs)].tolist()
    return found


def chain(*latencies: tuple[int, int]) -> Plan:
    """Programs 0, 1, .. each passing on to the next with a latency and a credit latency."""
    channels = tuple(Channel(f"c{i}", 2, a, b) for i, (a, b) in enumerate(latencies))
    components = tuple(
        Component(
            f"k{i}", "g", "server", 1, (1, 1), None,
            (Program("p", (i - 1,) if i else (), (i,) if i < len(latencies) else (), (), lambda: iter([])),),
        )
        for i in range(len(latencies) + 1)
    )  # fmt: skip
    return Plan(components, channels)


@pytest.mark.parametrize(("source", "expected"), [(0, [0, 3, 8]), (1, [2, 0, 5]), (2, [9, 7, 0])])
def test_distances_follow_tokens_and_credits(source: int, expected: list[int]) -> None:
    assert distances(chain((3, 2), (5, 7)), source) == expected


def test_an_endless_supply_carries_nothing() -> None:
    plan = chain((3, 2))
    free = Plan(plan.components, (Channel("c0", 2, 3, 2, initial=None),))
    assert distances(free, 0) == [0, at.NEVER]


def test_the_shorter_of_two_ways_counts() -> None:
    channels = (Channel("far", 2, 9, 1), Channel("near", 2, 1, 1), Channel("on", 2, 1, 1))
    ways = (((), (0, 1)), ((1,), (2,)), ((0, 2), ()))
    components = tuple(
        Component(f"k{i}", "g", "join", 1, (1, 1), None, (Program("p", ins, outs, (), lambda: iter([])),))
        for i, (ins, outs) in enumerate(ways)
    )
    assert distances(Plan(components, channels), 0) == [0, 1, 2]
