"""A program being run: its stream of items, its channels, and what became of the items so far."""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.contract import waiting
from simulator.engine.reference.channel import Wire
from simulator.engine.reference.stream import Item, Stream
from simulator.plan.network import Program


class Span(NamedTuple):
    """What became of one item.

    Attributes
    ----------
    start, finish, depart : int
        First and last cycle in service, cycle of the departure.
    seen : tuple of int
        For each input the cycle from which the item's takes were all visible, 0 if it takes none there.
    """

    start: int
    finish: int
    depart: int
    seen: tuple[int, ...]


class Track:
    """One program on its way through its items.

    Attributes
    ----------
    component : str
        Name of its component.
    spans : list of Span
        One per departed item.
    opened : int
        Rows its items opened.
    """

    def __init__(self, component: str, program: Program, wires: list[Wire]) -> None:
        self.component = component
        self.program = program
        self.stream = Stream(program)
        self.inputs = [wires[i] for i in program.inputs]
        self.outputs = [wires[i] for i in program.outputs]
        self.spans: list[Span] = []
        self.opened = 0
        self._seen: tuple[int, ...] | None = None  # of the item that has started, if one has

    @property
    def head(self) -> Item:
        """The item in service, held, or next to go."""
        if self.stream.head is None:
            raise LookupError(f"{self.component}/{self.program.name} has no item to go")
        return self.stream.head

    @property
    def done(self) -> bool:
        """Whether all items have departed."""
        return self.stream.head is None

    def tokens_since(self) -> list[int | None]:
        """Per input, the cycle from which the head's takes are visible; None when not known yet."""
        return [wire.tokens.since(n) for wire, n in zip(self.inputs, self.head.takes, strict=True)]

    def room_since(self) -> list[int | None]:
        """Per output, the cycle from which there is room for the head's puts; None when not known yet."""
        return [wire.slots.since(n) for wire, n in zip(self.outputs, self.head.puts, strict=True)]

    def start(self) -> None:
        """The head starts: it takes its tokens."""
        self._seen = known(self.tokens_since())
        for wire, n in zip(self.inputs, self.head.takes, strict=True):
            wire.take(n)

    def claim(self) -> None:
        """The head claims the output slots it needs."""
        for wire, n in zip(self.outputs, self.head.puts, strict=True):
            wire.slots.use(n)

    def depart(self, start: int, finish: int, depart: int) -> None:
        """The head departs: it puts its tokens, releases its slots, and the next item becomes the head."""
        for wire, n in zip(self.outputs, self.head.puts, strict=True):
            wire.put(n, depart)
        for wire, n in zip(self.inputs, self.head.releases, strict=True):
            wire.release(n, depart)
        self.spans.append(Span(start, finish, depart, self._seen or ()))
        self._seen = None
        self.stream.advance()

    def waits(self) -> str:
        """The line of a deadlock report, when nothing more will ever arrive."""
        if self._seen is None and None in self.tokens_since():
            needs, wire = "a token", self.inputs[self.tokens_since().index(None)]
        else:
            needs, wire = "room", self.outputs[self.room_since().index(None)]
        return waiting(self.component, self.program.name, needs, wire.channel.name)


def known(cycles: list[int | None]) -> tuple[int, ...]:
    """`cycles` without what is not known."""
    return tuple(cycle for cycle in cycles if cycle is not None)
