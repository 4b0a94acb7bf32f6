"""Leaping over periods that repeat says what walking through them says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from networks import Seeded, network, program, run_of, server, tiled

import simulator
from simulator.engine.fast import layout as at
from simulator.engine.fast import run
from simulator.engine.fast.loading import loaders_of
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.schedule import Schedule
from simulator.engine.reference import run as reference
from simulator.errors import DeadlockError
from simulator.lowering import lower
from simulator.plan import Channel, Chunk, Component, Plan, Program, RunWriter
from simulator.plan.network import SPACE
from simulator.plan.rung import Rung
from simulator.record.outcome import Outcome
from simulator.sparsity.patterns import parse

Rng = np.random.Generator
Choice = Callable[..., int]


def line(rng: Rng, count: int) -> Plan:
    """A few lines of stages fed from one shared port, with items that repeat for long."""

    def pick(*choices: int) -> int:
        return int(rng.choice(choices))

    channels: list[Channel] = []
    feeds, stages = [], []
    for number in range(pick(1, 2, 3)):
        depth, items = pick(0, 1, 2, 3), pick(count, 2 * count)
        ends = list(range(len(channels), len(channels) + depth))
        for index in ends:
            latency, credit, width = pick(1, 1, 2, 5), pick(1, 1, 3), pick(0, 0, 0, 1)
            capacity = pick(1, 2, 4, 7, pick(1, 3, 30, 500))
            channels.append(Channel(f"c{index}", capacity, latency, credit, width or None))
        feeds.append(feed(pick, number, items, ends[:1], channels))
        stages += [stage(pick, index, items, ends) for index in range(depth)]
    rate = pick(1, 1, 2, 7, 42), pick(1, 1, 1, 3)
    arbiter = ("round_robin", "priority")[pick(0, 1)]
    port = Component("port", "port", "memory", 1, rate, arbiter, tuple(feeds))
    return Plan((port, *stages), tuple(channels))


def feed(pick: Choice, number: int, items: int, outputs: list[int], channels: list[Channel]) -> Program:
    """A program on the shared port; some take a free slot that nobody returns or fill a heap, so they do less than they might."""
    inputs = []
    if pick(0, 0, 0, 1):
        inputs.append(len(channels))
        channels.append(Channel(f"slots{number}", None, initial=items, meaning=SPACE))
    if pick(0, 0, 0, 1):  # a heap that nobody takes from; some are too small
        outputs = [*outputs, len(channels)]
        channels.append(
            Channel(f"heap{number}", items - pick(*[0] * 7, 1), pick(1, 3), width=pick(0, 1) or None)
        )
    writer = RunWriter(len(inputs), len(outputs), 0)
    lost = pick(*[0] * 15, 1)
    for half in (items // 2, items // 2 - lost):
        demand = [pick(1, 3, 64), pick(1, 2)] if pick(0, 0, 1) else pick(1, 2, 5, 64)
        writer.add(half, demand, takes=[1] * len(inputs), puts=[1] * len(outputs))
    chunk = writer.chunk()
    return Program(f"p{number}", tuple(inputs), tuple(outputs), (), lambda: iter([chunk]))


def stage(pick: Choice, index: int, items: int, ends: list[int]) -> Component:
    """A stage of a line: one item per token, or two, or tiles of items whose first takes and whose last releases."""
    outputs = ends[index + 1 : index + 2]
    writer = RunWriter(1, len(outputs), 0)
    tokens = 2 * (items // 2)
    if pick(0, 1) or not outputs:
        repeats = pick(1, 1, 2, 3) if not outputs else 1
        takes, releases = [1] + [0] * (repeats - 1), [0] * (repeats - 1) + [1]
        writer.add(
            tokens * repeats, pick(1, 1, 2), takes=[takes], releases=[releases], puts=[1] * len(outputs)
        )
    else:
        for _ in range(tokens // 2):
            writer.add(1, pick(1, 1), takes=[1], releases=[0], puts=[1])
            writer.add(1, 1, takes=[1], releases=[2], puts=[1])
    chunk = writer.chunk()
    program = Program("p", (ends[index],), tuple(outputs), (), lambda: iter([chunk]))
    rate = pick(1, 1, 2, 5), pick(1, 1, 3)
    return Component(f"s{ends[index]}", "stages", "server", 1, rate, None, (program,))


def digest(
    engine: Callable[..., Outcome], plan: Plan, rung: Rung = Rung.S4, **options: bool
) -> str | tuple[int, tuple[str, ...]]:
    """What an engine says, or how it got stuck."""
    try:
        return engine(plan, rung, **options).digest
    except DeadlockError as error:
        return error.cycle, error.waits


def leapt(plan: Plan) -> int:
    """Cycles of a plan that were leapt over."""
    memory = Memory(plan)
    Schedule(memory, loaders_of(memory)).run(None)
    return int(memory.words[at.LEAPT])


@pytest.mark.seeded(times=2, size=400)
def test_leaping_says_what_walking_says(seeds: range) -> None:
    for seed in seeds:
        plan = line(np.random.default_rng(seed), 100 + seed % 700)
        assert digest(run, plan, leap=True) == digest(run, plan, leap=False), f"seed {seed}"


def test_most_of_a_steady_run_is_leapt_over() -> None:
    far, lines = 0, 60
    for seed in range(lines):
        plan = line(np.random.default_rng(seed), 2000)
        try:
            far += 2 * leapt(plan) > run(plan).cycles
        except DeadlockError:
            lines -= 1
    assert far > lines // 3


def test_the_reference_agrees_with_leaps() -> None:
    for seed in range(20):
        plan = line(np.random.default_rng(seed), 400)
        assert digest(run, plan) == digest(reference, plan), f"seed {seed}"


def tiles(seed: int) -> Plan:
    """A short line over and over; of some, that over and over after another short line's."""
    rng = np.random.default_rng(seed)
    visits = seed % 2 == 0
    plan = tiled(line(rng, int(rng.integers(2, 60))), int(rng.integers(5, 80)), visits)
    return tiled(plan, 4) if seed % 3 == 0 and not visits else plan


