"""The network of a plan as arrays: one pass over its parts each, then whole columns at once, as a network may have thousands.

Only ports whose channel has no endless supply are told: the others never wait and never matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.errors import InputError, suggest
from simulator.plan.network import DATA, SPACE, STATIONARY, Component, Plan
from simulator.plan.runs import DEMAND, PORTS
from simulator.record.states import BLOCKED, REFILL, STARVED

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
REASONS = {DATA: STARVED, STATIONARY: REFILL, SPACE: BLOCKED}
POLICIES = {"round_robin": at.ROUND_ROBIN, "priority": at.PRIORITY}
ROOMY = 1 << 16
"""Bounded channels of at most this capacity get rings that never grow."""
INITIAL, CAPACITY, LATENCY, CREDIT, WIDTH, REASON, ENDLESS, CHANNEL_COLUMNS = range(8)
"""Columns of the channels; no capacity is -1, no width 0."""
COUNT, KIND, POLICY, P, Q, COMPONENT_COLUMNS = range(6)
"""Columns of the components: programs, kind and policy as in the layout, rate."""


@dataclass(frozen=True)
class Ports:
    """Inputs or outputs of all programs, one program's after the other's.

    Attributes
    ----------
    program, channel : ndarray of int64, shape (ports,)
    place, rank : ndarray of int64, shape (ports,)
        Place among the ports of the program, and among those that are told.
    counts, told : ndarray of int64, shape (programs,)
        Ports of every program that are told, and all of them.
    """

    program: Ints
    channel: Ints
    place: Ints
    rank: Ints
    counts: Ints
    told: Ints


@dataclass(frozen=True)
class Wiring:
    """A network.

    Attributes
    ----------
    channels : ndarray of int64, shape (channels, CHANNEL_COLUMNS)
    components : ndarray of int64, shape (components, COMPONENT_COLUMNS)
    owner, position : ndarray of int64, shape (programs,)
        Component of each program, and place among its programs.
    inputs, outputs : Ports
    """

    channels: Ints
    components: Ints
    owner: Ints
    position: Ints
    inputs: Ports
    outputs: Ports

    @property
    def elastic(self) -> Flags:
        """Channels whose rings may grow, shape (channels,)."""
        capacity = self.channels[:, CAPACITY]
        return (capacity < 0) | (capacity > ROOMY)

    @property
    def streams(self) -> Flags:
        """Programs whose runs may be worked out as streams, shape (programs,).

        It is not one of several private ports, entry is unlimited, no output is an input, and no ring of a bounded channel grows.
        """
        found: Flags = self.components[self.owner, KIND] != at.CROWD
        consumer = np.full(len(self.channels), -1, dtype=np.int64)
        consumer[self.inputs.channel] = self.inputs.program
        wide, width = self.channels[:, CAPACITY] > ROOMY, self.channels[:, WIDTH] > 0
        outputs = self.outputs.channel
        found[self.outputs.program[wide[outputs] | width[outputs]]] = False
        found[self.outputs.program[consumer[outputs] == self.outputs.program]] = False
        found[self.inputs.program[wide[self.inputs.channel]]] = False
        return found

    def columns(self) -> tuple[Ints, Ints]:
        """Fields of a run that matter in time, program after program, and where each program's begin.

        They are the demand, takes and releases of the inputs that are told, puts of the outputs that are.
        """
        ins, outs = self.inputs, self.outputs
        sizes = 1 + 2 * ins.counts + outs.counts
        first = np.cumsum(sizes) - sizes
        found = np.full(int(sizes.sum()), DEMAND, dtype=np.int64)
        take = first[ins.program] + 1 + ins.rank
        found[take] = PORTS + ins.place
        found[take + ins.counts[ins.program]] = PORTS + ins.told[ins.program] + ins.place
        put = first[outs.program] + 1 + 2 * ins.counts[outs.program] + outs.rank
        found[put] = PORTS + 2 * ins.told[outs.program] + outs.place
        return found, first


def wired(plan: Plan) -> Wiring:
    """The network of a plan.

    Raises
    ------
    InputError
        An arbiter that does not exist.
    """
    channels = table(
        [
            (
                c.initial or 0,
                -1 if c.capacity is None else c.capacity,
                c.latency,
                c.credit_latency,
                c.width or 0,
                REASONS[c.meaning],
                c.initial is None,
            )
            for c in plan.channels
        ],
        CHANNEL_COLUMNS,
    )
    components = table([_component(c) for c in plan.components], COMPONENT_COLUMNS)
    programs = [program for component in plan.components for program in component.programs]
    owner, position = spread(components[:, COUNT])
    endless = channels[:, ENDLESS] != 0
    inputs = _ports([p.inputs for p in programs], endless)
    return Wiring(
        channels, components, owner, position, inputs, _ports([p.outputs for p in programs], endless)
    )


def _component(component: Component) -> tuple[int, int, int, int, int]:
    arbiter, count = component.arbiter, len(component.programs)
    if arbiter is not None and arbiter not in POLICIES:
        raise InputError(
            f"component {component.name}: unknown arbiter {arbiter!r}; {suggest(arbiter, POLICIES)}"
        )
    kind = at.PORT if arbiter else at.LONE if count <= 1 else at.CROWD
    return count, kind, POLICIES.get(arbiter or "", 0), *component.rate


def _ports(told: list[tuple[int, ...]], endless: Flags) -> Ports:
    sizes = np.array([len(own) for own in told], dtype=np.int64)
    channel = np.array(list(chain.from_iterable(told)), dtype=np.int64)
    program, place = spread(sizes)
    kept = ~endless[channel]
    if not kept.all():
        program, channel, place = program[kept], channel[kept], place[kept]
    counts = np.bincount(program, minlength=len(sizes))
    return Ports(program, channel, place, spread(counts)[1], counts, sizes)


def table(rows: Sequence[tuple[int, ...]], columns: int) -> Ints:
    """Rows of integers as an array, also when there are none."""
    return np.array(rows, dtype=np.int64).reshape(-1, columns)


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Of so many parts for each whole: the whole of every part, and its place among the parts of that whole."""
    wholes = np.repeat(np.arange(len(counts)), counts)
    return wholes, np.arange(len(wholes)) - np.repeat(np.cumsum(counts) - counts, counts)


def bit_length(values: Ints) -> Ints:
    """Binary digits of integers from 0 to 2**53."""
    return np.frexp(values)[1].astype(np.int64)
