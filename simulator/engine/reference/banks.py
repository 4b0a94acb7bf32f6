"""Banks that the ports of one or more components share (:mod:`simulator.engine.contract`, "Banks and rows")."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.engine.reference.stream import Item
from simulator.plan.state import Banks


class Store:
    """The banks of one store, and from which cycle on each is free.

    Grants of one cycle are noted while components decide, in any order, and take their banks afterwards in plan order.
    """

    def __init__(self, state: Banks) -> None:
        self.state = state
        self.free = [0] * state.banks
        self._granted: dict[int, Item] = {}
        self._last: dict[int, int] = {}

    def note(self, component: int, item: Item) -> None:
        """Component number `component` of the plan grants an item in the present cycle."""
        self._granted[component] = item

    def last_word(self, component: int, cycle: int) -> int:
        """Cycle of the last word of the item the component granted in `cycle`, when all have decided."""
        for granted in sorted(self._granted):
            self._last[granted] = self.touch(self._granted[granted], cycle)
        self._granted.clear()
        return self._last.pop(component)

    def touch(self, item: Item, cycle: int) -> int:
        """Cycle of the last word of an item granted in `cycle`; that cycle itself when it touches none."""
        word = self.state.word
        beyond = -(-(item.address + item.demand) // word) if item.demand else 0
        for number in range(item.address // word, beyond):
            bank = number % self.state.banks
            cycle = max(cycle, self.free[bank])
            self.free[bank] = cycle + self.state.occupancy
        return cycle


@dataclass(frozen=True)
class Banked:
    """How one component uses a store: the longer of its rate and its banks decides."""

    store: Store
    component: int

    def grant(self, item: Item, ready: int, cycle: int) -> int:
        """See :class:`simulator.engine.reference.port.Service`."""
        self.store.note(self.component, item)
        return 0

    def finish(self, cycle: int, rated: int) -> int:
        """See :class:`simulator.engine.reference.port.Service`."""
        return max(rated, self.store.last_word(self.component, cycle))