@pytest.mark.seeded(share=5, least=20, size=40)
def test_leaping_over_tiles_says_what_walking_says(seeds: range) -> None:
    for seed in seeds:
        plan = tiles(seed)
        for rung in (Rung.S2, Rung.S3, Rung.S4):
            walked = digest(run, plan, rung, leap=False)
            assert digest(run, plan, rung, leap=True) == walked, f"seed {seed} at {rung}"


@pytest.mark.seeded(share=5, least=20, size=40)
def test_leaping_over_tiles_of_any_network_says_what_walking_says(seeds: range) -> None:
    for seed in seeds:
        plan = tiled(network(Seeded(seed), states=False), 3 + seed % 60, visits=seed % 3 > 0)
        for rung in (Rung.S2, Rung.S3, Rung.S4):
            walked = digest(run, plan, rung, leap=False)
            assert digest(run, plan, rung, leap=True) == walked, f"seed {seed} at {rung}"


def test_the_reference_agrees_with_leaps_over_tiles() -> None:
    for seed in range(20):
        plan = tiled(line(np.random.default_rng(seed), 12), 12)
        assert digest(run, plan) == digest(reference, plan), f"seed {seed}"


def test_tiles_are_leapt_over() -> None:
    far, lines = 0, 60
    for seed in range(lines):
        plan = tiled(line(np.random.default_rng(seed), 40), 100)
        try:
            far += 2 * leapt(plan) > run(plan).cycles
        except DeadlockError:
            lines -= 1
    assert far > lines // 3


def test_most_of_a_large_layer_is_leapt_over() -> None:
    weights, inputs = (
        parse("C1(4:8)->C0(2:4)").generate((1024, 1024), seed=1),
        np.ones((1024, 1024), dtype=bool),
    )
    plan = lower(simulator.load("highlight"), simulator.gemm(weights, inputs)).plan
    assert leapt(plan) > 0.8 * run(plan).cycles
    assert run(plan).digest == run(plan, leap=False).digest


