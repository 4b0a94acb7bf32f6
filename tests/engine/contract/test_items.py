"""Items are in service for their demand, and are counted, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.timelines import grants, of, states, timeline
from networks import program, run_of, server

from simulator.plan import Plan, Program
from simulator.record.outcome import Outcome
from simulator.record.states import STATES

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


class TestItems:
    def test_an_item_is_in_service_for_its_demand(self, engine: Engine) -> None:
        outcome = engine(Plan((server("a", program("p", run_of(1, 3), run_of(2, 1))),), ()))
        assert outcome.cycles == 5
        assert timeline(outcome, "a") == "BBBBB"
        assert grants(outcome, "a") == of((0, 2), (3, 3), (4, 4))

    def test_an_empty_plan_takes_no_time(self, engine: Engine) -> None:
        assert engine(Plan((), ())) == Outcome(0, ())

    @pytest.mark.parametrize("arbiter", [None, "priority", "round_robin"])
    @pytest.mark.parametrize("programs", [1, 2])
    def test_components_without_items_are_disabled(
        self, engine: Engine, arbiter: str | None, programs: int
    ) -> None:
        idle = server("a", *(program(name) for name in "pq"[:programs]), arbiter=arbiter)
        alone = engine(Plan((idle,), ()))
        assert alone.cycles == 0
        assert alone.components[0].intervals.width == 1
        assert alone.components[0].intervals.counts.shape == (len(STATES), 0)
        both = engine(Plan((idle, server("b", program("p", run_of(2)))), ()))
        assert timeline(both, "a") == "--"
        assert states(both, "a", "p") == {"disabled": 2}

    def test_a_program_without_items_leaves_its_component_drained(self, engine: Engine) -> None:
        one = server("a", program("p", run_of(1)), program("q"))
        outcome = engine(Plan((one, server("b", program("p", run_of(3)))), ()))
        assert timeline(outcome, "a") == "B.."
        assert states(outcome, "a", "q") == {"disabled": 3}

    def test_sums_of_work_demand_and_actions(self, engine: Engine) -> None:
        items = run_of(3, [2, 5], work=[7, 1], actions=[4, [1, 10]])
        outcome = engine(Plan((server("a", program("p", items, actions=("reads", "writes")), lanes=4),), ()))
        assert (outcome.components[0].work, outcome.components[0].demand) == (15, 9)
        assert outcome.components[0].actions == {"reads": 12, "writes": 12}

    def test_empty_chunks_are_allowed(self, engine: Engine) -> None:
        full, none = (next(program("p", *runs).chunks()) for runs in ([run_of(2, 3)], []))
        parts = [none, full, none, none, full, none]
        chunked = Program("p", (), (), (), lambda: iter(parts))
        assert (
            engine(Plan((server("a", chunked),), ())).digest
            == engine(Plan((server("a", program("p", run_of(4, 3))),), ())).digest
        )
