"""The reference engine: the contract told as SimPy processes, item by item, and read off cycle by cycle.

Meant to be read and obviously right; every run is expanded and nothing is ever skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.engine.contract import Progress, Requests, check_recording, check_requests, check_states
from simulator.engine.reference.machine import Machine
from simulator.engine.reference.recording import recording
from simulator.engine.reference.states import (
    States,
    component_states,
    count_states,
    interval_log,
    program_states,
)
from simulator.engine.reference.totals import bound, own_totals, total_states
from simulator.engine.reference.track import Track
from simulator.plan.network import Component, Plan
from simulator.plan.rung import Rung, at_rung
from simulator.plan.state import ACTIVATE, Rows
from simulator.record.outcome import ComponentOutcome, Outcome, ProgramOutcome
from simulator.record.recording import Recording, Window

Grant = tuple[str, str, int, int, int]
"""Component, program, and the cycles of start, finish and departure of an item."""

MODULUS = 2**64
PROGRESS_ITEMS = 1024


def run(
    plan: Plan,
    rung: Rung = Rung.S4,
    *,
    progress: Progress | None = None,
    requests: Requests | None = None,
    order: int | None = None,
    grant_log: list[Grant] | None = None,
) -> Outcome:
    """Run `plan` at `rung`.

    Parameters
    ----------
    plan : Plan
    rung : Rung
    progress : callable, optional
        Called every 1,024 departures with (cycle reached, items departed).
    requests : mapping of str to callable, optional
        Per component, told every grant.
    order : int, optional
        Seed of a shuffle of the processes before they start; changes nothing in the outcome.
    grant_log : list, optional
        Receives (component, program, start, finish, depart) of every item that departed, in plan order,
        also when the run ends in a deadlock.

    Raises
    ------
    DeadlockError
        No progress while work remains.
    InputError
        The plan names an arbiter that does not exist, or `requests` a component that makes none; or a component with a
        state is not what such a component must be.
    """
    plan = at_rung(plan, rung)
    check_states(plan)
    check_requests(plan, rung, requests)
    machine = Machine(plan, requests)
    if rung in (Rung.S0, Rung.S1):
        return _totals(plan, machine.tracks, rung)
    try:
        machine.run(_counter(progress), order)
    finally:
        if grant_log is not None:
            grant_log += _grants(machine.tracks)
    states, cycles = _states(plan, rung, machine)
    return _outcome(plan, machine.tracks, states, cycles)


def record(
    plan: Plan, window: Window, rung: Rung = Rung.S4, *, progress: Progress | None = None
) -> tuple[Outcome, Recording]:
    """Run `plan` at `rung` and tell a window of it; see :class:`simulator.engine.contract.Recorder`."""
    check_recording(rung)
    plan = at_rung(plan, rung)
    check_states(plan)
    machine = Machine(plan)
    machine.run(_counter(progress), None)
    states, cycles = _states(plan, rung, machine)
    told = recording(plan, machine.tracks, [component_states(at, cycles) for at in states], window)
    return _outcome(plan, machine.tracks, states, cycles), told


def _states(plan: Plan, rung: Rung, machine: Machine) -> tuple[list[list[States]], int]:
    """State of every program in every cycle, per component, and the run length."""
    cycles = machine.last + 1
    if rung is not Rung.S4:
        cycles = max(cycles, bound(plan, machine.tracks, Rung.S1))
    states = []
    for component, tracks in zip(plan.components, machine.tracks, strict=True):
        shared = component.arbiter is not None
        rivals = [[other for other in tracks if shared and other is not track] for track in tracks]
        states.append([program_states(t, r, cycles) for t, r in zip(tracks, rivals, strict=True)])
    return states, cycles


def _totals(plan: Plan, tracks: list[list[Track]], rung: Rung) -> Outcome:
    for track in (track for of in tracks for track in of):
        track.stream.exhaust()
    cycles, totals = bound(plan, tracks, rung), own_totals(plan, tracks, rung)
    states = [[total_states(t, total, cycles) for t in of] for of, total in zip(tracks, totals, strict=True)]
    stateless = Plan(tuple(replace(part, state=None) for part in plan.components), plan.channels)
    return _outcome(stateless, tracks, states, cycles)


def _outcome(plan: Plan, tracks: list[list[Track]], states: list[list[States]], cycles: int) -> Outcome:
    parts = zip(plan.components, tracks, states, strict=True)
    return Outcome(cycles, tuple(_component(part, of, at, cycles) for part, of, at in parts))


def _component(
    component: Component, tracks: list[Track], states: list[States], cycles: int
) -> ComponentOutcome:
    return ComponentOutcome(
        name=component.name,
        group=component.group,
        kind=component.kind,
        lanes=component.lanes,
        intervals=interval_log(component_states(states, cycles)),
        work=sum(track.stream.work for track in tracks),
        demand=sum(track.stream.demand for track in tracks),
        programs=tuple(_program(component, t, at) for t, at in zip(tracks, states, strict=True)),
    )


def _program(component: Component, track: Track, states: States) -> ProgramOutcome:
    starts = [span.start for span in track.spans]
    departs = [span.depart for span in track.spans]
    sums = len(starts), sum(starts), sum(start * start for start in starts), sum(departs)
    items, first, second, last = (value % MODULUS for value in sums)
    actions = dict(track.stream.actions)
    if isinstance(component.state, Rows):
        actions[ACTIVATE] = track.opened
    return ProgramOutcome(track.program.name, count_states(states), actions, (items, first, second, last))


def _counter(progress: Progress | None) -> Callable[[int], None]:
    items = 0

    def departed(cycle: int) -> None:
        nonlocal items
        items += 1
        if progress is not None and items % PROGRESS_ITEMS == 0:
            progress(cycle, items)

    return departed


def _grants(tracks: list[list[Track]]) -> list[Grant]:
    return [
        (track.component, track.program.name, span.start, span.finish, span.depart)
        for of in tracks
        for track in of
        for span in track.spans
    ]
