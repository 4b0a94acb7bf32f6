"""A network on chip by itself: streams of flits made at given times, nothing else.

Flit i of a stream is made in cycle ``gaps[0] + .. + gaps[i]``, whatever happens to those before it, and waits at its source
for room. The mean latency of a run, from being made to being taken by a receiver that never makes it wait, follows from the
sums of the departures that every outcome tells::

    latency = (sum over flits taken of their cycle - sum over destinations of their cycle made) / flits taken
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.network import Network
from simulator.lowering.noc.fabric import Fabric, Timing
from simulator.lowering.noc.routes import Node, route
from simulator.plan import Plan, RunWriter
from simulator.record.outcome import Outcome


@dataclass(frozen=True)
class Stream:
    """Flits from one node to one or several.

    Attributes
    ----------
    source : Node
    destinations : tuple of Node
    gaps : ndarray of int, shape (flits,), or (int, int)
        Cycles between flits, each at least 1, the first from cycle 0 on; or (how many, always the same gap).
    """

    source: Node
    destinations: tuple[Node, ...]
    gaps: NDArray[np.integer] | tuple[int, int]

    @property
    def flits(self) -> int:
        """How many."""
        return self.gaps[0] if isinstance(self.gaps, tuple) else len(self.gaps)

    def made(self) -> NDArray[np.int64]:
        """Cycle in which each flit is made, int64, shape (flits,)."""
        gaps = np.full(*self.gaps) if isinstance(self.gaps, tuple) else self.gaps
        return np.cumsum(gaps, dtype=np.int64)


def alone(
    kind: str, rows: int, columns: int, timing: Timing, streams: Sequence[Stream], room: int | None = None
) -> Plan:
    """A network with a source per stream and a receiver per destination.

    Parameters
    ----------
    kind : str
        As in :func:`simulator.lowering.noc.routes.route`.
    rows, columns : int
    timing : Timing
    streams : sequence of Stream
    room : int or None
        Flits each receiver has room for; None is any number.

    Returns
    -------
    Plan
        Components ``make.I``, ``put.I`` and ``take.I`` of stream I, and ``noc.LINK`` per link.
    """
    network = Network()
    fabric = Fabric(network, "noc", timing)
    for number, stream in enumerate(streams):
        way = route(kind, rows, columns, stream.source, stream.destinations)
        entries = fabric.flow(str(number), way, stream.flits, room)
        _ends(network, fabric, str(number), stream, entries)
    fabric.build()
    return network.plan()


def _ends(network: Network, fabric: Fabric, name: str, stream: Stream, entries: list[str]) -> None:
    """The source and the receivers of a stream."""
    gap = stream.gaps[1] if isinstance(stream.gaps, tuple) else stream.gaps
    made = f"made.{name}"
    network.channel(made, None)
    _component(network, f"make.{name}", "source", stream.flits, gap, [], [made])
    _component(network, f"put.{name}", "source", stream.flits, 1, [made], entries)
    for node in stream.destinations:
        taken = [fabric.end(name, node)]
        _component(network, f"take.{name}.r{node[0]}c{node[1]}", "sink", stream.flits, 1, taken, [])


def _component(
    network: Network,
    name: str,
    kind: str,
    flits: int,
    demand: int | NDArray[np.integer],
    takes: list[str],
    puts: list[str],
) -> None:
    """A component that moves flits one by one, `demand` cycles each."""
    writer = RunWriter(len(takes), len(puts), 0)
    writer.add(flits, demand, takes=[1] * len(takes), puts=[1] * len(puts))
    chunk = writer.chunk()
    program = network.program("flits", takes, puts, [], lambda: iter([chunk]))
    network.component(name, name.partition(".")[0], kind, [program])


def latency(streams: Iterable[Stream], outcome: Outcome) -> Fraction:
    """Mean cycles from a flit being made to its being taken."""
    streams = list(streams)
    taken = [part.programs[0].grants for part in outcome.components if part.group == "take"]
    flits, came = sum(grants[0] for grants in taken), sum(grants[3] for grants in taken)
    made = sum(int(stream.made().sum()) * len(stream.destinations) for stream in streams)
    return Fraction(came - made, flits)
