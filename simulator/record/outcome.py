"""What an engine says of one plan: integers only, equal from every engine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.record.intervals import IntervalLog


@dataclass(frozen=True, eq=False)
class ProgramOutcome:
    """One program (stream) of a component.

    Attributes
    ----------
    name : str
    states : ndarray of int64, shape (len(STATES),)
        Cycles this program spent in each state; sums to the run length.
    actions : dict of str to int
        Action counts, summed over all items; with those that the component counts itself.
    grants : tuple of int
        Fingerprint of the grant log, each modulo 2**64: number of items, sum of start cycles, sum of squared start
        cycles, sum of departure cycles.
    """

    name: str
    states: NDArray[np.int64]
    actions: dict[str, int]
    grants: tuple[int, int, int, int]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProgramOutcome):
            return NotImplemented
        same = (self.name, self.actions, self.grants) == (other.name, other.actions, other.grants)
        return same and np.array_equal(self.states, other.states)


@dataclass(frozen=True)
class ComponentOutcome:
    """One component: its state-cycles, its interval log and its programs.

    Attributes
    ----------
    name, group, kind : str
    lanes : int
        Lanes in lock step that this component stands for.
    intervals : IntervalLog
        Its totals are the busy cycles and stalls of the component; they sum to the run length.
    work : int
        Sum over items of the work in demand units summed over lanes.
    demand : int
        Sum over items of the demand of the slowest lane.
    programs : tuple of ProgramOutcome
    """

    name: str
    group: str
    kind: str
    lanes: int
    intervals: IntervalLog
    work: int
    demand: int
    programs: tuple[ProgramOutcome, ...]

    @property
    def busy(self) -> int:
        """Cycles with at least one item in service."""
        return self.intervals.totals()["busy"]

    @property
    def stalls(self) -> dict[str, int]:
        """Cycles by stall reason."""
        totals = self.intervals.totals()
        del totals["busy"]
        return totals

    @property
    def actions(self) -> dict[str, int]:
        """Action counts summed over the programs."""
        counts: dict[str, int] = {}
        for program in self.programs:
            for name, count in program.actions.items():
                counts[name] = counts.get(name, 0) + count
        return counts


@dataclass(frozen=True)
class Outcome:
    """One run of one plan at one rung.

    Attributes
    ----------
    cycles : int
        Run length: 1 + the cycle of the last departure (at rungs S2 and S3 at least the S1 bound; 0 without items).
    components : tuple of ComponentOutcome
        In plan order.
    """

    cycles: int
    components: tuple[ComponentOutcome, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over every integer of the outcome; equal for equal schedules, whatever engine made it."""
        sha = hashlib.sha256(str(self.cycles).encode())
        for part in self.components:
            sha.update(
                f"|{part.name}|{part.group}|{part.kind}|{part.lanes}|{part.work}|{part.demand}".encode()
            )
            sha.update(f"|{part.intervals.width}".encode())
            sha.update(np.ascontiguousarray(part.intervals.counts, dtype="<i8").tobytes())
            for program in part.programs:
                sha.update(f"|{program.name}|{sorted(program.actions.items())}|{program.grants}".encode())
                sha.update(np.ascontiguousarray(program.states, dtype="<i8").tobytes())
        return sha.hexdigest()
