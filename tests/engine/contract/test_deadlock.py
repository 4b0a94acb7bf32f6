"""Deadlocks: when, and who waits on whom, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.timelines import PUT, pair, sink, source
from networks import program, run_of, server

from simulator.errors import DeadlockError
from simulator.plan import Channel, Plan
from simulator.plan.rung import Rung
from simulator.record.outcome import Outcome

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


class TestDeadlock:
    def test_two_programs_that_wait_for_each_other(self, engine: Engine) -> None:
        a = server("a", program("p", run_of(1, takes=[1], puts=[1]), inputs=(0,), outputs=(1,)))
        b = server("b", program("q", run_of(1, takes=[1], puts=[1]), inputs=(1,), outputs=(0,)))
        with pytest.raises(DeadlockError) as caught:
            engine(Plan((b, a), (Channel("ba", 1), Channel("ab", 1))))
        assert caught.value.cycle == -1
        assert caught.value.waits == ("b/q waits for a token on ab", "a/p waits for a token on ba")
        assert str(caught.value).startswith("deadlock after cycle -1: b/q waits for a token on ab; ")

    @pytest.mark.parametrize("arbiter", [None, "priority"])
    def test_no_room_for_ever(self, engine: Engine, arbiter: str | None) -> None:
        full = server("a", program("p", run_of(3, 4, puts=[[1, 1, 2]]), outputs=(0,)), arbiter=arbiter)
        with pytest.raises(DeadlockError) as caught:
            engine(Plan((full, server("b", program("p", run_of(20)))), (Channel("c", 3),)))
        assert caught.value.cycle == 19
        assert caught.value.waits == ("a/p waits for room on c",)

    def test_who_is_held_waits_for_room(self, engine: Engine) -> None:
        # The second item has taken the last token and is held.
        moves = server("a", program("p", run_of(2, takes=[1], puts=[1]), inputs=(0,), outputs=(1,)))
        with pytest.raises(DeadlockError) as caught:
            engine(Plan((moves,), (Channel("in", 2, initial=2), Channel("out", 1))))
        assert caught.value.cycle == 0
        assert caught.value.waits == ("a/p waits for room on out",)

    def test_the_lowest_missing_input_is_named(self, engine: Engine) -> None:
        takes = run_of(1, takes=[1, 1, 1])
        channels = Channel("x", 1, initial=1), Channel("y", 1), Channel("z", 1, meaning="space")
        with pytest.raises(DeadlockError) as caught:
            engine(Plan((server("a", program("p", takes, inputs=(0, 1, 2))),), channels))
        assert caught.value.waits == ("a/p waits for a token on y",)

    def test_limited_capacity_can_be_the_cause(self, engine: Engine) -> None:
        # b wants two tokens at once, the channel holds one: fine without limit, dead with it.
        plan = pair(source(run_of(2, **PUT)), sink(run_of(1, takes=[2])), capacity=1)
        assert engine(plan, Rung.S2).cycles == 3
        for rung in (Rung.S3, Rung.S4):
            with pytest.raises(DeadlockError) as caught:
                engine(plan, rung)
            assert caught.value.cycle == 0
            assert caught.value.waits == ("a/p waits for room on c", "b/p waits for a token on c")
