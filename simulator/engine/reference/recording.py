"""A window of a run, read off the spans of its items and the states of its cycles (the contract, "Recording")."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.engine.reference.states import States
from simulator.engine.reference.track import Track
from simulator.plan.network import Component, Plan
from simulator.record.recording import ComponentEvents, ProgramEvents, Recording, Window


def recording(
    plan: Plan, tracks: Sequence[Sequence[Track]], states: Sequence[States], window: Window
) -> Recording:
    """What happened in a window.

    Parameters
    ----------
    plan : Plan
    tracks : sequence of sequences of Track
        Per component and program, at the end of the run.
    states : sequence of ndarray of uint8, shape (cycles,)
        Of every component.
    window : Window

    Raises
    ------
    InputError
        More happened than may be kept.
    """
    cycles = len(states[0]) if states else 0
    begin, end = min(window.begin, cycles), min(window.end, cycles)
    parts = zip(plan.components, tracks, states, strict=True)
    told = Recording(begin, end, tuple(_component(part, of, at, begin, end) for part, of, at in parts))
    if told.size > window.room:
        raise window.crowded()
    return told


def _component(
    component: Component, tracks: Sequence[Track], states: States, begin: int, end: int
) -> ComponentEvents:
    shown = states[begin:end]
    changes = np.flatnonzero(np.diff(shown)) + 1
    places = np.concatenate([[0], changes]).astype(np.int64) if len(shown) else changes.astype(np.int64)
    programs = tuple(_program(track, begin, end) for track in tracks)
    name, group, kind = component.name, component.group, component.kind
    return ComponentEvents(name, group, kind, places + begin, shown[places], programs)


def _program(track: Track, begin: int, end: int) -> ProgramEvents:
    first = sum(span.depart < begin for span in track.spans)
    spans = [span for span in track.spans[first:] if span.start < end]
    columns = ([span.start for span in spans], [s.finish for s in spans], [s.depart for s in spans])
    start, finish, depart = (np.array(column, dtype=np.int64) for column in columns)
    return ProgramEvents(track.program.name, first, start, finish, depart)
