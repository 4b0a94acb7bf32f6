"""Networks small enough to work out by hand, one per sentence of the contract, on both engines.

A timeline has a letter per cycle: B busy, s starved, r refill, c conflict, x blocked, ``.`` drained, ``-`` disabled.
Both edges of every latency show in it: the cycle before is not busy, the cycle itself is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from networks import program, run_of, server

from simulator.errors import DeadlockError
from simulator.plan import Channel, Plan, Program
from simulator.plan.rung import Rung
from simulator.record.outcome import Outcome
from simulator.record.states import STATES

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]
LETTERS = "Bsrcx.-"


def timeline(outcome: Outcome, name: str) -> str:
    """What component `name` does, a letter per cycle."""
    part = next(part for part in outcome.components if part.name == name)
    assert part.intervals.width == 1
    assert (part.intervals.counts.sum(axis=0) == 1).all()
    return "".join(LETTERS[state] for state in part.intervals.counts.argmax(axis=0))


def states(outcome: Outcome, component: str, name: str) -> dict[str, int]:
    """Cycles of a program in the states it was ever in."""
    part = next(part for part in outcome.components if part.name == component)
    found = next(program for program in part.programs if program.name == name).states
    return {state: int(count) for state, count in zip(STATES, found, strict=True) if count}


def grants(outcome: Outcome, component: str, name: str = "p") -> tuple[int, int, int, int]:
    part = next(part for part in outcome.components if part.name == component)
    return next(program for program in part.programs if program.name == name).grants


def of(*spans: tuple[int, int]) -> tuple[int, int, int, int]:
    """The fingerprint of items that start and depart in these cycles."""
    starts = [start for start, _ in spans]
    return len(spans), sum(starts), sum(s * s for s in starts), sum(depart for _, depart in spans)


def source(*runs: dict[str, object], to: int = 0, name: str = "a", **fields: object) -> object:
    """A component `a` whose one program puts on channel 0."""
    return server(name, program("p", *runs, outputs=(to,)), **fields)


def sink(*runs: dict[str, object], at: int = 0, name: str = "b", **fields: object) -> object:
    """A component `b` whose one program takes from channel 0."""
    return server(name, program("p", *runs, inputs=(at,)), **fields)


def pair(a: object, b: object, **channel: object) -> Plan:
    """Two components and the channel between them."""
    return Plan((a, b), (Channel("c", **{"capacity": None, **channel}),))


PUT, TAKE = {"puts": [1]}, {"takes": [1]}


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


class TestStates:
    def join(self, engine: Engine, meanings: Sequence[str], arrivals: Sequence[int]) -> str:
        """Timeline of a join whose inputs of these meanings have their tokens from these cycles on."""
        channels = tuple(
            Channel(f"c{i}", None, latency=at, meaning=m)
            for i, (m, at) in enumerate(zip(meanings, arrivals, strict=True))
        )
        sources = [source(run_of(1, **PUT), to=i, name=f"s{i}") for i in range(len(channels))]
        join = server("j", program("p", run_of(1, takes=[1] * len(channels)), inputs=range(len(channels))))
        return timeline(engine(Plan((*sources, join), channels)), "j")

    def test_waiting_is_named_after_the_input(self, engine: Engine) -> None:
        assert self.join(engine, ["data"], [3]) == "sssB"
        assert self.join(engine, ["stationary"], [3]) == "rrrB"
        assert self.join(engine, ["space"], [3]) == "xxxB"

    def test_the_lowest_missing_input_decides(self, engine: Engine) -> None:
        assert self.join(engine, ["data", "stationary"], [2, 5]) == "ssrrrB"
        assert self.join(engine, ["stationary", "data"], [2, 5]) == "rrsssB"
        assert self.join(engine, ["data", "stationary"], [5, 2]) == "sssssB"
        assert self.join(engine, ["space", "stationary"], [5, 2]) == "rrxxxB"
        assert self.join(engine, ["data", "stationary", "data"], [1, 4, 6]) == "srrrssB"

    def test_a_component_starves_as_its_lowest_waiting_program_does(self, engine: Engine) -> None:
        late = program("p", run_of(1, **TAKE), inputs=(0,)), program("q", run_of(1, **TAKE), inputs=(1,))
        sources = source(run_of(1, **PUT), name="s"), source(run_of(1, **PUT), to=1, name="t")
        channels = Channel("c", 1, latency=5), Channel("d", 1, latency=3, meaning="stationary")
        assert timeline(engine(Plan((*sources, server("a", *late)), channels)), "a") == "sssBsB"
        assert timeline(engine(Plan((*sources, server("a", *late[::-1])), channels)), "a") == "rrrBsB"

    def test_starved_counts_before_conflict(self, engine: Engine) -> None:
        shared = server(
            "a", program("p", run_of(1, 6)), program("q", run_of(1, **TAKE), inputs=(0,)), arbiter="priority"
        )
        outcome = engine(Plan((source(run_of(1, **PUT), name="s"), shared), (Channel("c", 1, latency=4),)))
        assert states(outcome, "a", "q") == {"busy": 1, "starved": 4, "conflict": 2}

    def test_conflict_counts_before_blocked(self, engine: Engine) -> None:
        # q waits for a free slot of a storage until 4, while p has the port until 2.
        shared = server(
            "a", program("p", run_of(1, 3)), program("q", run_of(1, **TAKE), inputs=(0,)), arbiter="priority"
        )
        channel = Channel("c", 1, latency=4, meaning="space")
        outcome = engine(Plan((source(run_of(1, **PUT), name="s"), shared), (channel,)))
        assert states(outcome, "a", "q") == {"busy": 1, "conflict": 3, "blocked": 1}
        assert timeline(outcome, "a") == "BBBxB"

    @pytest.mark.parametrize(
        ("cycles", "width", "bins"),
        [(4095, 1, 4095), (4096, 1, 4096), (4097, 2, 2049), (8192, 2, 4096), (10001, 4, 2501)],
    )
    def test_bins_double_when_full(self, engine: Engine, cycles: int, width: int, bins: int) -> None:
        plan = pair(source(run_of(1, cycles - 1, **PUT)), sink(run_of(1, **TAKE)))
        for part, first in zip(engine(plan).components, ("busy", "starved"), strict=True):
            log = part.intervals
            assert (log.width, log.counts.shape, log.counts.dtype) == (width, (len(STATES), bins), np.int64)
            assert log.counts[STATES.index(first)].sum() == cycles - 1
            assert (log.counts.sum(axis=0)[:-1] == width).all()
            assert log.counts.sum() == cycles


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


class TestRungs:
    def plan(self) -> Plan:
        """Two readers share a port, feed two lanes each through one slot."""
        reads = [program(f"r{i}", run_of(4, 3, **PUT), outputs=(i,)) for i in range(2)]
        array = [
            sink(run_of(4, 5, work=[2, 6, 2, 6], takes=[1]), at=i, name=f"pe{i}", group="pe", lanes=2)
            for i in range(2)
        ]
        return Plan(
            (server("glb", *reads, arbiter="round_robin"), *array), (Channel("x", 1), Channel("y", 1))
        )

    def test_totals(self, engine: Engine) -> None:
        # glb: 8 items of 3. pe: 32 of work over 4 lanes.
        outcome = engine(self.plan(), Rung.S0)
        assert outcome.cycles == 24
        assert timeline(outcome, "glb") == "B" * 24
        assert timeline(outcome, "pe0") == timeline(outcome, "pe1") == "B" * 8 + "." * 16
        assert states(outcome, "glb", "r1") == {"busy": 24}
        assert grants(outcome, "pe0") == (0, 0, 0, 0)

    def test_balance(self, engine: Engine) -> None:
        outcome = engine(self.plan(), Rung.S1)
        assert outcome.cycles == 24
        assert timeline(outcome, "pe1") == "B" * 20 + "." * 4
        assert (outcome.components[1].work, outcome.components[1].demand) == (16, 20)

    def test_the_balance_is_at_least_the_totals(self, engine: Engine) -> None:
        # More work than the slowest lane's demand times the lanes is no schedule, but S1 still holds S0.
        outcome = engine(Plan((server("a", program("p", run_of(1, 2, work=10))),), ()), Rung.S1)
        assert timeline(outcome, "a") == "BB" + "." * 8

    def test_order_is_at_least_as_long_as_the_balance(self, engine: Engine) -> None:
        # Each reader has a port of its own: 0-2, 3-5, 6-8, 9-11. pe: 3-7, 8-12, 13-17, 18-22. The bound of glb is 24.
        outcome = engine(self.plan(), Rung.S2)
        assert outcome.cycles == 24
        assert timeline(outcome, "glb") == "B" * 12 + "." * 12
        assert timeline(outcome, "pe0") == timeline(outcome, "pe1") == "sss" + "B" * 20 + "."

    def test_buffers(self, engine: Engine) -> None:
        # One slot each: pe 3-7, so the second read, 3-5, is held to 8 and its token is there in 9; and so on.
        outcome = engine(self.plan(), Rung.S3)
        assert timeline(outcome, "pe0") == "sssBBBBBsBBBBBsBBBBBsBBBBB"
        assert timeline(outcome, "glb") == "BBBBBBxxxBBBxxxBBBxxx....."
        assert grants(outcome, "glb", "r1") == of((0, 2), (3, 8), (9, 14), (15, 20))

    def test_truth(self, engine: Engine) -> None:
        # The port grants only with room: 0 x, 3 y, then x when its slot is seen free again, and so on.
        # pe0: 3-7, slot at 8. pe1: 6-10, slot at 11.
        outcome = engine(self.plan())
        assert grants(outcome, "glb", "r0") == of((0, 2), (8, 10), (16, 18), (24, 26))
        assert grants(outcome, "glb", "r1") == of((3, 5), (11, 13), (19, 21), (27, 29))
        assert outcome.cycles == 35

    def test_totals_of_a_group_with_several_rates(self, engine: Engine) -> None:
        parts = [
            server("a", program("p", run_of(10, 8)), rate=(4, 1), group="g"),
            server("b", program("p", run_of(1, 9)), rate=(4, 1), group="g"),
            server("c", program("p", run_of(7, 2)), rate=(2, 3), group="g"),
            server("d", program("p", run_of(5, 1000)), rate=(1, 0), group="h"),
            server("e", program("p", run_of(1)), program("q"), group="i"),
            server("f", program("p"), group="g"),
        ]
        s0, s1 = (engine(Plan(tuple(parts), ()), rung) for rung in (Rung.S0, Rung.S1))
        # 4/1: ceil(89 / (4 * 2)) = 12; 2/3: 3 * 14 / 2 = 21; the group's is 21.
        assert (s0.cycles, s1.cycles) == (21, 21)
        assert timeline(s0, "a") == timeline(s0, "b") == timeline(s0, "c") == "B" * 21
        assert timeline(s1, "a") == "B" * 20 + "."
        assert timeline(s1, "b") == "B" * 3 + "." * 18
        assert timeline(s0, "d") == timeline(s1, "d") == "." * 21
        assert timeline(s0, "e") == "B" + "." * 20
        assert states(s0, "e", "q") == {"disabled": 21}
        assert timeline(s0, "f") == timeline(s1, "f") == "-" * 21

    def test_storage_is_endless_at_order(self, engine: Engine) -> None:
        # a writes three tiles into a storage of one; b frees it three cycles after the token.
        tiles = server("a", program("p", run_of(3, takes=[1], puts=[1]), inputs=(1,), outputs=(0,)))
        frees = server("b", program("p", run_of(3, 3, takes=[1], puts=[1]), inputs=(0,), outputs=(1,)))
        plan = Plan((tiles, frees), (Channel("data", 3), Channel("space", 1, initial=1, meaning="space")))
        assert timeline(engine(plan, Rung.S2), "a") == "BBB" + "." * 7
        assert timeline(engine(plan, Rung.S3), "a") == "BxxxBxxxB..."
