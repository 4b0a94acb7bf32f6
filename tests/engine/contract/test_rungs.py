"""The rungs below the truth, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.timelines import PUT, grants, of, sink, states, timeline
from networks import program, run_of, server

from simulator.plan import Channel, Plan
from simulator.plan.rung import Rung
from simulator.record.outcome import Outcome

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


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
