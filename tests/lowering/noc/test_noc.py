"""Networks on chip against one stepped cycle by cycle, flit by flit on both engines, and against closed forms."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from simulator.lowering.noc import Stream, Timing, alone, latency, route
from simulator.plan import Access, Component, Plan
from simulator.plan.check import problems
from simulator.plan.rung import Rung
from simulator.registry import resolve
from validation.oracles.noc import OUT, Node, Stepped, Traffic

ENGINES = ("reference", "fast")
LARGE = 1 << 32
"""Flits of a stream have addresses from a multiple of this on, for telling which one was granted."""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Any:
    return resolve("engine", request.param)


def traffic(seed: int) -> tuple[str, int, int, Timing, list[Stream], int]:
    rng = np.random.default_rng([seed, 3])
    kind = ("mesh", "crossbar")[seed % 3 == 2]
    rows, columns = (int(x) for x in rng.integers(1, 5, 2))
    nodes = [(r, c) for r in range(rows) for c in range(columns)]
    timing = Timing(*(int(x) for x in rng.integers(1, (7, 4, 4))))
    streams = []
    for _ in range(int(rng.integers(1, 9))):
        count = int(rng.integers(1, min(6, len(nodes)) + 1))
        chosen = rng.choice(len(nodes), count, replace=False)
        gaps = rng.geometric(float(rng.choice([0.1, 0.4, 1.0])), int(rng.integers(1, 25)))
        source = nodes[int(rng.integers(len(nodes)))]
        streams.append(Stream(source, tuple(nodes[i] for i in chosen), gaps))
    return kind, rows, columns, timing, streams, int(rng.integers(1, 9))


def stepped(kind: str, timing: Timing, streams: list[Stream], room: int) -> Stepped:
    flows = [
        Traffic(stream.source, stream.destinations, tuple(int(t) for t in stream.made()))
        for stream in streams
    ]
    return Stepped(kind, flows, timing.queue, timing.link, timing.router, room).run()


def port(kind: str, link: str) -> tuple[Node, Node]:
    """The oracle's name of a link."""

    def node(text: str) -> Node:
        row, column = text[1:].split("c")
        return int(row), int(column)

    if kind == "crossbar":
        return node(link), OUT
    if ">" in link:
        first, second = link.split(">")
        return node(first), node(second)
    name, _, end = link.partition(".")
    return (OUT, node(name)) if end == "in" else (node(name), OUT)


def told(plan: Plan) -> Plan:
    """The plan with every flit numbered, so that an engine tells when each was granted: links and receivers."""

    def numbered(part: Component) -> Component:
        programs = tuple(
            replace(program, access=_access(i, sum(int(c.runs[:, 0].sum()) for c in program.chunks())))
            for i, program in enumerate(part.programs)
        )
        return replace(part, programs=programs, arbiter="round_robin")

    parts = tuple(numbered(part) if part.group in ("noc", "take") else part for part in plan.components)
    return replace(plan, components=parts)


def _access(program: int, items: int) -> Access:
    table = np.array([(items, program * LARGE, 1)], dtype=np.int64)
    return Access(False, lambda: iter([table]))


