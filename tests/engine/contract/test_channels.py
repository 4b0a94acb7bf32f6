"""Channels: latencies, widths, capacities, credits, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.timelines import PUT, TAKE, grants, of, pair, sink, source, timeline
from networks import program, run_of, server

from simulator.plan import Channel, Plan
from simulator.record.outcome import Outcome

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


class TestChannels:
    @pytest.mark.parametrize("latency", [1, 2, 7])
    def test_a_token_arrives_after_its_latency(self, engine: Engine, latency: int) -> None:
        outcome = engine(pair(source(run_of(1, **PUT)), sink(run_of(1, **TAKE)), latency=latency))
        assert timeline(outcome, "a") == "B" + "." * latency
        assert timeline(outcome, "b") == "s" * latency + "B"

    @pytest.mark.parametrize("credit_latency", [1, 2, 7])
    def test_a_slot_is_free_after_the_credit_latency(self, engine: Engine, credit_latency: int) -> None:
        # b serves the first token in cycle 1; the slot is seen free in 1 + k, where a's second item leaves.
        k = credit_latency
        outcome = engine(
            pair(source(run_of(2, **PUT)), sink(run_of(2, **TAKE)), capacity=1, credit_latency=k)
        )
        assert timeline(outcome, "a") == "BB" + "x" * k + "."
        assert timeline(outcome, "b") == "sB" + "s" * k + "B"
        assert grants(outcome, "a") == of((0, 0), (1, 1 + k))

    @pytest.mark.parametrize(
        ("width", "takes", "start"),
        [
            (None, 5, 1),
            (1, 5, 5),
            (1, 4, 4),
            (2, 2, 1),
            (2, 3, 2),
            (2, 4, 2),
            (2, 5, 3),
            (3, 3, 1),
            (3, 5, 2),
        ],
    )
    def test_at_most_width_tokens_enter_in_a_cycle(
        self, engine: Engine, width: int | None, takes: int, start: int
    ) -> None:
        outcome = engine(pair(source(run_of(1, puts=[5])), sink(run_of(1, takes=[takes])), width=width))
        assert timeline(outcome, "b") == "s" * start + "B"

    @pytest.mark.parametrize(("takes", "start"), [(2, 1), (4, 2), (5, 3), (6, 3)])
    def test_tokens_that_could_not_enter_come_before_later_ones(
        self, engine: Engine, takes: int, start: int
    ) -> None:
        # Three put in cycle 0 enter in 0 0 1, three put in cycle 1 enter in 1 2 2.
        outcome = engine(pair(source(run_of(2, puts=[3])), sink(run_of(1, takes=[takes])), width=2))
        assert timeline(outcome, "b").startswith("s" * start + "B")

    def test_capacity(self, engine: Engine) -> None:
        # Three slots: the fourth item is held until b's first release, in 10, is seen in 11; the fifth until 21.
        outcome = engine(pair(source(run_of(5, **PUT)), sink(run_of(5, 10, **TAKE)), capacity=3))
        assert timeline(outcome, "a") == "BBBB" + "x" * 8 + "B" + "x" * 9 + "." * 29
        assert grants(outcome, "a") == of((0, 0), (1, 1), (2, 2), (3, 11), (12, 21))
        assert timeline(outcome, "b") == "s" + "B" * 50

    def test_puts_need_all_their_slots_at_once(self, engine: Engine) -> None:
        # Two slots of three are free from 1 on, the third (released in 4) from 5 on.
        plan = pair(source(run_of(1, puts=[1]), run_of(1, puts=[3])), sink(run_of(1, 4, **TAKE)), capacity=3)
        outcome = engine(plan)
        assert grants(outcome, "a") == of((0, 0), (1, 5))
        assert timeline(outcome, "a") == "BBxxxx"

    def test_puts_of_several_outputs_leave_together(self, engine: Engine) -> None:
        # The second item has room on `free` at once, but on `tight` only from 6 on: `free` gets its token in 6 too.
        fork = server("a", program("p", run_of(2, puts=[1, 1]), outputs=(0, 1)))
        parts = (fork, sink(run_of(2, **TAKE), name="b"), sink(run_of(2, 5, **TAKE), at=1, name="d"))
        outcome = engine(Plan(parts, (Channel("free", None), Channel("tight", 1))))
        assert grants(outcome, "a") == of((0, 0), (1, 6))
        assert timeline(outcome, "b") == "sBsssssB...."

    def test_initial_tokens_are_there_from_the_start_and_take_slots(self, engine: Engine) -> None:
        plan = pair(source(run_of(1, **PUT)), sink(run_of(4, **TAKE)), capacity=3, initial=3)
        outcome = engine(plan)
        assert timeline(outcome, "a") == "Bx.."
        assert timeline(outcome, "b") == "BBBB"

    def test_an_endless_supply_never_makes_a_take_wait(self, engine: Engine) -> None:
        outcome = engine(Plan((sink(run_of(3, takes=[100])),), (Channel("c", 1, initial=None),)))
        assert timeline(outcome, "b") == "BBB"

    def test_puts_to_an_endless_supply_vanish(self, engine: Engine) -> None:
        outcome = engine(pair(source(run_of(3, puts=[5])), sink(run_of(1, **TAKE)), capacity=1, initial=None))
        assert timeline(outcome, "a") == "BBB"
        assert timeline(outcome, "b") == "B.."

    def test_items_may_take_several_tokens_or_none(self, engine: Engine) -> None:
        # Tokens arrive in 1, 2, 3; items take 2, 0, 1: they start in 2, 3, 4.
        plan = pair(source(run_of(3, **PUT)), sink(run_of(3, takes=[[2, 0, 1]])), capacity=2)
        assert timeline(engine(plan), "b") == "ssBBB"

    def test_an_item_that_takes_nothing_waits_for_nothing(self, engine: Engine) -> None:
        plan = pair(source(run_of(1, 4, **PUT)), sink(run_of(2, takes=[[0, 1]])))
        assert timeline(engine(plan), "b") == "BsssB"

    def test_a_slot_is_free_only_once_it_is_released(self, engine: Engine) -> None:
        # b takes in its items of cycles 1, 2 and releases both in that of cycle 3: the third put leaves in 4.
        tile = run_of(3, takes=[[1, 1, 0]], releases=[[0, 0, 2]])
        outcome = engine(pair(source(run_of(3, **PUT)), sink(tile), capacity=2))
        assert timeline(outcome, "a") == "BBBxx"
        assert timeline(outcome, "b") == "sBBB."
        assert grants(outcome, "a") == of((0, 0), (1, 1), (2, 4))

    def test_a_dependence_on_itself(self, engine: Engine) -> None:
        # Each item needs what the one before put, three cycles later.
        loop = server("a", program("p", run_of(3, takes=[1], puts=[1]), inputs=(0,), outputs=(0,)))
        outcome = engine(Plan((loop,), (Channel("c", 2, latency=3, initial=1),)))
        assert timeline(outcome, "a") == "BssBssB"
