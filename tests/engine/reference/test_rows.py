"""DRAM with rows: the reference engine equals a DRAM stepped clock by clock, whose commands keep all timings."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Draw, Drawn, Seeded, chance, choice, rows

from simulator.engine.reference.rows import Controller
from simulator.engine.reference.stream import Item
from simulator.plan.state import Rows
from validation.oracles.dram import Request, serve, useful, violations


def stream(draw: Draw, of: Rows, count: int) -> list[Request]:
    """Random requests: steps through rows, jumps, sizes that span bursts or are nothing, pauses."""
    found, address, ready = [], 0, 0
    jump, writes = choice(draw, (2, 5, 50)), choice(draw, (2, 4, 50))
    for _ in range(count):
        size = choice(draw, (of.burst, of.burst, draw.integer(0, 3 * of.burst)))
        if chance(draw, jump):
            address = draw.integer(0, 40 * of.row)
        if chance(draw, 8):
            ready += draw.integer(0, choice(draw, (5, 60, 400)))
        found.append(Request(chance(draw, writes), address, size, max(0, ready - draw.integer(0, 9))))
        address += size
    return found


def granted(of: Rows, requests: list[Request]) -> list[tuple[int, int]]:
    """First and last cycle of every request on a port of the reference engine."""
    controller, spans, free = Controller(of), [], 0
    for request in requests:
        start = max(free, request.ready)
        item = Item(request.size, request.size, (), (), (), (), request.address, request.write)
        controller.grant(item, request.ready, start)
        spans.append((start, controller.finish(start, start)))
        free = spans[-1][1] + 1
    return spans


def opened(of: Rows, requests: list[Request]) -> int:
    """Rows the reference engine opens for the same requests."""
    controller, free = Controller(of), 0
    for request in requests:
        start = max(free, request.ready)
        item = Item(request.size, request.size, (), (), (), (), request.address, request.write)
        controller.grant(item, request.ready, start)
        free = controller.finish(start, start) + 1
    return controller.opened


def test_every_request_takes_what_the_stepped_dram_takes() -> None:
    met: Counter[str] = Counter()
    for seed in range(150):
        draw = Seeded(seed)
        of = rows(draw)
        assert of.problems() == []
        requests = stream(draw, of, 40)
        spans, log = serve(of, requests)
        assert granted(of, requests) == spans, seed
        assert violations(of, log) == [], seed
        assert opened(of, requests) == len(useful(log)), seed
        met["in vain"] += sum(command.name == "ACT" for command in log) - len(useful(log))
        met.update(command.name for command in log)
    assert min(met[name] for name in ("ACT", "PRE", "RD", "WR", "REF", "in vain")) > 150


@settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None, max_examples=60
)
@given(st.data())
def test_streams_that_shrink(data: st.DataObject) -> None:
    draw = Drawn(data.draw)
    of = rows(draw)
    requests = stream(draw, of, draw.integer(1, 12))
    assert granted(of, requests) == serve(of, requests)[0]


def test_the_rules_see_a_command_given_too_early() -> None:
    """Guards the check: one bank has no slack, so a log squeezed by one clock anywhere breaks a rule."""
    one = replace(rows(Seeded(3)), channels=1, groups=1, banks=1, queue=99, burst=4, row=8, stripe=4, refi=0)
    for of in (
        replace(one, ras=0, rc=0, rtp=7, rp=5),
        replace(one, ras=40, rc=0),
        replace(one, ras=0, rc=50),
    ):
        _, log = serve(of, [Request(burst % 3 == 2, burst * of.burst, of.burst, 0) for burst in range(8)])
        assert {command.name for command in log} == {"ACT", "PRE", "RD", "WR"}
        for place in range(1, len(log)):
            early = [replace(c, clock=c.clock - (i >= place)) for i, c in enumerate(log)]
            assert violations(of, early), (of, log[place])


TIMINGS = "bl cl cwl rcd rp ras rc rrd_s rrd_l faw ccd_s ccd_l rtp wr wtr_s wtr_l turn rfc queue channels groups banks"


@pytest.mark.parametrize("name", TIMINGS.split())
def test_random_streams_feel_every_number(name: str) -> None:
    """Guards the generator: a timing that never decides is a timing that is never compared."""
    for seed in range(60):
        draw = Seeded(seed)
        of = rows(draw)
        requests = stream(draw, of, 40)
        if granted(replace(of, **{name: getattr(of, name) + 1}), requests) != granted(of, requests):
            return
    pytest.fail(f"one more {name} changes nothing")
