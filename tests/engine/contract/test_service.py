"""Service time: rates, and what is left over of a cycle, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.timelines import PUT, TAKE, grants, of, pair, sink, source, states, timeline
from networks import program, run_of, server

from simulator.plan import Plan
from simulator.record.outcome import Outcome

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


class TestService:
    def test_a_fraction_of_a_cycle_left_over_serves_the_next_item(self, engine: Engine) -> None:
        # 64 at 42/1 is 128 ticks of 1/84 cycle: ends at 128, 256, 384, 512 fall in cycles 1, 3, 4, 6.
        outcome = engine(Plan((server("a", program("p", run_of(4, 64)), rate=(42, 1)),), ()))
        assert grants(outcome, "a") == of((0, 1), (2, 3), (4, 4), (5, 6))

    def test_an_isolated_item_is_rounded_up_alone(self, engine: Engine) -> None:
        plan = pair(source(run_of(3, 10, **PUT)), sink(run_of(3, 64, **TAKE), rate=(42, 1)))
        assert grants(engine(plan), "b") == of((10, 11), (20, 21), (30, 31))

    def test_waiting_before_the_service_ends_carries_the_remainder(self, engine: Engine) -> None:
        # Tokens from 1, 2, 3: begins at 84, then at 84 + 128 since ready (2, 3) is before that.
        plan = pair(source(run_of(3, **PUT)), sink(run_of(3, 64, **TAKE), rate=(42, 1)))
        assert grants(engine(plan), "b") == of((1, 2), (3, 4), (5, 5))

    def test_a_held_item_gives_away_the_cycle_it_leaves_in(self, engine: Engine) -> None:
        # b serves 2-11, 13-22, 24-33. a: first 0-1. Second 2-3, held to 12. Third from tick 84 * 12 + 1 to 1137,
        # in cycle 13, held to 23.
        plan = pair(source(run_of(3, 64, **PUT), rate=(42, 1)), sink(run_of(3, 10, **TAKE)), capacity=1)
        outcome = engine(plan)
        assert grants(outcome, "a") == of((0, 1), (2, 12), (13, 23))
        assert timeline(outcome, "a") == "BBBB" + "x" * 9 + "B" + "x" * 10 + "." * 10

    def test_at_a_rate_of_one_service_is_the_demand_after_a_hold_too(self, engine: Engine) -> None:
        plan = pair(source(run_of(3, 2, **PUT)), sink(run_of(3, 10, **TAKE)), capacity=1)
        outcome = engine(plan)
        assert grants(outcome, "a") == of((0, 1), (2, 12), (13, 23))
        assert timeline(outcome, "a") == "BBBB" + "x" * 9 + "BB" + "x" * 9 + "." * 10

    def test_a_rate_below_one(self, engine: Engine) -> None:
        # 2/3: an item is 6 ticks of 1/4 cycle, so one and a half cycles.
        outcome = engine(Plan((server("a", program("p", run_of(4, 1)), rate=(2, 3)),), ()))
        assert grants(outcome, "a") == of((0, 1), (2, 2), (3, 4), (5, 5))

    def test_a_ratio_means_the_same_however_it_is_written(self, engine: Engine) -> None:
        plans = [
            pair(source(run_of(9, [3, 1, 7], **PUT), rate=rate), sink(run_of(9, 4, **TAKE)), capacity=2)
            for rate in ((3, 2), (6, 4))
        ]
        assert engine(plans[0]).digest == engine(plans[1]).digest

    def test_an_unlimited_rate_takes_one_cycle(self, engine: Engine) -> None:
        outcome = engine(Plan((server("a", program("p", run_of(3, 1000)), rate=(1, 0)),), ()))
        assert timeline(outcome, "a") == "BBB"

    def test_no_demand_takes_one_cycle(self, engine: Engine) -> None:
        outcome = engine(Plan((server("a", program("p", run_of(2, 0), run_of(1, 2))),), ()))
        assert grants(outcome, "a") == of((0, 0), (1, 1), (2, 3))

    def test_programs_on_private_ports_serve_side_by_side(self, engine: Engine) -> None:
        both = server("a", program("p", run_of(2, 3)), program("q", run_of(1, 4)))
        outcome = engine(Plan((both,), ()))
        assert timeline(outcome, "a") == "BBBBBB"
        assert states(outcome, "a", "q") == {"busy": 4, "drained": 2}
