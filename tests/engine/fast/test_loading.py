"""What is loaded at once is bounded, for a program and for all of them, and never changes what happens."""

from __future__ import annotations

import pytest
from networks import Seeded
from networks import network as random

from simulator.engine.fast import layout as at
from simulator.engine.fast import loading, run
from simulator.engine.fast.memory import Memory
from simulator.plan import Channel, Component, Plan, Program, RunWriter


def network(pairs: int, items: int) -> Plan:
    """Pairs of a source and a sink; every item is a chunk."""

    def chunks(inputs: int, outputs: int):
        for number in range(items):
            writer = RunWriter(inputs, outputs, 0)
            writer.add(1, 1 + number % 3, takes=[1] * inputs, puts=[1] * outputs)
            yield writer.chunk()

    components = []
    for pair in range(pairs):
        made = Program("made", (), (pair,), (), lambda: chunks(0, 1))
        used = Program("used", (pair,), (), (), lambda: chunks(1, 0))
        components += [
            Component(f"{kind}{pair}", kind, kind, 1, (1, 1), None, (program,))
            for kind, program in (("source", made), ("sink", used))
        ]
    return Plan(tuple(components), tuple(Channel(f"c{pair}", 2) for pair in range(pairs)))


def test_programs_share_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, expected = network(20, 100), run(network(20, 100))
    monkeypatch.setattr(loading, "ENOUGH_OF_ALL", 400)
    memory = Memory(plan)
    first = loading.loaders_of(memory)[0][0]
    loading.load([first])
    assert first.items == 400 / 40
    monkeypatch.setattr(loading, "ENOUGH_OF_ALL", 1 << 18)
    second = loading.loaders_of(memory)[1][0]
    loading.load([second])
    assert second.items == 100
    monkeypatch.setattr(loading, "ENOUGH_OF_ALL", 1)
    assert run(plan) == expected


def test_loops_take_room_only_where_something_is_leapt_over() -> None:
    plans = (random(Seeded(seed), states=False) for seed in range(100))
    plan = next(plan for plan in plans if len(plan.components) > 1 and Memory(plan).words[at.LEAPING])
    for leap, loops in ((False, 0), (True, at.LOOP_WORDS * at.MOST_LOOPS)):
        memory = Memory(plan, leap=leap)
        first, second = (int(memory.words[component + at.TAPE]) for component in memory.components[:2])
        assert second - first == int(memory.words[at.ENTRIES]) + 1 + loops
