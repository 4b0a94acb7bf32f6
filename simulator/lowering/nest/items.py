"""Items: what a program does in order, from the records of what it moves.

A beat in which something takes time is an item. Within a granule, where instances run free, beats go together until they are worth
a cycle of the port, for an item takes a cycle at least: with demand c before a beat of its granule and `least` units to a cycle,
item floor(c / least). What is needed is there with the first of its beats, what is made is complete with the last. Where the
slowest instance's time leaves a beat with work but no demand, its work goes with the item before or after, in the same sense; so
does what is only counted (skipped).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.nest.granules import DEMAND, WORK
from simulator.lowering.nest.walk import Integers
from simulator.plan import Chunk
from simulator.plan.runs import RunWriter

SLICE = 1 << 15
"""Items of a run."""

INT32 = (1 << 31) - 1


@dataclass
class Items:
    """A program being built.

    Attributes
    ----------
    at : ndarray of int64, shape (items,)
        Beat of every item, rising.
    work, demand : ndarray of int64, shape (items,)
        In units of the port.
    actions : dict of str to ndarray of int64
    takes, puts : dict of str to ndarray of int64
        By channel.
    """

    at: Integers
    work: Integers
    demand: Integers
    actions: dict[str, Integers]
    takes: dict[str, Integers] = field(default_factory=dict)
    puts: dict[str, Integers] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at)

    def chunks(self) -> Iterator[Chunk]:
        """The items as chunks of runs."""
        fields = [self.demand, self.work, *self.takes.values(), *self.takes.values(), *self.puts.values()]
        fields += list(self.actions.values())
        for start in range(0, len(self.at), SLICE):
            yield _chunk(
                [each[start : start + SLICE] for each in fields],
                len(self.takes),
                len(self.puts),
                len(self.actions),
            )


def items(
    records: dict[str, tuple[Integers, dict[str, int]]],
    unit: int,
    early: bool,
    granules: Integers,
    least: int,
) -> Items:
    """Items of a program that moves several tensors.

    Parameters
    ----------
    records : dict of str to (ndarray of int64, shape (ROWS, beats), dict of str to int)
        By tensor and access: the record, and the row of every action.
    unit : int
        Bits of one unit of work; for products 1.
    early : bool
        Whether what is told is needed, rather than made.
    granules : ndarray of int64, shape (beats,)
        The granule of every beat.
    least : int
        Units worth a cycle.
    """
    every = [record for record, _ in records.values()]
    work, demand = sum(record[WORK] for record in every), sum(record[DEMAND] for record in every)
    assert isinstance(work, np.ndarray)
    assert isinstance(demand, np.ndarray)
    demand = _whole(demand, unit, early)
    at = _together(demand, early, granules, least)
    owner = _owners(len(work), at, early)
    actions = {}
    for record, rows in records.values():
        for name, row in rows.items():
            actions[name] = _moved(record[row], owner, len(at))
    return Items(at, _moved(work, owner, len(at)) // unit, _moved(demand, owner, len(at)), actions)


def _whole(bits: Integers, unit: int, early: bool) -> Integers:
    """Bits of every beat in whole units, rounded in the running sum."""
    sums = np.cumsum(bits)
    return np.diff(-(-sums // unit) if early else sums // unit, prepend=0)


def _together(demand: Integers, early: bool, granules: Integers, least: int) -> Integers:
    """Beats at which there is an item."""
    at = np.flatnonzero(demand)
    if not len(at):
        return at
    before, granule = (np.cumsum(demand) - demand)[at], granules[at]
    first = np.flatnonzero(np.diff(granule, prepend=granule[0] - 1))
    before -= np.repeat(before[first], np.diff(first, append=len(at)))
    part = before // least
    begins = np.flatnonzero(
        (np.diff(part, prepend=-1) != 0) | (np.diff(granule, prepend=granule[0] - 1) != 0)
    )
    return at[begins] if early else at[np.append(begins[1:], len(at)) - 1]


def _owners(beats: int, at: Integers, early: bool) -> Integers:
    """The item every beat goes with."""
    every = np.arange(beats)
    found = np.searchsorted(at, every, side="right") - 1 if early else np.searchsorted(at, every, side="left")
    return np.clip(found, 0, max(0, len(at) - 1)).astype(np.int64)


def _moved(values: Integers, owner: Integers, count: int) -> Integers:
    """Values of beats summed by item."""
    found = np.zeros(count, dtype=np.int64)
    if count:
        np.add.at(found, owner, values)
    return found


def _chunk(fields: list[NDArray[np.int64]], inputs: int, outputs: int, actions: int) -> Chunk:
    """Items as one run, or as a run each when a number does not fit a vector."""
    writer = RunWriter(inputs, outputs, actions)
    if max(int(each.max(initial=0)) for each in fields) > INT32:
        for row in zip(*(each.tolist() for each in fields), strict=True):
            _add(writer, 1, list(row), inputs, outputs)
        return writer.chunk()
    handles: list[int | slice] = []
    known: dict[bytes, slice] = {}
    for each in fields:
        if (each == each[0]).all():
            handles.append(int(each[0]))
            continue
        key = each.tobytes()
        if key not in known:
            known[key] = writer.vector(each)
        handles.append(known[key])
    _add(writer, len(fields[0]), handles, inputs, outputs)
    return writer.chunk()


def _add(writer: RunWriter, count: int, row: list[int | slice], inputs: int, outputs: int) -> None:
    demand, work, *rest = row
    ports, actions = rest[: 2 * inputs + outputs], rest[2 * inputs + outputs :]
    writer.add(count, demand, work, ports[:inputs], ports[inputs : 2 * inputs], ports[2 * inputs :], actions)
