"""What the reference engine offers beyond the contract: the grant log, the order of processes, progress."""

from __future__ import annotations

import subprocess
import sys

import pytest
from networks import program, run_of, server

from simulator.engine.reference import run
from simulator.errors import DeadlockError, InputError
from simulator.plan import Channel, Plan


def pair(items: int, capacity: int | None = None) -> Plan:
    a = server("a", program("p", run_of(items, 2, puts=[1]), outputs=(0,)))
    b = server("b", program("q", run_of(items, 1, takes=[1]), inputs=(0,)))
    return Plan((a, b), (Channel("c", capacity, latency=3),))


def test_the_grant_log_has_every_item_in_plan_order() -> None:
    log: list[tuple[str, str, int, int, int]] = []
    run(pair(2, capacity=1), grant_log=log)
    # The first token arrives in 4, its slot is seen free in 5: the second item, served 2-3, leaves then.
    assert log == [("a", "p", 0, 1, 1), ("a", "p", 2, 3, 5), ("b", "q", 4, 4, 4), ("b", "q", 8, 8, 8)]


def test_the_grant_log_of_a_deadlock_has_what_departed() -> None:
    log: list[tuple[str, str, int, int, int]] = []
    plan = pair(2, capacity=1)
    with pytest.raises(DeadlockError):
        run(Plan(plan.components[:1], plan.channels), grant_log=log)
    assert log == [("a", "p", 0, 1, 1)]


def test_order_shuffles_processes_not_outcomes() -> None:
    logs: list[list[tuple[str, str, int, int, int]]] = [[] for _ in range(4)]
    digests = {run(pair(20, capacity=2), order=seed, grant_log=log).digest for seed, log in enumerate(logs)}
    assert len(digests) == 1
    assert all(log == logs[0] for log in logs)


def test_progress_is_told_now_and_then() -> None:
    told: list[tuple[int, int]] = []
    outcome = run(pair(1500), progress=lambda cycle, items: told.append((cycle, items)))
    assert [items for _, items in told] == [1024, 2048]
    assert all(0 < cycle < outcome.cycles for cycle, _ in told)


def test_an_unknown_arbiter_is_refused() -> None:
    plan = Plan((server("a", program("p", run_of(1)), arbiter="round_robbin"),), ())
    with pytest.raises(InputError, match=r"unknown arbiter 'round_robbin'; did you mean 'round_robin'\?"):
        run(plan)


def test_releasing_more_than_was_taken_is_refused() -> None:
    a = program("p", run_of(2, takes=[[1, 0]], releases=[[0, 2]]), inputs=(0,))
    with pytest.raises(ValueError, match="channel c: 2 released in cycle 1, only 1 taken"):
        run(Plan((server("a", a),), (Channel("c", 4, initial=4),)))


def test_the_reference_needs_no_compiler() -> None:
    code = "import sys, simulator.engine.reference as r; assert 'numba' not in sys.modules; r.run"
    subprocess.run([sys.executable, "-c", code], check=True)
