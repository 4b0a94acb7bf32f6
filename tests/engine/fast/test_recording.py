"""A window deep in a run that repeats is recorded as if nothing had been leapt over, and is reached by leaps."""

from __future__ import annotations

import numpy as np
import pytest
from networks import program, run_of, server

import simulator
from simulator.engine.fast import layout as at
from simulator.engine.fast import record, run
from simulator.engine.fast.loading import loaders_of
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.recording import ENTRIES, Recorded
from simulator.engine.reference import record as record_reference
from simulator.engine.reference import run as reference
from simulator.lowering import lower
from simulator.plan import Channel, Plan
from simulator.record.recording import Recording, Window
from simulator.record.states import BLOCKED, DISABLED


def recorded(plan: Plan, window: Window) -> tuple[Recording, int]:
    """A recording, and how many cycles were leapt over on the way."""
    memory = Memory(plan, entries=ENTRIES)
    schedule = Recorded(memory, loaders_of(memory), window)
    schedule.run(None)
    leapt = int(memory.words[at.LEAPT])
    schedule.outcome(schedule.cycles)
    return schedule.recording(), leapt


def fed(items: int) -> Plan:
    """Two programs at a shared port feed a chain each; a third item in ten takes long at the end of one."""
    channels = [Channel(f"c{i}", 3, latency=2) for i in range(3)]
    port = server(
        "port",
        program("a", run_of(items, 3, puts=[1]), outputs=[0]),
        program("b", run_of(items, 2, puts=[1]), outputs=[1]),
        rate=(2, 1),
        arbiter="round_robin",
    )
    middle = server("middle", program("p", run_of(items, 1, takes=[1], puts=[1]), inputs=[0], outputs=[2]))
    slow = server("slow", program("p", run_of(items, [1] * 9 + [30], takes=[1]), inputs=[2]))
    end = server("end", program("p", run_of(items, 4, takes=[1]), inputs=[1]), rate=(3, 1))
    return Plan((port, middle, slow, end), tuple(channels))


@pytest.mark.parametrize("begin", [0, 1023, 2048, 30_000, 61_111])
def test_a_window_after_leaps_and_before_them(begin: int) -> None:
    plan = fed(20_000)
    cycles = run(plan).cycles
    assert cycles > 70_000
    whole, none = recorded(plan, Window(0, cycles))
    assert none == 0
    told, leapt = recorded(plan, Window(begin, begin + 2000))
    assert leapt > cycles // 2
    assert (told.begin, told.end) == (begin, begin + 2000)
    for part, all_of in zip(told.components, whole.components, strict=True):
        for items, every in zip(part.programs, all_of.programs, strict=True):
            kept = (every.start < told.end) & (every.depart >= told.begin)
            assert items.first == int((every.depart < begin).sum())
            for name in ("start", "finish", "depart"):
                assert getattr(items, name).tolist() == getattr(every, name)[kept].tolist()
        shown = np.repeat(all_of.states, np.diff(np.append(all_of.begins, cycles)))[told.begin : told.end]
        mine = np.repeat(part.states, np.diff(np.append(part.begins, told.end)))
        assert mine.tolist() == shown.tolist()


def test_a_layer_of_a_machine_is_recorded_as_it_runs() -> None:
    layer = simulator.gemm(
        np.kron(np.ones((64, 16), bool), [True, True, False, False]), np.ones((64, 96), bool)
    )
    plan = lower(simulator.load_machine("highlight"), layer).plan
    outcome = run(plan)
    happened, told = record(plan, Window(outcome.cycles // 2, outcome.cycles // 2 + 700))
    assert happened == outcome
    assert sum(len(p) for part in told.components for p in part.programs) > 1000


def test_an_item_that_outlasts_everything_is_told() -> None:
    """Its end is logged long before the window, which begins in it; a held one likewise."""
    channels = (Channel("full", 1, latency=1, credit_latency=9000),)
    long = server("long", program("p", run_of(1, 10_000), run_of(2, 1)))
    held = server("held", program("p", run_of(3, 1, puts=[1]), outputs=[0]))
    taker = server("taker", program("p", run_of(3, 1, takes=[1]), inputs=[0]))
    plan = Plan((long, held, taker), channels)
    for begin in (2, 4000, 8999, 9000, 10_001, 17_999):
        window = Window(begin, begin + 10)
        told, _ = recorded(plan, window)
        assert told == record_reference(plan, window)[1]
        assert told.components[1].states[0] == BLOCKED


@pytest.mark.nojit
def test_a_component_of_idle_programs_is_disabled_in_a_run_of_any_length() -> None:
    """Several private ports, none with an item, in a run longer than the engine's own windows."""
    idle = server("idle", program("a"), program("b"))
    plan = Plan((server("busy", program("p", run_of(1500, 2))), idle), ())
    assert run(plan) == reference(plan)
    assert run(plan).components[1].stalls["disabled"] == 3000
    assert record(plan, Window(2000, 2500))[1].components[1].states.tolist() == [DISABLED]


def test_many_components_have_short_tapes_that_are_read_in_time() -> None:
    """More components than tapes have room for at their longest; some change their state every cycle or two."""
    channels = tuple(Channel(f"c{i}", 1, latency=1) for i in range(3))
    parts = []
    for i in range(4):
        ends = {"inputs": [i - 1] if i else [], "outputs": [i] if i < 3 else []}
        moves = {"takes": [1] * (i > 0), "puts": [1] * (i < 3)}
        parts.append(server(f"s{i}", program("p", run_of(3000, 2 if i == 0 else 1, **moves), **ends)))
    idle = [server(f"idle{i}", program("p")) for i in range(1100)]
    plan = Plan((*parts, *idle), channels)
    assert Memory(plan).words[at.ENTRIES] < ENTRIES
    for window in (Window(0, 6000), Window(2500, 5000)):
        outcome, told = record(plan, window)
        assert outcome == run(plan)
        assert told == record_reference(plan, window)[1]
        assert max(len(part.begins) for part in told.components[:4]) > 2000
