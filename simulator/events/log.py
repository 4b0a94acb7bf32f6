"""Recordings of layers together with what their items were: the plan says what was to be done, the recording when it was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.plan.expand import Stretch, stretch
from simulator.plan.network import SPACE, Channel, Plan, Program
from simulator.record.recording import ComponentEvents, ProgramEvents, Recording

BYTES = "B"
UNITS = "units"


@dataclass(frozen=True)
class Track:
    """One program of one component in a window.

    Attributes
    ----------
    component : int
        Place of the component in the plan.
    program : Program
    events : ProgramEvents
        When its items started and left, shape (n,) each.
    items : Stretch
        What the same n items were.
    """

    component: int
    program: Program
    events: ProgramEvents
    items: Stretch

    @property
    def unit(self) -> str:
        """What demand is counted in: bytes where items have addresses, else units of the component's own."""
        return UNITS if self.program.access is None else BYTES


@dataclass(frozen=True)
class LayerEvents:
    """A window of one layer.

    Attributes
    ----------
    name : str
    offset : int
        Cycle of the log in which the layer's cycle 0 lies.
    cycles : int
        Run length of the layer.
    recording : Recording
        In cycles of the layer.
    tracks : tuple of Track
        All programs, in plan order.
    channels : tuple of Channel
    """

    name: str
    offset: int
    cycles: int
    recording: Recording
    tracks: tuple[Track, ...]
    channels: tuple[Channel, ...]

    @property
    def components(self) -> tuple[ComponentEvents, ...]:
        """What every component did."""
        return self.recording.components

    @cached_property
    def ends(self) -> dict[int, tuple[tuple[int, int] | None, tuple[int, int] | None]]:
        """Per channel, the track and the output that put into it, and the track and the input that take from it."""
        producers = {
            c: (t, i) for t, track in enumerate(self.tracks) for i, c in enumerate(track.program.outputs)
        }
        consumers = {
            c: (t, i) for t, track in enumerate(self.tracks) for i, c in enumerate(track.program.inputs)
        }
        return {c: (producers.get(c), consumers.get(c)) for c in range(len(self.channels))}

    def queues(self) -> list[int]:
        """Channels with something to wait for in them: neither free slots told as tokens nor an endless supply."""
        return [
            i
            for i, channel in enumerate(self.channels)
            if channel.meaning != SPACE and channel.initial is not None
        ]


@dataclass(frozen=True)
class Log:
    """A window of a run of layers, one after the other.

    Attributes
    ----------
    machine, trace, rung : str
    clock_hz : int
        Of the machine.
    begin, end : int
        Cycles [begin, end) that were asked for, cut to what was run.
    layers : tuple of LayerEvents
        Those with a cycle in the window.
    """

    machine: str
    trace: str
    rung: str
    clock_hz: int
    begin: int
    end: int
    layers: tuple[LayerEvents, ...]

    @property
    def items(self) -> int:
        """Items of all layers."""
        return sum(len(track.events) for layer in self.layers for track in layer.tracks)


def layer_events(name: str, offset: int, cycles: int, plan: Plan, recording: Recording) -> LayerEvents:
    """Put a plan and its recording together.

    Parameters
    ----------
    name : str
    offset, cycles : int
        See :class:`LayerEvents`.
    plan : Plan
        As it ran: brought to its rung.
    recording : Recording
    """
    tracks = tuple(
        Track(place, program, events, stretch(program, events.first, len(events)))
        for place, (part, told) in enumerate(zip(plan.components, recording.components, strict=True))
        for program, events in zip(part.programs, told.programs, strict=True)
    )
    return LayerEvents(name, offset, cycles, recording, tracks, plan.channels)


def sums(values: NDArray[np.int64], before: int) -> NDArray[np.int64]:
    """Tokens that have gone when each item has, shape (n,), with those that went before."""
    total: NDArray[np.int64] = before + np.cumsum(values)
    return total
