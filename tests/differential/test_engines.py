"""The two engines agree on every integer of random networks, however the networks are told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Seeded, expanded, faster, network, plans, recoded, revisited, roomier, walked

from simulator.engine.reference import run as reference
from simulator.errors import DeadlockError
from simulator.plan import Plan
from simulator.plan.check import state_problems
from simulator.plan.rung import Rung
from simulator.record.outcome import ComponentOutcome, Outcome
from simulator.registry import resolve

pytestmark = pytest.mark.differential
Engine = Callable[..., Outcome]
ENGINES = ("reference", "fast")
SCHEDULED = (Rung.S2, Rung.S3, Rung.S4)
RUNGS = tuple(Rung)
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    run: Engine = resolve("engine", request.param)
    return run


@pytest.fixture
def fast() -> Engine:
    run: Engine = resolve("engine", "fast")
    return run


def outcome(
    engine: Engine, plan: Plan, rung: Rung, **options: object
) -> Outcome | tuple[int, tuple[str, ...]]:
    """What the engine says: an outcome, or the cycle and the waits of a deadlock."""
    try:
        return engine(plan, rung, **options)
    except DeadlockError as error:
        return error.cycle, error.waits


def differences(a: Outcome, b: Outcome) -> Iterator[str]:
    """Where two outcomes differ, in plan order, readably."""
    if a.cycles != b.cycles:
        yield f"cycles: {a.cycles} != {b.cycles}"
    for x, y in zip(a.components, b.components, strict=True):
        yield from (f"{x.name}: {line}" for line in _component_differences(x, y))
    if a.digest != b.digest:
        yield f"digest: {a.digest} != {b.digest}"


def _component_differences(x: ComponentOutcome, y: ComponentOutcome) -> Iterator[str]:
    for name in ("name", "group", "kind", "lanes", "work", "demand"):
        if getattr(x, name) != getattr(y, name):
            yield f"{name}: {getattr(x, name)} != {getattr(y, name)}"
    for p, q in zip(x.programs, y.programs, strict=True):
        for name in ("name", "actions", "grants"):
            if getattr(p, name) != getattr(q, name):
                yield f"{p.name}.{name}: {getattr(p, name)} != {getattr(q, name)}"
        if not np.array_equal(p.states, q.states):
            yield f"{p.name}.states: {p.states.tolist()} != {q.states.tolist()}"
    a, b = x.intervals.counts, y.intervals.counts
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        yield f"intervals: {a.dtype} {a.shape} != {b.dtype} {b.shape}"
        return
    if x.intervals.width != y.intervals.width:
        yield f"bin width: {x.intervals.width} != {y.intervals.width}"
    bins = np.flatnonzero((a != b).any(axis=0))
    if bins.size:
        first = int(bins[0])
        yield f"first of {bins.size} bins that differ is {first}: {a[:, first].tolist()} != {b[:, first].tolist()}"


def assert_same(a: Engine, b: Engine, plan: Plan, rung: Rung, what: str, other: Plan | None = None) -> None:
    """Engine `a` on `plan` says what engine `b` says of it, or of `other`."""
    x, y = outcome(a, plan, rung), outcome(b, plan if other is None else other, rung)
    if isinstance(x, Outcome) and isinstance(y, Outcome):
        found = list(differences(x, y))
        assert not found, "\n".join([f"{what} at {rung}:", *found[:8]])
    else:
        assert x == y, f"{what} at {rung}"


def test_engines_agree(fast: Engine, seeds: range) -> None:
    for seed in seeds:
        plan = network(Seeded(seed))
        for rung in RUNGS:
            assert_same(reference, fast, plan, rung, f"reference and fast on network {seed}")


@pytest.mark.nojit
def test_engines_agree_on_the_first_networks(fast: Engine) -> None:
    for seed in range(20):
        plan = network(Seeded(seed))
        for rung in RUNGS:
            assert_same(reference, fast, plan, rung, f"reference and fast on network {seed}")


@settings(UNHURRIED, max_examples=int(os.environ.get("SPARSECYCLE_EXAMPLES", "60")))
@given(plan=plans(), rung=st.sampled_from(RUNGS))
def test_engines_agree_on_networks_that_shrink(plan: Plan, rung: Rung) -> None:
    assert_same(reference, resolve("engine", "fast"), plan, rung, "reference and fast")


@pytest.mark.seeded(share=10)
def test_the_order_of_registration_changes_nothing(seeds: range) -> None:
    for seed in seeds:
        plan = network(Seeded(seed))
        shuffled = partial(reference, order=seed)
        assert_same(reference, shuffled, plan, Rung.S4, f"network {seed}, other order")


@pytest.mark.seeded(share=10, size=10)
def test_runs_and_chunks_change_nothing(engine: Engine, seeds: range) -> None:
    for seed in seeds:
        plan = network(Seeded(seed))
        for rung in RUNGS:
            assert_same(
                engine, engine, plan, rung, f"network {seed}, recoded", recoded(Seeded(seed + 1), plan)
            )
            assert_same(engine, engine, plan, rung, f"network {seed}, an item a chunk", walked(plan))
            again = revisited(Seeded(seed + 2), plan)
            assert_same(engine, engine, plan, rung, f"network {seed}, blocks visited", again)


def cycles(engine: Engine, plan: Plan, rung: Rung) -> float:
    """Run length; a deadlock takes for ever."""
    result = outcome(engine, plan, rung)
    return result.cycles if isinstance(result, Outcome) else float("inf")


@pytest.mark.seeded(share=10, size=10)
def test_more_rate_or_room_never_costs_cycles(engine: Engine, seeds: range) -> None:
    for seed in seeds:
        plan = network(Seeded(seed))
        for rung in (Rung.S0, Rung.S1, Rung.S2, Rung.S3):
            before = cycles(engine, plan, rung)
            for improved in (faster(Seeded(seed), plan), roomier(Seeded(seed), plan)):
                assert cycles(engine, improved, rung) <= before, f"network {seed} at {rung}"


@pytest.mark.seeded(share=10)
def test_rungs_are_ordered(engine: Engine, seeds: range) -> None:
    for seed in seeds:
        plan = network(Seeded(seed))
        s0, s1, s2, s3, s4 = (cycles(engine, plan, rung) for rung in RUNGS)
        assert s0 <= s1 <= s2 <= s3, f"network {seed}"
        if all(part.arbiter or len(part.programs) == 1 for part in plan.components):
            assert s4 >= s1, f"network {seed}"


@pytest.mark.seeded(share=10)
def test_states_sum_to_the_run_length(engine: Engine, seeds: range) -> None:
    for seed in seeds:
        for rung in RUNGS:
            result = outcome(engine, network(Seeded(seed)), rung)
            if not isinstance(result, Outcome):
                continue
            for part in result.components:
                sums = part.intervals.counts.sum(axis=0)
                assert part.busy + sum(part.stalls.values()) == result.cycles
                assert (sums[:-1] == part.intervals.width).all()
                assert part.intervals.counts.min(initial=0) >= 0
                assert all(int(p.states.sum()) == result.cycles for p in part.programs)


def test_random_networks_reach_every_state() -> None:
    """Guards the generator: a state it never reaches is a state the engines are never compared on."""
    reached, deadlocks = np.zeros(7, dtype=np.int64), 0
    for seed in range(120):
        result = outcome(reference, network(Seeded(seed)), Rung.S4)
        if isinstance(result, Outcome):
            reached += sum(program.states for part in result.components for program in part.programs)
        else:
            deadlocks += 1
    assert (reached > 0).all()
    assert 6 <= deadlocks <= 60


def test_recoding_keeps_every_item_and_changes_the_runs() -> None:
    changed = places = 0
    for seed in range(20):
        plan = network(Seeded(seed))
        for told in (recoded(Seeded(seed + 1), plan), walked(plan), revisited(Seeded(seed + 2), plan)):
            for old, new in zip(plan.components, told.components, strict=True):
                for p, q in zip(old.programs, new.programs, strict=True):
                    assert expanded(p) == expanded(q)
                    assert (p.access is None) == (q.access is None)
                    if p.access and q.access:
                        assert list(p.access.addresses()) == list(q.access.addresses())
                        places += [len(t) for t in p.access.runs()] != [len(t) for t in q.access.runs()]
                    changed += [len(c.runs) for c in p.chunks()] != [len(c.runs) for c in q.chunks()]
    assert changed > 40
    assert places > 5


def requested(engine: Engine, plan: Plan) -> dict[str, list[tuple[int, bool, int]]]:
    """Every request of every component that makes some."""
    told: dict[str, list[tuple[int, bool, int]]] = {
        part.name: [] for part in plan.components if part.arbiter and all(p.access for p in part.programs)
    }
    requests = {name: (lambda *request, to=to: to.append(request)) for name, to in told.items()}
    outcome(engine, plan, Rung.S4, requests=requests)
    return told


@pytest.mark.seeded(share=4)
def test_engines_tell_the_same_requests(fast: Engine, seeds: range) -> None:
    count = 0
    for seed in seeds:
        plan = network(Seeded(seed))
        told = requested(reference, plan)
        assert requested(fast, plan) == told, f"network {seed}"
        count += sum(map(len, told.values()))
    assert count > 100


def test_random_networks_have_every_state() -> None:
    """Guards the generator: what a state does must show in the schedule."""
    felt: dict[str, int] = {}
    for seed in range(120):
        plan = network(Seeded(seed))
        assert state_problems(plan) == []
        truth = outcome(reference, plan, Rung.S4)
        for number, part in enumerate(plan.components):
            if part.state is None:
                continue
            parts = list(plan.components)
            parts[number] = replace(part, state=None)
            changed = outcome(reference, replace(plan, components=tuple(parts)), Rung.S4) != truth
            name = type(part.state).__name__
            felt[name] = felt.get(name, 0) + changed
    assert min(felt["Banks"], felt["Rows"]) > 10
