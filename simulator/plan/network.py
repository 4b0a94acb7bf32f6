"""The network of a machine: components joined by channels, and the programs that run on them.

Everything here is integers and names; nothing knows a machine, a datapath or a format. What the fields mean in time
is written once, in :mod:`simulator.engine.contract`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.plan.access import Access
from simulator.plan.runs import Chunk
from simulator.plan.state import State

DATA, STATIONARY, SPACE = "data", "stationary", "space"


@dataclass(frozen=True)
class Channel:
    """A queue with one producing and one consuming program.

    Attributes
    ----------
    name : str
    capacity : int or None
        Slots; None is unlimited. A slot is taken when a token is put and freed when it is released.
    latency : int
        Cycles from a departure to the arrival of its tokens, at least 1.
    credit_latency : int
        Cycles from a release to the producer seeing the slot free, at least 1.
    width : int or None
        Tokens that can enter in one cycle; None is unlimited.
    initial : int or None
        Tokens present before cycle 0 (they occupy slots); None is an endless supply, no take ever waits.
    meaning : str
        ``data``: waiting for it is `starved`; ``stationary``: `refill`; ``space``: its tokens are free slots of some
        storage, waiting for it is `blocked`.
    """

    name: str
    capacity: int | None
    latency: int = 1
    credit_latency: int = 1
    width: int | None = None
    initial: int | None = 0
    meaning: str = DATA


@dataclass(frozen=True)
class Program:
    """An in-order list of items, given as chunks of runs.

    Attributes
    ----------
    name : str
    inputs, outputs : tuple of int
        Channels of the input and output ports, as indices into :attr:`Plan.channels`.
    actions : tuple of str
        Names of the action counts each item carries.
    chunks : callable
        Returns a fresh iterator over the chunks; called once per run of the plan. An empty iterator means no items.
    access : Access or None
        Whether the items read or write, and where; None when they have no addresses.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    actions: tuple[str, ...]
    chunks: Callable[[], Iterator[Chunk]]
    access: Access | None = None


@dataclass(frozen=True)
class Component:
    """One or more programs on shared or private ports.

    Attributes
    ----------
    name : str
        Unique, e.g. ``glb.read``.
    group : str
        The component class reports sum over, e.g. ``glb``.
    kind : str
        One of the eight kinds: server, memory, dram, fork, join, switch, source, sink.
    lanes : int
        Lanes in lock step that the component stands for.
    rate : (int, int)
        p / q demand units per cycle; q = 0 is unlimited.
    arbiter : str or None
        None: each program has a port of its own. Otherwise all programs share one port and this policy grants it:
        ``round_robin`` or ``priority``.
    programs : tuple of Program
    state : Banks, Rows or None
        None: service is the demand at the rate. Otherwise what service depends on besides; such a component has an arbiter,
        and its programs an access.
    """

    name: str
    group: str
    kind: str
    lanes: int
    rate: tuple[int, int]
    arbiter: str | None
    programs: tuple[Program, ...]
    state: State | None = None


@dataclass(frozen=True)
class Plan:
    """A network ready to run."""

    components: tuple[Component, ...]
    channels: tuple[Channel, ...]
