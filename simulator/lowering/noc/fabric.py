"""Flows over links as components and channels.

Every link is a component that passes one flit per cycle, with a program per flow that crosses it and a round-robin
arbiter between them. In front of every link each flow has a queue of its own, a channel with credits, so flows share
links but never queues, and none waits behind another. Per flit and hop::

    takes     one flit of the flow's queue in front of the link
    puts      a copy into its queue in front of every link behind (where the tree of the flow branches), or at its destinations
    latency   from leaving a link to the queues behind it: link + router; at a destination: link
    credit    from a flit leaving a queue to its place being seen free at the link before: link

A copy is made only when all queues behind have a place. So a flow alone passes a flit per cycle when::

    queue >= link + router + link

and otherwise queue flits in so many cycles; n flits put one per cycle from cycle t on, over h hops between routers of a
mesh, arrive in cycles t + 1 + (h + 1) (link + router) + link and the n - 1 after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulator.lowering.network import Network
from simulator.lowering.noc.routes import Hop, Node, Route
from simulator.plan import Program, RunWriter


@dataclass(frozen=True)
class Timing:
    """Of every link and router.

    Attributes
    ----------
    queue : int
        Flits per flow in front of each link.
    link, router : int
        Cycles on a link, and through the router behind it.
    """

    queue: int
    link: int
    router: int


@dataclass(frozen=True)
class Flow:
    """A stream of flits from one source.

    Attributes
    ----------
    name : str
    route : Route
    flits : int
    ends : dict of Node to tuple of str
        Channels that get a copy of every flit at each destination.
    """

    name: str
    route: Route
    flits: int
    ends: Mapping[Node, tuple[str, ...]]


class Fabric:
    """A network on chip being built into a :class:`simulator.lowering.network.Network`.

    Parameters
    ----------
    network : Network
    name : str
        Prefix of its channels, components and of their group.
    timing : Timing
    action : tuple of (str, int), optional
        An action counted per flit and link, and how often.
    """

    def __init__(
        self, network: Network, name: str, timing: Timing, action: tuple[str, int] | None = None
    ) -> None:
        self.network, self.name, self.timing, self._action = network, name, timing, action
        self._crossings: dict[str, list[tuple[Flow, Hop]]] = {}

    def flow(
        self,
        name: str,
        route: Route,
        flits: int,
        room: int | None,
        ends: Callable[[Node], Sequence[str]] | None = None,
    ) -> list[str]:
        """Add a flow.

        Parameters
        ----------
        name : str
            Unique in this network.
        route : Route
        flits : int
        room : int or None
            Flits each of its ends holds; None is any number.
        ends : callable, optional
            Names of the channels at a destination, each of which gets every flit; by default :meth:`end`.

        Returns
        -------
        list of str
            Channels the source puts each flit into, all of them.
        """
        at = {node: tuple(ends(node)) if ends else (self.end(name, node),) for node in route.destinations}
        flow = Flow(name, route, flits, at)
        link, queue = self.timing.link, self.timing.queue
        for hop in route.hops:
            first = hop.link in route.entry
            latency, credit = (1, 1) if first else (link + self.timing.router, link)
            self.network.channel(self._queue(name, hop.link), queue, latency, credit_latency=credit)
            self._crossings.setdefault(hop.link, []).append((flow, hop))
        for channels in at.values():
            for channel in channels:
                self.network.channel(channel, room, link, credit_latency=link)
        return [self._queue(name, link) for link in route.entry]

    def end(self, name: str, node: Node) -> str:
        """Channel of a flow at a destination, when no other name is given."""
        return f"{self.name}.{name}@r{node[0]}c{node[1]}"

    def _queue(self, name: str, link: str) -> str:
        return f"{self.name}.{name}.{link}"

    def links(self) -> dict[str, list[str]]:
        """Flows that cross each link, in the order of the arbiter."""
        return {link: [flow.name for flow, _ in crossings] for link, crossings in self._crossings.items()}

    def build(self) -> None:
        """Add a component per link; every channel must be there."""
        for link, crossings in self._crossings.items():
            programs = [self._program(flow, hop) for flow, hop in crossings]
            self.network.component(f"{self.name}.{link}", self.name, "switch", programs)

    def _program(self, flow: Flow, hop: Hop) -> Program:
        puts = [self._queue(flow.name, after) for after in hop.onward]
        puts += [channel for node in hop.here for channel in flow.ends[node]]
        action, count = self._action or ("", 0)
        writer = RunWriter(1, len(puts), len(self._action or ()) // 2)
        writer.add(flow.flits, 1, takes=[1], puts=[1] * len(puts), actions=[count] if action else ())
        chunk = writer.chunk()
        takes, actions = [self._queue(flow.name, hop.link)], [action] if action else []
        return self.network.program(flow.name, takes, puts, actions, lambda: iter([chunk]))
