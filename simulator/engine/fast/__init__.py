"""The compiled engine: programs on private ports as recurrences, shared ports in the order of their grants."""

from __future__ import annotations

from collections.abc import Collection

from simulator.engine.contract import Progress, Requests, check_recording, check_requests, check_states
from simulator.engine.fast.layout import LEAST_ENTRIES
from simulator.engine.fast.loading import Loader, count, loaders_of
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.recording import ENTRIES, Recorded
from simulator.engine.fast.schedule import Schedule
from simulator.engine.fast.totals import balance, outcome
from simulator.plan.network import Plan
from simulator.plan.rung import Rung, at_rung
from simulator.record.outcome import Outcome
from simulator.record.recording import Recording, Window


def run(
    plan: Plan,
    rung: Rung = Rung.S4,
    *,
    progress: Progress | None = None,
    requests: Requests | None = None,
    leap: bool = True,
) -> Outcome:
    """Run a plan at a rung; see :class:`simulator.engine.contract.Engine`.

    Parameters
    ----------
    leap : bool
        Whether periods that repeat exactly may be leapt over; the outcome is the same.

    Raises
    ------
    DeadlockError
        No progress while work remains.
    InputError
        The plan names an arbiter that does not exist, `requests` a component that makes none, or a component with a state
        is not what such a component must be.
    """
    network = at_rung(plan, rung)
    check_states(network)
    check_requests(network, rung, requests)
    memory, loaders = _loaded(network, leap, requests or {})
    if rung in (Rung.S0, Rung.S1):
        count(loader for own in loaders for loader in own)
        return outcome(network, rung, loaders)
    return _run(Schedule(memory, loaders), network, rung, progress, requests)


def record(
    plan: Plan, window: Window, rung: Rung = Rung.S4, *, progress: Progress | None = None
) -> tuple[Outcome, Recording]:
    """Run a plan at a rung and tell a window of it; see :class:`simulator.engine.contract.Recorder`.

    What repeats is leapt over before and behind the window, and walked in it.
    """
    check_recording(rung)
    network = at_rung(plan, rung)
    check_states(network)
    memory, loaders = _loaded(network, True, {}, ENTRIES)
    schedule = Recorded(memory, loaders, window)
    happened = _run(schedule, network, rung, progress, None)
    return happened, schedule.recording()


def _loaded(
    network: Plan, leap: bool, requested: Collection[str], entries: int = LEAST_ENTRIES
) -> tuple[Memory, list[list[Loader]]]:
    memory = Memory(network, leap, requested, entries)
    return memory, loaders_of(memory)


def _run(
    schedule: Schedule, network: Plan, rung: Rung, progress: Progress | None, requests: Requests | None
) -> Outcome:
    schedule.run(progress, requests)
    least = balance(network, schedule.loaders) if rung in (Rung.S2, Rung.S3) else 0
    return schedule.outcome(max(schedule.cycles, least))
