"""Ports: each is a SimPy process that starts items, serves them and lets them go.

SimPy's clock counts phases: ``4 * cycle + phase``, phase 0 arrive, 1 decide, 2 settle, 3 depart. What the grants
of a cycle have in common is settled when all are made. A port that cannot go on sleeps until a token or a credit
arrives for one of its programs, then looks again in the same phase.

The service time of an item of demand b at rate p/q, granted in cycle c, ready since `ready`, departing in d,
in ticks of 1/(2p) cycle (:mod:`simulator.engine.contract`, "Service time")::

    begin = max(free, 2 p ready)
    end   = begin + 2 q b
    f     = max(c, ceil(end / (2 p)) - 1)
    free  = max(end, 2 p d + 1)

Where the component has a state, a :class:`Service` makes f of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

import simpy

from simulator.engine.contract import Request
from simulator.engine.reference.stream import Item
from simulator.engine.reference.track import Track, known
from simulator.errors import InputError, suggest

ARRIVE, DECIDE, SETTLE, DEPART, PHASES = 0, 1, 2, 3, 4
ROUND_ROBIN, PRIORITY = "round_robin", "priority"
Process = Generator[simpy.Event, None, None]


class Service(Protocol):
    """How long items take on a component with a state."""

    def grant(self, item: Item, ready: int, cycle: int) -> int:
        """An item, ready since `ready`, is granted in `cycle`; how many rows it opens."""
        ...

    def finish(self, cycle: int, rated: int) -> int:
        """Last cycle in service of the item granted in `cycle`, asked once all grants of the cycle are made; `rated` is what
        its rate alone gives.
        """
        ...


class Port:
    """A port and the programs it serves: one on a private port, any number on a shared one.

    Parameters
    ----------
    env : simpy.Environment
    rate : (int, int)
        p / q demand units per cycle.
    arbiter : str or None
        None for a private port.
    tracks : sequence of Track
    departed : callable
        Called with the cycle of every departure.
    service : Service, optional
        When the component has a state.
    request : callable, optional
        Called with every grant.

    Raises
    ------
    InputError
        No such arbiter.
    """

    def __init__(
        self,
        env: simpy.Environment,
        rate: tuple[int, int],
        arbiter: str | None,
        tracks: Sequence[Track],
        departed: Callable[[int], None],
        service: Service | None = None,
        request: Request | None = None,
    ) -> None:
        self.env = env
        self.p, self.q = rate
        if arbiter not in (None, ROUND_ROBIN, PRIORITY):
            raise InputError(f"unknown arbiter {arbiter!r}; {suggest(str(arbiter), (ROUND_ROBIN, PRIORITY))}")
        self.arbiter = arbiter
        self.shared = arbiter is not None
        self.tracks = tracks
        self.departed = departed
        self.service, self.request = service, request
        self.free = 0
        self.pointer = 0
        self.bell = env.event()
        for track in tracks:
            for wire in track.inputs:
                wire.tokens.announce = self._ring_at
            for wire in track.outputs:
                wire.slots.announce = self._ring_at

    def process(self) -> Process:
        """Serve items one at a time until no program has any to go."""
        yield self._at(0, DECIDE)
        while not all(track.done for track in self.tracks):
            yield from self._sleep_until(DECIDE, lambda: any(map(self._can_start, self.tracks)))
            yield from self._serve(self._pick())
            yield self._at(self.cycle + 1, DECIDE)

    def _serve(self, track: Track) -> Process:
        start, ready = self.cycle, self._ready(track)
        end = max(self.free, 2 * self.p * ready) + 2 * self.q * track.head.demand
        finish = max(start, ceil_div(end, 2 * self.p) - 1)
        if self.request is not None:
            self.request(start, track.head.write, track.head.address)
        if self.service is not None:
            track.opened += self.service.grant(track.head, ready, start)
        track.start()
        if self.shared:
            track.claim()
        if self.service is not None:
            yield self._at(start, SETTLE)
            finish = self.service.finish(start, finish)
        yield self._at(finish, DEPART)
        if not self.shared:
            yield from self._sleep_until(DEPART, lambda: self._visible(track.room_since()))
            track.claim()
        track.depart(start, finish, self.cycle)
        self.free = max(end, 2 * self.p * self.cycle + 1)
        self.departed(self.cycle)

    def _ready(self, track: Track) -> int:
        """Cycle from which the head of `track`, which can start now, had all it needs."""
        needs = track.tokens_since() + (track.room_since() if self.shared else [])
        return max(known(needs), default=0)

    def _can_start(self, track: Track) -> bool:
        if track.done:
            return False
        return self._visible(track.tokens_since()) and (not self.shared or self._visible(track.room_since()))

    def _pick(self) -> Track:
        """The program the arbiter grants; some program can start."""
        count = len(self.tracks)
        first = self.pointer if self.arbiter == ROUND_ROBIN else 0
        order = [(first + i) % count for i in range(count)]
        granted = next(i for i in order if self._can_start(self.tracks[i]))
        self.pointer = (granted + 1) % count
        return self.tracks[granted]

    @property
    def cycle(self) -> int:
        """The cycle it is."""
        return int(self.env.now) // PHASES

    def _visible(self, since: Sequence[int | None]) -> bool:
        now = self.cycle
        return all(cycle is not None and cycle <= now for cycle in since)

    def _at(self, cycle: int, phase: int) -> simpy.Event:
        return self.env.timeout(PHASES * cycle + phase - self.env.now)

    def _sleep_until(self, phase: int, condition: Callable[[], bool]) -> Process:
        """To be entered in `phase` of a cycle; sleeps to the first such phase in which `condition` holds."""
        while not condition():
            yield self.bell
            yield self._at(self.cycle, phase)

    def _ring_at(self, cycle: int) -> None:
        arrival = self._at(cycle, ARRIVE)
        arrival.callbacks.append(self._ring)

    def _ring(self, arrival: simpy.Event) -> None:
        self.bell.succeed()
        self.bell = self.env.event()


def ceil_div(a: int, b: int) -> int:
    """The ceiling of a / b."""
    return -(-a // b)