def grants(engine: Any, plan: Plan) -> dict[str, dict[int, list[int]]]:
    """Cycles of every flit, by component and program."""
    found: dict[str, dict[int, list[int]]] = {}

    def request(name: str) -> Any:
        def ask(cycle: int, _: bool, address: int) -> None:
            cycles = found.setdefault(name, {}).setdefault(address // LARGE, [])
            assert address % LARGE == len(cycles)
            cycles.append(cycle)

        return ask

    names = [part.name for part in plan.components if part.group in ("noc", "take")]
    engine(told(plan), requests={name: request(name) for name in names})
    return found


@pytest.mark.parametrize("seed", range(40))
def test_every_flit_passes_every_link_when_the_stepped_network_says(engine: Any, seed: int) -> None:
    kind, rows, columns, timing, streams, room = traffic(seed)
    plan = alone(kind, rows, columns, timing, streams, room)
    assert problems(plan) == []
    oracle, found = stepped(kind, timing, streams, room), grants(engine, plan)
    compared = 0
    for part in plan.components:
        group, _, link = part.name.partition(".")
        if group == "noc":
            for position, program in enumerate(part.programs):
                expected = oracle.passed[port(kind, link), int(program.name)]
                assert found[part.name][position] == expected, (part.name, program.name)
                compared += 1
        elif group == "take":
            number, _, name = link.partition(".")
            assert found[part.name][0] == oracle.arrived[int(number), port("crossbar", name)[0]]
            compared += 1
    assert compared == len(oracle.passed) + len(oracle.arrived)


@pytest.mark.parametrize("seed", range(12))
def test_engines_agree_on_whole_outcomes_and_on_the_mean_latency(seed: int) -> None:
    kind, rows, columns, timing, streams, room = traffic(seed)
    plan = alone(kind, rows, columns, timing, streams, room)
    oracle = stepped(kind, timing, streams, room)
    for rung in (Rung.S4, list(Rung)[seed % 4]):
        outcomes = [resolve("engine", name)(plan, rung) for name in ENGINES]
        assert outcomes[0].digest == outcomes[1].digest
    waited = [
        cycle - made
        for (number, _), cycles in oracle.arrived.items()
        for cycle, made in zip(cycles, streams[number].made().tolist(), strict=True)
    ]
    assert latency(streams, resolve("engine", "fast")(plan)) == Fraction(sum(waited), len(waited))


def arrivals(engine: Any, plan: Plan) -> dict[str, list[int]]:
    """Cycles in which receivers take flits."""
    return {name: found[0] for name, found in grants(engine, plan).items() if name.startswith("take")}


@pytest.mark.parametrize(
    ("kind", "links", "routers"),
    [("mesh", 7, 6), ("crossbar", 1, 0), ("bus", 1, 0), ("tree", 3, 2), ("chain", 11, 10)],
)
@pytest.mark.parametrize(("link", "router"), [(1, 1), (2, 1), (1, 3)])
def test_a_flow_alone_takes_the_closed_form(
    engine: Any, kind: str, links: int, routers: int, link: int, router: int
) -> None:
    # From corner to corner of 3 x 4: five hops between routers, and the links in and out. Made in cycle 1, put in
    # cycle 1, in front of the first link in cycle 2.
    timing = Timing(2 * link + router, link, router)
    plan = alone(kind, 3, 4, timing, [Stream((0, 0), ((2, 3),), (20, 1))])
    ((cycles),) = arrivals(engine, plan).values()
    first = 2 + links * link + routers * router
    assert cycles == list(range(first, first + 20))


@pytest.mark.parametrize(("link", "router"), [(1, 1), (3, 1), (2, 4)])
def test_a_queue_covers_the_round_trip_of_its_credits_or_limits_the_flow(
    engine: Any, link: int, router: int
) -> None:
    trip = 2 * link + router
    for queue in range(1, trip + 2):
        plan = alone("mesh", 1, 4, Timing(queue, link, router), [Stream((0, 0), ((0, 3),), (61, 1))])
        ((cycles),) = arrivals(engine, plan).values()
        # Queue flits per round trip, at most one per cycle.
        assert cycles[60] - cycles[0] == (60 if queue >= trip else 60 // queue * trip + 60 % queue)


def test_two_flows_share_a_link_in_turn(engine: Any) -> None:
    # Both cross r0c1>r0c2, the first from farther away: the second has it alone in cycles 4 and 5, then they alternate.
    streams = [Stream((0, 0), ((0, 2),), (6, 1)), Stream((0, 1), ((0, 3),), (6, 1))]
    found = grants(engine, alone("mesh", 1, 4, Timing(8, 1, 1), streams))
    assert found["noc.r0c1>r0c2"] == {1: [4, 5, 7, 9, 11, 13], 0: [6, 8, 10, 12, 14, 15]}


def test_a_flow_that_waits_holds_up_no_other(engine: Any) -> None:
    # The first flow shares its last link with six more and gets a seventh of it; the second leaves its way before that.
    hot = [Stream((0, 2), ((0, 3),), (40, 1))] * 6
    streams = [Stream((0, 0), ((0, 3),), (40, 1)), Stream((0, 0), ((1, 1),), (40, 1)), *hot]
    found = arrivals(engine, alone("mesh", 2, 4, Timing(3, 1, 1), streams))
    slow, quick = found["take.0.r0c3"], found["take.1.r1c1"]
    assert slow[-1] - slow[0] >= 6 * 39
    assert quick[-1] - quick[0] <= 2 * 39


def test_a_copy_is_made_where_ways_part_and_only_there() -> None:
    way = route("mesh", 3, 3, (0, 0), [(0, 2), (2, 2), (2, 0), (0, 0)])
    behind = {hop.link: (hop.onward, hop.here) for hop in way.hops}
    assert behind["r0c0.in"] == (("r0c0>r0c1", "r0c0>r1c0", "r0c0.out"), ())
    assert behind["r0c1>r0c2"] == (("r0c2.out", "r0c2>r1c2"), ())
    assert behind["r2c2.out"] == ((), ((2, 2),))
    assert len(behind) == 11
    tree = route("tree", 2, 2, (0, 0), [(0, 0), (0, 1), (1, 1)])
    assert [hop.link for hop in tree.hops] == ["root", "r0", "r0c0", "r0c1", "r1", "r1c1"]
    chain = route("chain", 2, 2, (0, 1), [(1, 1), (1, 0), (0, 0)])
    assert chain.entry == ("1>2", "1>0")
    assert [hop.here for hop in chain.hops] == [((1, 0),), ((1, 1),), ((0, 0),)]


@pytest.mark.parametrize("nodes", [[(0, 3)], [(-1, 0)], [], [(0, 0), (0, 0)]])
def test_nodes_that_are_not_there_are_refused(nodes: list[Node]) -> None:
    with pytest.raises(ValueError, match=r"is outside of 2 x 3|each once, and at least one"):
        route("mesh", 2, 3, (0, 0), nodes)
