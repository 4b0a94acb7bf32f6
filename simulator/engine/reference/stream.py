"""A program's items, read one by one from its chunks, with the sums that need no schedule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

from simulator.plan.network import Program


class Item(NamedTuple):
    """One item of a program; `takes` and `releases` per input, `puts` per output; `address` in bytes if it has one."""

    demand: int
    work: int
    takes: tuple[int, ...]
    releases: tuple[int, ...]
    puts: tuple[int, ...]
    actions: tuple[int, ...]
    address: int = 0
    write: bool = False


class Stream:
    """The items of `program` in order.

    Attributes
    ----------
    head : Item or None
        The next item to go; None when there is none left.
    count, work, demand : int
        Items seen so far (the head included), and the sums of their work and demand.
    actions : dict of str to int
        Sum of each action over the items seen so far.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.count = self.work = self.demand = 0
        self.actions = dict.fromkeys(program.actions, 0)
        self._items = self._read()
        self.head = self._next()

    def advance(self) -> None:
        """Drop the head; the next item, if any, becomes the head."""
        self.head = self._next()

    def exhaust(self) -> None:
        """Read all items, for their sums alone."""
        while self.head is not None:
            self.advance()

    def _next(self) -> Item | None:
        item = next(self._items, None)
        if item is not None:
            self.count += 1
            self.work += item.work
            self.demand += item.demand
            for name, amount in zip(self.program.actions, item.actions, strict=True):
                self.actions[name] += amount
        return item

    def _read(self) -> Iterator[Item]:
        inputs, outputs = len(self.program.inputs), len(self.program.outputs)
        takes, releases, puts = 2, 2 + inputs, 2 + 2 * inputs
        actions, access = puts + outputs, self.program.access
        places = repeat(0) if access is None else access.addresses()
        write = access is not None and access.write
        for chunk in self.program.chunks():
            for row in chunk.items():
                moves = row[takes:releases], row[releases:puts], row[puts:actions]
                address = next(places, None)
                if address is None:
                    raise ValueError(f"program {self.program.name} has items without addresses")
                yield Item(row[0], row[1], *moves, row[actions:], address, write)
