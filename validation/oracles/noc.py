"""A mesh and a crossbar stepped cycle by cycle: routers with a queue per flow and port, credits, round-robin arbiters.

Written from docs/noc.md and the contract of cycles; nothing here calls the lowering or an engine. In every cycle, with what
was sent in it not seen in it:

* a flit that has come to a queue, and a credit that has come back, are seen;
* every output port lets through one flit: of the first flow, at or after its pointer, whose queue here has a flit and whose
  queues behind (one per output port the flow leaves the next router by, or the receiver) all have a credit;
* the flit's place here is credited to whoever sent it, `link` cycles later; the copies come `link` + `router` cycles later, at a
  receiver `link` cycles later.

A router decides by itself where a flit goes: along its row to the column of the destination, then along the column.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

Node = tuple[int, int]
OUT: Node = (-1, -1)
"""The port out of the network."""


@dataclass(frozen=True)
class Traffic:
    """A flow: flit i is put at its source in the first cycle from `made[i]` on in which there is room, one per cycle."""

    source: Node
    destinations: tuple[Node, ...]
    made: tuple[int, ...]


@dataclass
class Queue:
    """Flits of one flow in front of one output port, as the sender sees them (credits) and as the port does."""

    credits: int
    returning: deque[int] = field(default_factory=deque)
    coming: deque[tuple[int, int]] = field(default_factory=deque)

    def has_room(self, cycle: int) -> bool:
        """Whether a place is known to be free."""
        while self.returning and self.returning[0] <= cycle:
            self.returning.popleft()
            self.credits += 1
        return self.credits > 0

    def head(self, cycle: int) -> int | None:
        """The flit at the head, None when there is none yet."""
        return self.coming[0][1] if self.coming and self.coming[0][0] <= cycle else None


def next_router(at: Node, to: Node) -> Node:
    """The neighbour towards a destination: X first."""
    (row, column), (to_row, to_column) = at, to
    if column != to_column:
        return row, column + (1 if to_column > column else -1)
    return (row + (1 if to_row > row else -1), column) if row != to_row else OUT


class Stepped:
    """A network stepped until every flit has arrived.

    Parameters
    ----------
    kind : str
        ``mesh`` or ``crossbar``.
    flows : sequence of Traffic
    queue, link, router : int
        Places of a queue; cycles.
    room : int
        Places of a receiver, who takes a flit in the cycle it comes.

    Attributes
    ----------
    passed : dict of (port, flow) to list of int
        Cycle in which each flit left the port; a port is (node, next node), `OUT` for out of it.
    arrived : dict of (flow, destination) to list of int
        Cycle in which each flit came to a receiver.
    """

    def __init__(
        self, kind: str, flows: Sequence[Traffic], queue: int, link: int, router: int, room: int
    ) -> None:
        self.mesh, self.flows, self.queue, self.link, self.router = kind == "mesh", flows, queue, link, router
        self.room = room
        self.queues: dict[tuple[tuple[Node, Node], int], Queue] = {}
        self.receivers: dict[tuple[int, Node], Queue] = {}
        self.order: dict[tuple[Node, Node], list[int]] = {}
        self.pointer: dict[tuple[Node, Node], int] = {}
        self.passed: dict[tuple[tuple[Node, Node], int], list[int]] = {}
        self.arrived: dict[tuple[int, Node], list[int]] = {}
        self.left = 0
        for number, flow in enumerate(flows):
            self._admit(number, flow)

    def _admit(self, number: int, flow: Traffic) -> None:
        """Give the flow its queues: before the port into its router, and at every port its flits leave by."""
        self.left += len(flow.made) * len(flow.destinations)
        for destination in flow.destinations:
            self.receivers[number, destination] = Queue(self.room)
            self.arrived[number, destination] = []
            if not self.mesh:
                self._add((destination, OUT), number)
                continue
            self._add((OUT, flow.source), number)
            at = flow.source
            while at != OUT:
                following = next_router(at, destination)
                self._add((at, following), number)
                at = following

    def _add(self, port: tuple[Node, Node], number: int) -> None:
        if (port, number) not in self.queues:
            self.queues[port, number] = Queue(self.queue)
            self.passed[port, number] = []
            self.order.setdefault(port, []).append(number)
            self.pointer.setdefault(port, 0)

    def behind(self, port: tuple[Node, Node], number: int) -> list[Queue]:
        """Where the copies of a flit go that passes a port."""
        at = port[1]
        if at == OUT:
            return [self.receivers[number, port[0]]]
        wanted = [to for to in self.flows[number].destinations if self._leads(port, number, to)]
        return [
            self.queues[(at, following), number]
            for following in dict.fromkeys(next_router(at, to) for to in wanted)
        ]

    def _leads(self, port: tuple[Node, Node], number: int, to: Node) -> bool:
        """Whether a port is on the way to a destination."""
        at = self.flows[number].source
        if port == (OUT, at):
            return True
        while at != OUT:
            following = next_router(at, to)
            if (at, following) == port:
                return True
            at = following
        return False

    def run(self) -> Stepped:
        """Step until all flits have arrived."""
        made = [0] * len(self.flows)
        entries = [
            [(OUT, flow.source)] if self.mesh else [(to, OUT) for to in flow.destinations]
            for flow in self.flows
        ]
        before = {key: self.behind(*key) for key in self.queues}
        cycle = 0
        while self.left:
            sent: list[tuple[Queue, int, int]] = []
            for port, numbers in self.order.items():
                self._pass(port, numbers, before, cycle, sent)
            for number, flow in enumerate(self.flows):
                if made[number] < len(flow.made) and flow.made[made[number]] <= cycle:
                    fed = [self.queues[port, number] for port in entries[number]]
                    if all(queue.has_room(cycle) for queue in fed):
                        for queue in fed:
                            queue.credits -= 1
                            sent.append((queue, cycle + 1, made[number]))
                        made[number] += 1
            for (number, to), receiver in self.receivers.items():
                if receiver.head(cycle) is not None:
                    receiver.coming.popleft()
                    receiver.returning.append(cycle + self.link)
                    self.arrived[number, to].append(cycle)
                    self.left -= 1
            for queue, when, flit in sent:
                queue.coming.append((when, flit))
            cycle += 1
        return self

    def _pass(
        self,
        port: tuple[Node, Node],
        numbers: list[int],
        before: dict[tuple[tuple[Node, Node], int], list[Queue]],
        cycle: int,
        sent: list[tuple[Queue, int, int]],
    ) -> None:
        """Let one flit through a port, of the flow whose turn it is."""
        entry = port[0] == OUT or not self.mesh
        for turn in range(len(numbers)):
            position = (self.pointer[port] + turn) % len(numbers)
            number = numbers[position]
            queue, behind = self.queues[port, number], before[port, number]
            flit = queue.head(cycle)
            if flit is None or not all(each.has_room(cycle) for each in behind):
                continue
            queue.coming.popleft()
            queue.returning.append(cycle + (1 if entry else self.link))
            for each in behind:
                each.credits -= 1
                latency = self.link if port[1] == OUT else self.link + self.router
                sent.append((each, cycle + latency, flit))
            self.passed[port, number].append(cycle)
            self.pointer[port] = (position + 1) % len(numbers)
            return
