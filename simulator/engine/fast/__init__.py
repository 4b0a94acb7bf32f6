"""The compiled engine: programs on private ports as recurrences, shared ports in the order of their grants."""

from __future__ import annotations

from simulator.engine.contract import Progress, Requests, check_requests, check_states
from simulator.engine.fast.loading import Loader
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.schedule import Schedule
from simulator.engine.fast.totals import balance, outcome
from simulator.plan.network import Plan
from simulator.plan.rung import Rung, at_rung
from simulator.record.outcome import Outcome


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
    memory = Memory(network, leap, requests or {})
    blocks = iter(memory.programs)
    loaders = [[Loader(memory, c, p, next(blocks)) for p in c.programs] for c in network.components]
    if rung in (Rung.S0, Rung.S1):
        for own in loaders:
            for loader in own:
                loader.count()
        return outcome(network, rung, loaders)
    schedule = Schedule(memory, loaders)
    schedule.run(progress, requests)
    least = balance(network, loaders) if rung in (Rung.S2, Rung.S3) else 0
    return schedule.outcome(max(schedule.cycles, least))
