"""What programs and components do in a cycle, and the interval log, worked out by hand on both engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from engine.timelines import PUT, TAKE, pair, sink, source, states, timeline
from networks import program, run_of, server

from simulator.plan import Channel, Plan
from simulator.record.outcome import Outcome
from simulator.record.states import STATES

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]


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
