"""A channel in time: tokens on their way to the consumer, freed slots on their way back to the producer.

Both are the same thing, a :class:`Supply`: some are there from the start, each later one is visible from a
known cycle on, and they are used in order. With `entered` the cycle in which a token enters, in order and at
most `width` of them in a cycle::

    token visible from  entered + latency
    slot visible from   release cycle + credit_latency

(:mod:`simulator.engine.contract`, "Channels").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from simulator.plan.network import Channel

Announce = Callable[[int], None]
"""Called with a cycle in whose arrive phase something becomes visible."""


class Supply:
    """Tokens, or free slots, as their user sees them.

    Parameters
    ----------
    initial : int or None
        There from cycle 0 on; negative when the first arrivals only make up for what is lacking.
        None never runs out.
    """

    def __init__(self, initial: int | None) -> None:
        self._spare = initial
        self._cycles: deque[int] = deque()
        self.announce: Announce = lambda cycle: None

    def add(self, cycle: int) -> None:
        """One more, visible from `cycle` on; cycles never decrease from one call to the next."""
        if self._spare is None:
            return
        if not self._cycles or self._cycles[-1] != cycle:
            self.announce(cycle)
        self._cycles.append(cycle)

    def since(self, count: int) -> int | None:
        """Cycle from which the next `count` are all visible: 0 for none, None when that is not known yet."""
        if count == 0 or self._spare is None or count <= self._spare:
            return 0
        place = count - self._spare - 1
        return self._cycles[place] if place < len(self._cycles) else None

    def visible(self, count: int, cycle: int) -> bool:
        """Whether the next `count` are all visible in `cycle`."""
        since = self.since(count)
        return since is not None and since <= cycle

    def use(self, count: int) -> None:
        """Use up the next `count`, which must be visible."""
        if self._spare is None:
            return
        self._spare -= count
        while self._spare < 0 and self._cycles:
            self._cycles.popleft()
            self._spare += 1


class Wire:
    """One channel of the plan, between its producer and its consumer."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        endless = channel.initial is None
        unlimited = endless or channel.capacity is None
        self.tokens = Supply(channel.initial)
        self.slots = Supply(None if unlimited else (channel.capacity or 0) - (channel.initial or 0))
        self._unreleased = 0
        self._entry, self._entered = 0, 0  # the last cycle in which tokens entered, and how many did

    def put(self, count: int, cycle: int) -> None:
        """`count` tokens leave the producer in `cycle`."""
        if cycle > self._entry:
            self._entry, self._entered = cycle, 0
        for _ in range(count):
            if self._entered == self.channel.width:
                self._entry, self._entered = self._entry + 1, 0
            self._entered += 1
            self.tokens.add(self._entry + self.channel.latency)

    def take(self, count: int) -> None:
        """The consumer takes `count` tokens, which must be visible."""
        self._unreleased += count
        self.tokens.use(count)

    def release(self, count: int, cycle: int) -> None:
        """The consumer frees `count` slots in `cycle`.

        Raises
        ------
        ValueError
            More would be released than was taken: the plan is wrong.
        """
        if count > self._unreleased:
            raise ValueError(
                f"channel {self.channel.name}: {count} released in cycle {cycle}, "
                f"only {self._unreleased} taken and not yet released"
            )
        self._unreleased -= count
        for _ in range(count):
            self.slots.add(cycle + self.channel.credit_latency)
