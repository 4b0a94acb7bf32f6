"""Ports that several programs share, and their arbiters, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from engine.timelines import PUT, TAKE, grants, of, pair, sink, source, states, timeline
from networks import program, run_of, server

from simulator.plan import Channel, Plan
from simulator.record.outcome import Outcome

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


class TestSharedPorts:
    def shared(self, arbiter: str, *items: int, demand: int = 1) -> Plan:
        programs = [program(name, run_of(n, demand)) for name, n in zip("pqr", items, strict=False)]
        return Plan((server("a", *programs, arbiter=arbiter),), ())

    def test_round_robin_takes_turns(self, engine: Engine) -> None:
        outcome = engine(self.shared("round_robin", 3, 3))
        assert grants(outcome, "a", "p") == of((0, 0), (2, 2), (4, 4))
        assert grants(outcome, "a", "q") == of((1, 1), (3, 3), (5, 5))
        assert states(outcome, "a", "p") == {"busy": 3, "conflict": 2, "drained": 1}
        assert states(outcome, "a", "q") == {"busy": 3, "conflict": 3}
        assert timeline(outcome, "a") == "BBBBBB"

    def test_round_robin_passes_over_who_cannot_run(self, engine: Engine) -> None:
        outcome = engine(self.shared("round_robin", 3, 0, 2))
        assert grants(outcome, "a", "p") == of((0, 0), (2, 2), (4, 4))
        assert grants(outcome, "a", "r") == of((1, 1), (3, 3))

    def test_priority_serves_the_lowest_first(self, engine: Engine) -> None:
        outcome = engine(self.shared("priority", 2, 2, demand=2))
        assert grants(outcome, "a", "p") == of((0, 1), (2, 3))
        assert grants(outcome, "a", "q") == of((4, 5), (6, 7))
        assert states(outcome, "a", "q") == {"busy": 4, "conflict": 4}

    @pytest.mark.parametrize(("latency", "start"), [(1, 2), (2, 2), (3, 4)])
    def test_arbiters_decide_after_all_arrivals(self, engine: Engine, latency: int, start: int) -> None:
        # q's token arrives in `latency`; p's items end in 1, 3; the pointer is at q.
        shared = server(
            "a",
            program("p", run_of(2, 2)),
            program("q", run_of(1, takes=[1]), inputs=(0,)),
            arbiter="round_robin",
        )
        outcome = engine(
            Plan((source(run_of(1, **PUT), name="s"), shared), (Channel("c", 1, latency=latency),))
        )
        assert grants(outcome, "a", "q") == of((start, start))
        expected = {"busy": 1, "starved": latency, "conflict": start - latency, "drained": 4 - start}
        assert states(outcome, "a", "q") == {state: n for state, n in expected.items() if n}

    def test_who_has_no_room_is_not_eligible_and_holds_nobody_up(self, engine: Engine) -> None:
        # p's first token leaves in 0; b holds its slot to 5, seen free in 6. Meanwhile q has the port in 1-3.
        shared = server(
            "a", program("p", run_of(2, **PUT), outputs=(0,)), program("q", run_of(1, 3)), arbiter="priority"
        )
        outcome = engine(Plan((shared, sink(run_of(2, 5, **TAKE))), (Channel("c", 1),)))
        assert grants(outcome, "a", "p") == of((0, 0), (6, 6))
        assert grants(outcome, "a", "q") == of((1, 3))
        assert states(outcome, "a", "p") == {"busy": 2, "conflict": 3, "blocked": 2, "drained": 5}
        assert timeline(outcome, "a") == "BBBBxxB....."

    def test_ready_counts_the_room_on_a_shared_port_only(self, engine: Engine) -> None:
        # 64 at 42/1. Shared: granted in 3 when the slot is seen, begins then, ends in 4. Private: 2-3, the slot is there.
        plan = pair(source(run_of(2, 64, **PUT), rate=(42, 1)), sink(run_of(2, **TAKE)), capacity=1)
        shared = replace(
            plan, components=(replace(plan.components[0], arbiter="priority"), plan.components[1])
        )
        assert grants(engine(shared), "a") == of((0, 1), (3, 4))
        assert grants(engine(plan), "a") == of((0, 1), (2, 3))

    def test_ready_counts_no_room_on_a_private_port(self, engine: Engine) -> None:
        # When the third item starts, in 4, it is known that its slot comes in 6: it is served in 4 and held to 6.
        plan = pair(
            source(run_of(3, 64, **PUT), rate=(42, 1)), sink(run_of(3, **TAKE)), capacity=2, credit_latency=4
        )
        assert grants(engine(plan), "a") == of((0, 1), (2, 3), (4, 6))

    def test_the_remainder_belongs_to_the_port(self, engine: Engine) -> None:
        plan = self.shared("round_robin", 2, 2, demand=64)
        plan = replace(plan, components=(replace(plan.components[0], rate=(42, 1)),))
        outcome = engine(plan)
        assert grants(outcome, "a", "p") == of((0, 1), (4, 4))
        assert grants(outcome, "a", "q") == of((2, 3), (5, 6))
