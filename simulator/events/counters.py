"""Counters worked out from the items of the programs on both ends of a channel, and of the programs of a component.

Entries of a channel in use in cycle c: those there at first and those put by items that departed before c, less those released by
items that departed before c; one that was taken and is not released yet is in use, so a tile counts as long as it is held::

    occupancy(c) = initial + sum of puts - sum of releases,   depart < c

Demand of a component per cycle: an item of demand b in service in cycles s .. f moves b / (f - s + 1) in each of them; over a
window, cycles times rate add up to the demand of its items, exactly but for rounding of the quotients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.events.log import BYTES, UNITS, LayerEvents, Track

Values = NDArray[Any]
"""Whole numbers, or floating-point ones."""


@dataclass(frozen=True)
class Counter:
    """A value that changes at times.

    Attributes
    ----------
    name, unit : str
    component : int
        Place of the component it is shown with.
    times : ndarray of int64, shape (n,)
        Cycles of the layer, rising; the first is where the window begins.
    values : ndarray of int64 or float64, shape (n,)
        The value from each time on.
    """

    name: str
    unit: str
    component: int
    times: NDArray[np.int64]
    values: Values

    def integral(self, end: int) -> float:
        """Sum of the value over all cycles from the first time to `end`."""
        return float(np.diff(np.append(self.times, end)) @ self.values)


def occupancy(layer: LayerEvents, channel: int) -> Counter | None:
    """Entries of a channel in use; None when nothing puts into it and nothing takes from it, or its supply is endless."""
    told, (producer, consumer) = layer.channels[channel], layer.ends[channel]
    if told.initial is None or (producer is None and consumer is None):
        return None
    begin, end = layer.recording.begin, layer.recording.end
    level, times, steps = told.initial, [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    if producer is not None:
        track, port = layer.tracks[producer[0]], producer[1]
        level += track.items.put[port]
        times.append(track.events.depart + 1)
        steps.append(track.items.puts[port])
    if consumer is not None:
        track, port = layer.tracks[consumer[0]], consumer[1]
        level -= track.items.released[port]
        times.append(track.events.depart + 1)
        steps.append(-track.items.releases[port])
    at, change = np.concatenate(times), np.concatenate(steps)
    kept = (at < end) & (change != 0)
    home = layer.tracks[(consumer or producer or (0, 0))[0]].component
    return Counter(told.name, "entries", home, *_levels(begin, level, at[kept], change[kept]))


def demand_rate(layer: LayerEvents, component: int) -> Counter | None:
    """Demand per cycle of a component's items in service, bytes where all of its programs have addresses; None without items."""
    tracks = [track for track in layer.tracks if track.component == component and len(track.events)]
    if not tracks:
        return None
    begin, end = layer.recording.begin, layer.recording.end
    times, steps = [], []
    for track in tracks:
        rate = track.items.demand / (track.events.finish - track.events.start + 1)
        first = np.maximum(track.events.start, begin)
        beyond = np.minimum(track.events.finish + 1, end)
        kept = beyond > first
        times += [first[kept], beyond[kept]]
        steps += [rate[kept], -rate[kept]]
    unit = BYTES if all(track.unit == BYTES for track in tracks) else UNITS
    if _alone(layer, tracks):
        levels = _of_one(times[::2], times[1::2], steps[::2], begin)
    else:
        at = np.concatenate(times)
        inside = at < end
        levels = _levels(begin, 0.0, at[inside], np.concatenate(steps)[inside])
    name = "bandwidth" if unit == BYTES else "demand rate"
    return Counter(name, f"{unit}/cycle", component, *levels)


def _alone(layer: LayerEvents, tracks: list[Track]) -> bool:
    """Whether no two items are in service at once, so that no rates need be added."""
    start = np.concatenate([track.events.start for track in tracks])
    finish = np.concatenate([track.events.finish for track in tracks])
    order = np.argsort(start, kind="stable")
    return bool((start[order][1:] > finish[order][:-1]).all())


def _of_one(
    begins: list[NDArray[np.int64]],
    ends: list[NDArray[np.int64]],
    rates: list[NDArray[np.float64]],
    begin: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and values where one item at most is in service: its rate, and 0 where none is."""
    first, beyond, rate = np.concatenate(begins), np.concatenate(ends), np.concatenate(rates)
    order = np.argsort(first, kind="stable")
    first, beyond, rate = first[order], beyond[order], rate[order]
    idle = np.append(first[1:], np.iinfo(np.int64).max) > beyond
    times = np.concatenate([[begin], first, beyond[idle]]).astype(np.int64)
    values = np.concatenate([[0.0], rate, np.zeros(int(idle.sum()))])
    return _changes(*_last(times, values))


def _levels(
    begin: int, level: float, times: NDArray[np.int64], steps: Values
) -> tuple[NDArray[np.int64], Values]:
    """Times and values of what is `level` at first and changes by steps."""
    order = np.argsort(times, kind="stable")
    values: Values = (level + np.concatenate([[0], np.cumsum(steps[order])])).astype(steps.dtype)
    at, found = _last(np.concatenate([[begin], times[order]]), values)
    return _changes(at, found)


def _last(times: NDArray[np.int64], values: Values) -> tuple[NDArray[np.int64], Values]:
    """One value of every time, the last."""
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    final = np.append(times[1:] != times[:-1], True)
    return times[final], values[final]


def _changes(times: NDArray[np.int64], values: Values) -> tuple[NDArray[np.int64], Values]:
    """Only where the value changes."""
    changed = np.concatenate([[True], values[1:] != values[:-1]])
    return times[changed], values[changed]
