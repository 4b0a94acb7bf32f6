"""The two engines record the same windows of random networks, and recording changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from networks import Seeded, network, tiled

from simulator.engine.fast import record as record_fast
from simulator.engine.fast import run as fast
from simulator.engine.reference import record as record_reference
from simulator.errors import DeadlockError, InputError
from simulator.plan import Plan
from simulator.plan.rung import Rung
from simulator.record.recording import ComponentEvents, ProgramEvents, Recording, Window, merged

pytestmark = pytest.mark.differential
SCHEDULED = (Rung.S2, Rung.S3, Rung.S4)


def differences(a: Recording, b: Recording) -> list[str]:
    """Where two recordings differ, readably."""
    found = [] if (a.begin, a.end) == (b.begin, b.end) else [f"{a.begin}:{a.end} != {b.begin}:{b.end}"]
    for x, y in zip(a.components, b.components, strict=True):
        found += [
            f"{x.name}/{p.name}: from {p.first} {p.start.tolist()} .. {p.depart.tolist()} != "
            f"from {q.first} {q.start.tolist()} .. {q.depart.tolist()}"
            for p, q in zip(x.programs, y.programs, strict=True)
            if p != q
        ]
        if x.states.tolist() != y.states.tolist() or x.begins.tolist() != y.begins.tolist():
            found.append(
                f"{x.name}: {x.states.tolist()} from {x.begins.tolist()} != {y.states.tolist()} from {y.begins.tolist()}"
            )
    return found


def windows(rng: np.random.Generator, cycles: int) -> list[Window]:
    """The whole run, its beginning, something in its middle, and what lies behind it."""
    first = int(rng.integers(cycles))
    return [
        Window(0, cycles + 1),
        Window(0, 1 + int(rng.integers(40))),
        Window(first, first + 1 + int(rng.integers(max(1, cycles // 4)))),
        Window(cycles - 1, cycles + 5),
        Window(cycles, cycles + 1),
    ]


def cut(whole: Recording, window: Window) -> Recording:
    """The window of a recording of a whole run."""
    begin, end = min(window.begin, whole.end), min(window.end, whole.end)
    parts = []
    for part in whole.components:
        programs = []
        for items in part.programs:
            kept = (items.start < end) & (items.depart >= begin)
            columns = (items.start[kept], items.finish[kept], items.depart[kept])
            programs.append(ProgramEvents(items.name, int((items.depart < begin).sum()), *columns))
        edges = np.append(part.begins, whole.end)
        parts.append(
            ComponentEvents(
                part.name, part.group, part.kind, *merged(edges, part.states, begin, end), tuple(programs)
            )
        )
    return Recording(begin, end, tuple(parts))


def assert_recorded_alike(plan: Plan, rung: Rung, rng: np.random.Generator, what: str) -> int:
    """Both engines tell the same of some windows; how many items that were."""
    try:
        outcome = fast(plan, rung)
    except DeadlockError as error:
        for record in (record_fast, record_reference):
            with pytest.raises(DeadlockError, match=re.escape(str(error))):
                record(plan, Window(0, 9), rung)
        return 0
    other, whole = record_reference(plan, Window(0, outcome.cycles + 1), rung)
    items = 0
    for window in windows(rng, max(1, outcome.cycles)):
        mine, told = record_fast(plan, window, rung)
        also = cut(whole, window)
        assert mine == other == outcome, f"{what} at {rung}"
        found = differences(told, also)
        assert not found, "\n".join([f"{what} at {rung}, {window}:", *found[:4]])
        assert told == also
        items += sum(len(program) for part in told.components for program in part.programs)
    return items


@pytest.mark.nojit
def test_engines_record_the_same_of_the_first_networks() -> None:
    rng = np.random.default_rng(1)
    assert (
        sum(assert_recorded_alike(network(Seeded(i)), Rung.S4, rng, f"network {i}") for i in range(12)) > 1000
    )


@pytest.mark.seeded(share=10, least=24)
def test_engines_record_the_same(seeds: range) -> None:
    for seed in seeds:
        rng = np.random.default_rng([2, seed])
        for rung in SCHEDULED:
            assert_recorded_alike(network(Seeded(1000 + seed)), rung, rng, f"network {1000 + seed}")


def test_engines_record_the_same_of_long_runs() -> None:
    """Longer than the fast engine's own windows, so that a recording begins and ends in the middle of one."""
    rng, items = np.random.default_rng(3), 0
    for seed in (8, 10, 16, 22, 24, 40, 44, 49, 54, 57):
        plan = tiled(network(Seeded(seed)), 6)
        items += assert_recorded_alike(plan, Rung.S4, rng, f"network {seed} six times")
    assert items > 5_000


def test_the_reference_records_windows_as_parts_of_the_whole() -> None:
    rng = np.random.default_rng(4)
    for seed in range(12):
        plan = network(Seeded(seed))
        try:
            outcome, whole = record_reference(plan, Window(0, 10**9))
        except DeadlockError:
            continue
        for window in windows(rng, max(1, outcome.cycles)):
            assert record_reference(plan, window)[1] == cut(whole, window), f"network {seed}, {window}"


def test_a_whole_recording_sums_to_the_outcome() -> None:
    for seed in range(30):
        plan = network(Seeded(seed))
        try:
            outcome, told = record_fast(plan, Window(0, 10**9))
        except DeadlockError:
            continue
        for part, events in zip(outcome.components, told.components, strict=True):
            lengths = np.diff(np.append(events.begins, told.end))
            totals = np.bincount(events.states, lengths, minlength=7).astype(int).tolist()
            assert totals == list(part.intervals.totals().values())
            assert (np.diff(events.states.astype(int)) != 0).all()
            for program, items in zip(part.programs, events.programs, strict=True):
                starts = [int(s) for s in items.start]
                sums = len(starts), sum(starts), sum(s * s for s in starts), int(items.depart.sum())
                assert sums == program.grants
                assert items.first == 0


def test_a_window_keeps_no_more_than_it_may() -> None:
    plan = network(Seeded(8))
    whole = record_fast(plan, Window(0, 10**9))[1]
    many = sum(len(x.begins) + sum(map(len, x.programs)) for x in whole.components)
    for record in (record_fast, record_reference):
        assert record(plan, Window(0, 10**9, many))[1] == whole
        with pytest.raises(
            InputError, match=rf"more than {many - 1:,} items and intervals; choose fewer cycles"
        ):
            record(plan, Window(0, 10**9, many - 1))


def test_what_cannot_be_recorded() -> None:
    plan = network(Seeded(0))
    for record in (record_fast, record_reference):
        for rung in (Rung.S0, Rung.S1):
            with pytest.raises(InputError, match=f"rung {rung}: has totals only"):
                record(plan, Window(0, 9), rung)
        with pytest.raises(InputError, match="unknown arbiter"):
            record(replace(plan, components=(replace(plan.components[0], arbiter="lottery"),)), Window(0, 9))
    for begin, end in ((-1, 5), (5, 5), (7, 3)):
        with pytest.raises(InputError, match="must be FIRST:BEYOND"):
            Window(begin, end)
