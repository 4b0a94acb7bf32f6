"""A plan that cannot run is named before it runs; sums agree with the expansion."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.plan import Access, Channel, Component, Plan, Program, RunWriter
from simulator.plan.check import digest, dump, field_maxima, field_sums, problems
from simulator.plan.state import Banks


def pipe(put: int, take: int, capacity: int = 4, latency: int = 1, release: int | None = None) -> Plan:
    def source():
        writer = RunWriter(0, 1, 0)
        writer.add(1, 1, puts=[put])
        yield writer.chunk()

    def sink():
        writer = RunWriter(1, 0, 1)
        writer.add(1, 1, takes=[take], releases=[take if release is None else release], actions=[7])
        yield writer.chunk()

    a = Component("a", "a", "source", 1, (1, 1), None, (Program("p", (), (0,), (), source),))
    b = Component("b", "b", "sink", 1, (1, 0), None, (Program("p", (0,), (), ("n",), sink),))
    return Plan((a, b), (Channel("c", capacity, latency),))


def test_a_sound_plan_has_no_problems() -> None:
    assert problems(pipe(2, 2)) == []


def test_each_fault_is_named() -> None:
    assert problems(pipe(1, 2)) == ["channel c: 2 tokens taken, 1 put and 0 initial"]
    assert problems(pipe(2, 2, capacity=1)) == ["channel c: an item moves 2 tokens, capacity is 1"]
    assert problems(pipe(2, 2, latency=0)) == ["channel c: latencies must be at least 1"]
    assert problems(pipe(2, 2, release=1)) == ["channel c: 2 tokens taken, 1 slots released"]
    sound = pipe(1, 1)
    alone = Plan(sound.components[:1], sound.channels)
    assert problems(alone) == ["channel c: needs one producer and one consumer, has ['a/p'] and []"]


@given(st.integers(1, 40), st.lists(st.integers(0, 9), min_size=1, max_size=7), st.integers(0, 9))
def test_sums_equal_the_expansion(count: int, vector: list[int], constant: int) -> None:
    writer = RunWriter(1, 1, 1)
    writer.add(count, vector, takes=[constant], puts=[1], actions=[vector])
    writer.add(3, 1, takes=[0], puts=[0], actions=[2])
    chunk = writer.chunk()
    items = np.array(list(chunk.items()))
    assert (field_sums(chunk).sum(axis=0)[2:] == items.sum(axis=0)).all()
    assert (field_maxima(chunk).max(axis=0)[2:] == items.max(axis=0)).all()


def test_dump_names_everything_and_digest_is_of_the_meaning() -> None:
    text = dump(pipe(2, 2))
    assert "channel c capacity=4" in text
    assert "sink b x1 rate=unlimited" in text
    assert "1 x (1, 1, 2, 2, 7)" in text
    assert digest(pipe(2, 2)) == digest(pipe(2, 2)) != digest(pipe(2, 1))


def reading(*runs: tuple[int, int, int], write: bool = False, state: Banks | None = None) -> Plan:
    """A component that makes four accesses at the addresses the runs tell."""

    def items():
        writer = RunWriter(0, 0, 0)
        writer.add(4, 1)
        yield writer.chunk()

    access = Access(write, lambda: iter([np.array([run]) for run in runs]))
    program = Program("p", (), (), (), items, access)
    return Plan((Component("a", "a", "memory", 1, (1, 1), "priority", (program,), state),), ())


def test_addresses_and_states_are_part_of_what_a_plan_means() -> None:
    plan, banks = reading((4, 8, 2)), Banks("s", 2, 4)
    assert problems(plan) == []
    assert digest(plan) == digest(reading((1, 8, 9), (3, 10, 2)))
    others = (
        reading((4, 8, 3)),
        reading((4, 9, 2)),
        reading((4, 8, 2), write=True),
        reading((4, 8, 2), state=banks),
    )
    assert len({digest(plan), *map(digest, others)}) == 5
    assert "reads 4 x at 8 + i 2" in dump(plan)
    assert "Banks(store='s', banks=2, word=4, occupancy=1)" in dump(others[3])
    assert problems(reading((3, 8, 2))) == ["component a: program p has 4 items at 3 addresses"]
