"""Collects channels and components of a network by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from simulator.hardware.components import Dram
from simulator.lowering.blocks import Kept, Room
from simulator.plan import Access, Channel, Chunk, Component, Plan, Program
from simulator.plan.network import DATA, SPACE, STATIONARY
from simulator.plan.state import State

Chunks = Callable[[], Iterator[Chunk]]

__all__ = ["DATA", "SPACE", "STATIONARY", "Chunks", "Network", "rate"]


def rate(bandwidth: Fraction | None) -> tuple[int, int]:
    """p / q units per cycle; None (unlimited) is q = 0."""
    return (1, 0) if bandwidth is None else (bandwidth.numerator, bandwidth.denominator)


class Network:
    """A plan being built; ports are named by channel."""

    def __init__(self, channels: Sequence[Channel] = ()) -> None:
        self._channels = list(channels)
        self._index = {channel.name: place for place, channel in enumerate(channels)}
        self._components: list[Component] = []
        self._room = Room()

    def channel(
        self,
        name: str,
        capacity: int | None,
        latency: int = 1,
        meaning: str = DATA,
        credit_latency: int = 1,
    ) -> None:
        """Add a channel that starts empty."""
        self._add(Channel(name, capacity, latency, credit_latency, meaning=meaning))

    def space(self, name: str, slots: int) -> None:
        """Add a channel of free slots, all free at first."""
        self._add(Channel(name, None, initial=slots, meaning=SPACE))

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels so far."""
        return tuple(self._channels)

    def _add(self, channel: Channel) -> None:
        self._index[channel.name] = len(self._channels)
        self._channels.append(channel)

    def program(
        self,
        name: str,
        inputs: list[str],
        outputs: list[str],
        actions: list[str],
        chunks: Chunks,
        access: Access | None = None,
    ) -> Program:
        """A program on named channels."""
        index = self._index
        return Program(
            name,
            tuple([index[i] for i in inputs]),
            tuple([index[o] for o in outputs]),
            tuple(actions),
            Kept(chunks, self._room),
            access,
        )

    def component(
        self,
        name: str,
        group: str,
        kind: str,
        programs: list[Program],
        bandwidth: tuple[int, int] = (1, 1),
        lanes: int = 1,
        state: State | None = None,
    ) -> None:
        """Add a component; several programs share one round-robin port, and one with a state always has one."""
        arbiter = "round_robin" if len(programs) > 1 or state is not None else None
        self._components.append(
            Component(name, group, kind, lanes, bandwidth, arbiter, tuple(programs), state)
        )

    def main_memory(self, dram: Dram, clock: int, programs: list[Program]) -> None:
        """Add the component ``dram`` beside a machine of `clock` Hz, with banks and rows if it has a timing."""
        self.component("dram", "dram", "dram", programs, rate(dram.peak(clock)), state=dram.state(clock))

    def plan(self) -> Plan:
        """The finished plan."""
        return Plan(tuple(self._components), tuple(self._channels))
