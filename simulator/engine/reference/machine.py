"""A plan as a SimPy model: a wire per channel, a track per program, a process per port."""

from __future__ import annotations

import random
from collections.abc import Callable

import simpy

from simulator.engine.contract import Requests
from simulator.engine.reference.banks import Banked, Store
from simulator.engine.reference.channel import Wire
from simulator.engine.reference.port import Port, Service
from simulator.engine.reference.rows import Controller
from simulator.engine.reference.track import Track
from simulator.errors import DeadlockError
from simulator.plan.network import Plan
from simulator.plan.state import Banks


class Machine:
    """The network of `plan`, ready to run.

    Attributes
    ----------
    tracks : list of list of Track
        Per component, per program, in plan order.
    last : int
        Cycle of the last departure, -1 before any.
    """

    def __init__(self, plan: Plan, requests: Requests | None = None) -> None:
        self.plan, self.requests = plan, requests or {}
        self._stores: dict[str, Store] = {}
        wires = [Wire(channel) for channel in plan.channels]
        self.tracks = [[Track(part.name, p, wires) for p in part.programs] for part in plan.components]
        self.last = -1

    def run(self, departed: Callable[[int], None], order: int | None) -> None:
        """Run all items; `departed` is told each departure, `order` seeds a shuffle of the processes.

        Raises
        ------
        DeadlockError
            Nothing more will happen, and items remain.
        """

        def note(cycle: int) -> None:
            self.last = max(self.last, cycle)
            departed(cycle)

        env = simpy.Environment()
        ports = [port for index in range(len(self.tracks)) for port in self._ports(env, index, note)]
        if order is not None:
            random.Random(order).shuffle(ports)
        for port in ports:
            env.process(port.process())
        env.run()
        waits = tuple(track.waits() for of in self.tracks for track in of if not track.done)
        if waits:
            raise DeadlockError(self.last, waits)

    def _ports(self, env: simpy.Environment, index: int, note: Callable[[int], None]) -> list[Port]:
        component, tracks = self.plan.components[index], self.tracks[index]
        if component.arbiter is not None:
            service, request = self._service(index), self.requests.get(component.name)
            return [Port(env, component.rate, component.arbiter, tracks, note, service, request)]
        return [Port(env, component.rate, None, [track], note) for track in tracks]

    def _service(self, index: int) -> Service | None:
        state = self.plan.components[index].state
        if isinstance(state, Banks):
            return Banked(self._stores.setdefault(state.store, Store(state)), index)
        return None if state is None else Controller(state)
