"""What every program and component was doing in every cycle, worked out from the spans of its items.

One state per cycle and program, in the order of :mod:`simulator.engine.contract`, "States"; then one per
component.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.engine.reference.track import Track
from simulator.plan.network import SPACE, STATIONARY
from simulator.record.intervals import IntervalLog, bin_width
from simulator.record.states import BLOCKED, BUSY, CONFLICT, DISABLED, DRAINED, REFILL, STARVED, STATES

States = NDArray[np.uint8]


def program_states(track: Track, rivals: Sequence[Track], cycles: int) -> States:
    """State of a program in each cycle.

    Parameters
    ----------
    track : Track
        The program.
    rivals : sequence of Track
        The other programs of its port; empty on a private port.
    cycles : int
        Run length.

    Returns
    -------
    ndarray of uint8, shape (cycles,)
    """
    if not track.spans:
        return np.full(cycles, DISABLED, dtype=np.uint8)
    states = np.full(cycles, DRAINED, dtype=np.uint8)
    taken = np.zeros(cycles, dtype=np.bool_)  # the port is in use by a rival
    for span in (span for rival in rivals for span in rival.spans):
        taken[span.start : span.finish + 1] = True
    free_from = 0
    for span in track.spans:
        wait = slice(free_from, span.start)
        states[wait] = np.where(taken[wait], CONFLICT, BLOCKED)
        for first, last, state in missing(track, span.seen):
            states[max(first, free_from) : max(last, free_from)] = state
        states[span.start : span.finish + 1] = BUSY
        states[span.finish + 1 : span.depart + 1] = BLOCKED
        free_from = span.depart + 1
    return states


def missing(track: Track, seen: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Cycles [first, last) in which an input decides that a program waits, and the state that is.

    Input i decides from when all lower inputs are there until it is there itself.
    """
    there = 0
    for wire, since in zip(track.inputs, seen, strict=True):
        meaning = wire.channel.meaning
        if meaning != SPACE and since > there:
            yield there, since, REFILL if meaning == STATIONARY else STARVED
            there = since


def component_states(programs: Sequence[States], cycles: int) -> States:
    """State of a component in each cycle, from those of its programs; later rules win over earlier ones."""
    states = np.full(cycles, DISABLED, dtype=np.uint8)
    for reason in (DRAINED, BLOCKED, CONFLICT):
        for program in programs:
            states[program == reason] = reason
    for program in reversed(programs):
        waits = (program == STARVED) | (program == REFILL)
        states[waits] = program[waits]
    for program in programs:
        states[program == BUSY] = BUSY
    return states


def count_states(states: States) -> NDArray[np.int64]:
    """Cycles in each state: ndarray of int64, shape (len(STATES),)."""
    return np.bincount(states, minlength=len(STATES)).astype(np.int64)


def interval_log(states: States) -> IntervalLog:
    """The canonical log of the states of all cycles of a run."""
    width = bin_width(len(states))
    starts = np.arange(0, len(states), width)
    counts = [np.add.reduceat(states == state, starts, dtype=np.int64) for state in range(len(STATES))]
    return IntervalLog(width, np.array(counts))
