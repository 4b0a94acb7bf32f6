"""What files of events say of themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.events import Log, Timeline
from simulator.events.timeline import Lane

_PIECE = 1 << 15
SCALE = "1 cycle = 1 ns"


def title(log: Log) -> str:
    """Machine, trace, and what a unit of time is."""
    return f"{log.machine}: {log.trace} ({SCALE})"


def facts(log: Log) -> dict[str, str | int]:
    """The run, for the head of a file."""
    return {
        "machine": log.machine,
        "trace": log.trace,
        "rung": log.rung,
        "clock_hz": log.clock_hz,
        "begin_cycle": log.begin,
        "end_cycle": log.end,
        "timescale": SCALE,
        "layers": ", ".join(layer.name for layer in log.layers),
    }


def counter_name(lane: Lane) -> str:
    """``bandwidth (B/cycle)``."""
    return f"{lane.name} ({lane.unit})"


class Arrows:
    """The arrows at every item, by number from 1: those that leave it, or those that reach it."""

    def __init__(self, rows: NDArray[np.int64], items: int) -> None:
        self._order = np.argsort(rows, kind="stable")
        self._bounds = np.searchsorted(rows[self._order], np.arange(items + 1))

    def at(self, item: int) -> list[int]:
        """Numbers of the arrows at an item."""
        found: list[int] = (self._order[self._bounds[item] : self._bounds[item + 1]] + 1).tolist()
        return found


def rows(told: Timeline) -> Iterator[tuple[int, int, int, int, int, float]]:
    """Time, kind, lane, name, item and value of every event, a piece at a time."""
    columns = (told.times, told.kinds, told.lane, told.name, told.item, told.values)
    for first in range(0, len(told.times), _PIECE):
        yield from zip(*(column[first : first + _PIECE].tolist() for column in columns), strict=True)