def test_equal_visits_to_a_tile_are_leapt_over() -> None:
    dense = simulator.gemm(np.ones((16, 24), dtype=bool), np.ones((24, 300), dtype=bool))
    plan = lower(simulator.load("eyeriss_v2_pe"), dense).plan
    assert leapt(plan) > 0.6 * run(plan).cycles
    assert run(plan).digest == run(plan, leap=False).digest


def slow(seed: int) -> Plan:
    """Lines of stages behind one shared port, of items that may be longer than the cycles programs run ahead of each other."""
    rng = np.random.default_rng([seed, 9])

    def pick(*choices: int) -> int:
        return int(rng.choice(choices))

    channels, stages, feeds = list[Channel](), list[Component](), list[Program]()
    items, depth = pick(60, 150, 400), pick(1, 2, 3)
    for line in range(pick(1, 2)):
        ends = [*range(len(channels), len(channels) + depth)]
        for end in ends:
            channels.append(
                Channel(f"c{end}", pick(1, 2, 3, 8, 20, 40), pick(1, 2, 7, 40, 900), pick(1, 3, 50))
            )
        feeds.append(program(f"p{line}", run_of(items, pick(1, 3, 40), puts=[1]), outputs=(ends[0],)))
        for end in ends:
            onward = (end + 1,) if end < ends[-1] else ()
            told = run_of(
                items, pick(1, 5, 64, 128, 300, 700, at.WINDOW, 1500), takes=[1], puts=[1] * len(onward)
            )
            stages.append(server(f"s{end}", program("p", told, inputs=(end,), outputs=onward)))
    return Plan((shared(*feeds), *stages), tuple(channels))


