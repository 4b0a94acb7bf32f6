"""A row of the table, and how its time is taken: CPU seconds of this process, medians after a call that is not counted.

Things compared with each other are called in turn, so that what else the machine does falls on both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

RUNS, ENOUGH = 5, 6.0
"""Calls of a median; no more are begun after so many seconds."""


@dataclass(frozen=True)
class Row:
    """A measured figure, beside a goal where there is one.

    Attributes
    ----------
    work, what : str
        What is simulated, and which part of it is timed.
    value : float
    unit : str
    goal : float or None
    least : bool
        The goal is a least value; otherwise a most.
    note : str
    between : (float, float) or None
        Least and greatest value of several rounds, of which this is the middle one.
    """

    work: str
    what: str
    value: float
    unit: str
    goal: float | None = None
    least: bool = False
    note: str = ""
    between: tuple[float, float] | None = None

    @property
    def times(self) -> float | None:
        """How many times better than its goal: 1 is reached, above is better."""
        if self.goal is None:
            return None
        return self.value / self.goal if self.least else self.goal / self.value

    def cells(self) -> list[str]:
        """The row as text."""
        bound = "at least" if self.least else "at most"
        goal = "" if self.goal is None else f"{bound} {self.goal:g} {self.unit}"
        times = "" if self.times is None else f"{self.times:.2g}"
        measured = f"{self.value:.3g} {self.unit}"
        if self.between is not None:
            measured += " ({:.3g} to {:.3g})".format(*self.between)
        return [self.work, self.what, goal, measured, times, self.note]


def middle(rounds: Sequence[Row]) -> Row:
    """Of the same row of several rounds the one of the middle value, the lower of two, with the range of all."""
    rows = sorted(rounds, key=lambda row: row.value)
    if len(rows) == 1:
        return rows[0]
    return replace(rows[(len(rows) - 1) // 2], between=(rows[0].value, rows[-1].value))


HEADING = ("work", "what is timed", "goal", "measured", "times the goal", "remarks")


def medians(calls: Sequence[Callable[[], object]], runs: int = RUNS) -> list[float]:
    """Median CPU seconds of each call, all called in turn; those of the first calls, where these take longer than ENOUGH."""
    times: list[list[float]] = [[] for _ in calls]
    first = [_spent(call) for call in calls]
    if sum(first) > ENOUGH:
        return first
    for _ in range(runs):
        for call, found in zip(calls, times, strict=True):
            found.append(_spent(call))
        if sum(map(sum, times)) > ENOUGH:
            break
    return [statistics.median(found) for found in times]


def _spent(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
