"""The network of a plan as one list of integers, for kernels to lay out: one pass over its parts, as a network may have thousands.

The list is the numbers of channels, components and programs, then a row for each channel and component, then of every program how
many inputs it has, their channels, how many outputs, and theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.errors import InputError, suggest
from simulator.plan.network import DATA, SPACE, STATIONARY, Component, Plan
from simulator.record.states import BLOCKED, REFILL, STARVED

Ints = NDArray[np.int64]
REASONS = {DATA: STARVED, STATIONARY: REFILL, SPACE: BLOCKED}
POLICIES = {"round_robin": at.ROUND_ROBIN, "priority": at.PRIORITY}
CHANNELS, COMPONENTS, PROGRAMS, ROWS = range(4)
"""Where the numbers are, and where the rows begin."""
INITIAL, CAPACITY, LATENCY, CREDIT, WIDTH, REASON, ENDLESS, CHANNEL_COLUMNS = range(8)
"""Columns of the channels; no capacity is -1, no width 0."""
COUNT, KIND, POLICY, P, Q, COMPONENT_COLUMNS = range(6)
"""Columns of the components: programs, kind and policy as in the layout, rate."""


def wired(plan: Plan) -> Ints:
    """The network of a plan; see the module.

    Raises
    ------
    InputError
        An arbiter that does not exist.
    """
    told, programs = [len(plan.channels), len(plan.components), 0], 0
    for channel in plan.channels:
        initial, capacity = channel.initial, channel.capacity
        told += (
            initial or 0,
            -1 if capacity is None else capacity,
            channel.latency,
            channel.credit_latency,
            channel.width or 0,
            REASONS[channel.meaning],
            initial is None,
        )
    for component in plan.components:
        arbiter, count = component.arbiter, len(component.programs)
        kind = at.PORT if arbiter else at.LONE if count <= 1 else at.CROWD
        told += (count, kind, _policy(component) if arbiter else 0, *component.rate)
        programs += count
    told[PROGRAMS] = programs
    for component in plan.components:
        for program in component.programs:
            told.append(len(program.inputs))
            told += program.inputs
            told.append(len(program.outputs))
            told += program.outputs
    return np.array(told, dtype=np.int64)


def _policy(component: Component) -> int:
    arbiter = component.arbiter or ""
    if arbiter not in POLICIES:
        raise InputError(
            f"component {component.name}: unknown arbiter {arbiter!r}; {suggest(arbiter, POLICIES)}"
        )
    return POLICIES[arbiter]