def test_items_longer_than_a_window_are_leapt_over(networks: int) -> None:
    far, count = 0, max(40, networks // 5)
    for seed in range(count):
        plan = slow(seed)
        far += leapt(plan) > 0
        assert run(plan).digest == run(plan, leap=False).digest, f"seed {seed}"
    assert far > count // 2  # a third if what waits for the next window is taken for something else
    for seed in range(0, 40, 4):
        assert run(slow(seed)).digest == reference(slow(seed)).digest, f"seed {seed}"


def test_a_far_event_is_not_leapt_over() -> None:
    # q wakes up at cycle 5000 of a port that p keeps busy with equal items.
    channels = (Channel("late", 1, latency=5000),)

    def told(writer: RunWriter) -> Callable[[], Iterator[Chunk]]:
        chunk = writer.chunk()
        return lambda: iter([chunk])

    send, steady, late = RunWriter(0, 1, 0), RunWriter(0, 0, 0), RunWriter(1, 0, 0)
    send.add(1, 1, puts=[1])
    steady.add(20000, 2)
    late.add(1, 3, takes=[1])
    plan = Plan(
        (
            Component("a", "a", "source", 1, (1, 1), None, (Program("p", (), (0,), (), told(send)),)),
            Component(
                "port",
                "port",
                "memory",
                1,
                (1, 1),
                "round_robin",
                (Program("p", (), (), (), told(steady)), Program("q", (0,), (), (), told(late))),
            ),
        ),
        channels,
    )
    assert leapt(plan) > 30000
    q = run(plan).components[1].programs[1]
    assert q.grants == (1, 5000, 5000**2, 5002)
    assert run(plan).digest == run(plan, leap=False).digest == reference(plan).digest


def shared(*programs: Program, name: str = "port") -> Component:
    return server(name, *programs, arbiter="round_robin")


def test_who_becomes_eligible_before_a_far_grant_is_granted_first() -> None:
    # q has its token while the next grant of its port is far away.
    r = program("r", run_of(40, 4000, puts=[1]), outputs=(0,))
    s = program("s", run_of(1, 1, puts=[1]), outputs=(1,))
    p = program("p", run_of(40, 1, takes=[1]), inputs=(0,))
    q = program("q", run_of(1, 1, takes=[1]), inputs=(1,))
    channels = (Channel("far", 4, latency=2000), Channel("late", 1, latency=101500))
    plan = Plan((shared(r, name="y"), shared(p, q, name="x"), server("s", s)), channels)
    assert leapt(plan) > 0
    outcome = run(plan)
    assert outcome.components[1].programs[1].grants[1] == 101500
    assert outcome.digest == run(plan, leap=False).digest == reference(plan).digest


def test_what_a_program_waits_for_may_change_while_a_channel_fills() -> None:
    # q waits for space that comes last; it is starved of data, too, until 50 tokens of the 100 are there.
    p = program("p", run_of(100, 2000, puts=[0, 1]), run_of(1, 10, puts=[1, 0]), outputs=(0, 1))
    q = program("q", run_of(1, 1, takes=[1, 50]), inputs=(0, 1))
    plan = Plan((shared(p, q),), (Channel("space", None, meaning=SPACE), Channel("data", 1000)))
    assert run(plan).digest == run(plan, leap=False).digest == reference(plan).digest


def test_a_ring_that_has_to_grow_is_not_leapt_over() -> None:
    p = program("p", run_of(50, 2000, puts=[1]), outputs=(0,))
    s = program("s", run_of(1, 1, puts=[1]), outputs=(1,))
    c = program("c", run_of(1, 1, takes=[1, 1]), run_of(49, 1, takes=[1, 0]), inputs=(0, 1))
    channels = (Channel("wide", 100000, latency=40000), Channel("late", 1, latency=60000))
    plan = Plan((shared(p), server("s", s), server("c", c)), channels)
    assert run(plan).digest == run(plan, leap=False).digest == reference(plan).digest


def paced(
    items: int, *runs: dict[str, Any], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> tuple[Component, Component]:
    """A program on a shared port, and another that lets it have a token of channel 0 now and then."""
    steady = program("s", run_of(items, 1, puts=[1]), outputs=(0,))
    return shared(program("p", *runs, inputs=inputs, outputs=outputs)), server("s", steady)


def test_channels_that_fill_while_they_are_emptied_are_leapt_over() -> None:
    # p is faster than c until the deep channel is full; d returns slots that p has plenty of, fewer than p takes.
    p = paced(12000, run_of(12000, 3, takes=[1, 1], puts=[1]), inputs=(0, 2), outputs=(1,))
    c = program("c", run_of(12000, 5, takes=[1], puts=[1]), inputs=(1,), outputs=(3,))
    d = program("d", run_of(4000, 2, takes=[3], puts=[2]), inputs=(3,), outputs=(2,))
    space = Channel("space", None, initial=6000, meaning=SPACE)
    channels = (Channel("pace", 2), Channel("deep", 4000), space, Channel("out", 8))
    plan = Plan((*p, shared(c, name="c"), server("d", d)), channels)
    outcome = run(plan)
    assert leapt(plan) > 20000  # of 60000, and none were such channels not leapt over
    assert outcome.digest == run(plan, leap=False).digest == reference(plan).digest


def test_a_channel_is_not_leapt_over_to_where_it_is_empty_or_full() -> None:
    far = 0
    for capacity in (60, 200, 700, None):
        p = paced(
            1200,
            run_of(500, 40, takes=[1], puts=[1]),
            run_of(700, 10, takes=[1], puts=[1]),
            inputs=(0,),
            outputs=(1,),
        )
        c = program("c", run_of(300, 60, takes=[1]), run_of(900, 20, takes=[1]), inputs=(1,))
        deep = Channel("deep", capacity, latency=130, credit_latency=250)
        plan = Plan((*p, shared(c, name="c")), (Channel("pace", 2), deep))
        far += leapt(plan)
        assert run(plan).digest == run(plan, leap=False).digest == reference(plan).digest, capacity
    assert far > 0


def test_the_grant_log_is_exact_over_millions_of_periods() -> None:
    items = 3_000_000
    plan = Plan((shared(program("p", run_of(items, 2000))),), ())
    assert leapt(plan) > 0.9 * items * 2000
    squares = 2000**2 * ((items - 1) * items * (2 * items - 1) // 6)
    assert run(plan).components[0].programs[0].grants[2] == squares % 2**64
