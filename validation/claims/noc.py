"""Networks on chip: streams whose times follow by hand, from the engine.

With L = link + router, on a mesh of r x c nodes, flits made one per cycle from cycle 1 on::

    alone, over h hops       the last of n flits is taken in cycle  2 + (h + 1) L + link + n - 1
    few places               q flits per round trip 2 link + router, when q is below it
    all to one               k sources send n flits each through its last link, one flit per cycle: k n + a latency
    one to all               a copy per branch: n + the latency to the farthest, however many the receivers
    any pattern              no less than the flits of the busiest link; with deep queues a few per cent above

and elsewhere, where k streams of n flits share a link, their last flit is taken in cycle ``2 + d + k n - 1``, d being all links::

    tree         every stream crosses the root, however many receivers it has      d = 2 L + link
    chain        63 links, a router behind all but the last                        d = 62 L + link
    crossbar     a link per receiver: streams to different ones never meet         d = link
    bus          one link for all                                                  d = link

The busiest link of a pattern is counted on XY ways drawn here, not on those of the lowering. Source of the first and the
last: Dally and Towles, Principles and Practices of Interconnection Networks (2004), zero-load latency and ideal throughput (the
reciprocal of the largest channel load).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from simulator.lowering.noc import Node, Stream, Timing, alone
from simulator.registry import resolve
from validation.claims import Claim, within

SOURCE = "derived: see the claims' module"
FLITS = 1000
SIDE = 8
DEEP = Timing(queue=8, link=1, router=2)
"""More places than a round trip."""

HOP = DEEP.link + DEEP.router


def claims() -> Iterator[Claim]:
    """Each law on networks of 8 x 8 nodes."""
    corner = (SIDE - 1, SIDE - 1)
    far = 2 + (2 * (SIDE - 1) + 1) * HOP + DEEP.link
    yield exact("one stream, corner to corner", far + FLITS - 1, [stream((0, 0), corner)])
    trip = 2 * DEEP.link + DEEP.router
    for queue in range(1, trip):
        timing = Timing(queue, DEEP.link, DEEP.router)
        found = run([stream((0, 0), corner, trip * queue * 10)], timing)
        expected = far + 10 * trip * trip - trip + queue - 1
        yield within(f"the same with a queue of {queue}", expected, found, "cycle", 0, SOURCE)
    yield from shared(corner)
    everyone = tuple(nodes())
    yield exact("one stream to all 64", far + FLITS - 1, [Stream((0, 0), everyone, (FLITS, 1))])
    for name, streams in patterns():
        yield ideal(name, streams)
    for kind, name, way, flits, streams in elsewhere(corner, everyone):
        expected = 2 + way + flits - 1
        yield within(f"{kind}: {name}", expected, run(streams, kind=kind), "cycle", 0, SOURCE)


def elsewhere(corner: Node, everyone: tuple[Node, ...]) -> Iterator[tuple[str, str, int, int, list[Stream]]]:
    """(Kind, pattern, cycles of the way, flits over the busiest link, streams) on networks that are no mesh."""
    out, few = DEEP.link, FLITS // 10
    broadcast = [Stream(node, everyone, (FLITS, 1)) for node in ((0, 0), (3, 3))]
    yield "tree", "one stream to all 64", 2 * HOP + out, FLITS, broadcast[:1]
    yield "tree", "two streams to all 64 share the root", 2 * HOP + out, 2 * FLITS, broadcast
    yield (
        "chain",
        "one stream from end to end",
        (SIDE * SIDE - 2) * HOP + out,
        FLITS,
        [stream((0, 0), corner)],
    )
    yield (
        "chain",
        "one stream to all 64, left on its way",
        (SIDE * SIDE - 2) * HOP + out,
        FLITS,
        broadcast[:1],
    )
    yield (
        "crossbar",
        "transpose: no two streams meet",
        out,
        FLITS,
        [stream((r, c), (c, r)) for r, c in nodes()],
    )
    to_one = [stream(node, corner, few) for node in nodes()]
    yield "crossbar", "all 64 to one: its arbiter never rests", out, few * SIDE * SIDE, to_one
    yield "bus", "two streams share it", out, 2 * FLITS, [stream((0, 0), corner), stream((1, 0), (0, 1))]


def shared(corner: Node) -> Iterator[Claim]:
    """All to one: the last link passes a flit per cycle from the first that comes to it, the one made there, to the last."""
    streams = [stream(node, corner, FLITS // 10) for node in nodes()]
    expected = 2 + HOP + DEEP.link + FLITS // 10 * SIDE * SIDE - 1
    yield exact("all 64 to one: its last link never rests", expected, streams)


def nodes() -> Iterator[Node]:
    """Row after row."""
    return ((row, column) for row in range(SIDE) for column in range(SIDE))


def stream(source: Node, destination: Node, flits: int = FLITS) -> Stream:
    """A flit per cycle."""
    return Stream(source, (destination,), (flits, 1))


def patterns() -> Iterator[tuple[str, list[Stream]]]:
    """Who sends to whom, as fast as possible."""
    last = SIDE - 1
    yield "transpose", [stream((r, c), (c, r)) for r, c in nodes() if r != c]
    yield "bit complement", [stream((r, c), (last - r, last - c)) for r, c in nodes()]
    yield "tornado along the rows", [stream((r, c), (r, (c + last // 2) % SIDE)) for r, c in nodes()]
    order = np.random.default_rng(1).permutation(SIDE * SIDE).tolist()
    pairs = zip(nodes(), order, strict=True)
    yield "a random permutation", [stream(node, divmod(to, SIDE)) for node, to in pairs]


def run(streams: Iterable[Stream], timing: Timing = DEEP, kind: str = "mesh") -> int:
    """Cycle in which the last flit is taken, on the fast engine."""
    plan = alone(kind, SIDE, SIDE, timing, list(streams))
    cycles: int = resolve("engine", "fast")(plan).cycles
    return cycles - 1


def exact(name: str, expected: int, streams: Iterable[Stream]) -> Claim:
    """The last flit is taken in this cycle."""
    return within(name, expected, run(streams), "cycle", 0, SOURCE)


def ideal(name: str, streams: list[Stream]) -> Claim:
    """Time of a pattern beside that of its busiest link."""
    load = busiest(streams)
    text = f"{name}: time over flits of the busiest link ({load // FLITS} streams)"
    ratio = Fraction(run(streams), load)
    return Claim(text, Fraction(1), ratio, "1", Fraction(5, 100), SOURCE, "relative")


def busiest(streams: Iterable[Stream]) -> int:
    """Flits over the busiest link between routers, on ways drawn along the row first."""
    load: Counter[tuple[Node, Node]] = Counter()
    for each in streams:
        (row, column), ((to_row, to_column),) = each.source, each.destinations
        along = range(column, to_column, 1 if to_column > column else -1)
        for x in along:
            load[(row, x), (row, x + along.step)] += each.flits
        down = range(row, to_row, 1 if to_row > row else -1)
        for y in down:
            load[(y, to_column), (y + down.step, to_column)] += each.flits
    return max(load.values())
