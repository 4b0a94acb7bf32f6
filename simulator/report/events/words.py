"""What files of events say of themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.events import Log
from simulator.events.timeline import Items, Lane

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


def ends_by_item(items: Items) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    """Per item, the numbers of the arrows that leave it and of those that reach it."""
    count = len(items.start)
    return _grouped(items.sources, count), _grouped(items.targets, count)


def _grouped(rows: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    order = np.argsort(rows, kind="stable")
    return np.split(order, np.searchsorted(rows[order], np.arange(1, count))) if count else []
