"""A stretch of a program's items as arrays, and what all items before it moved: runs are not walked item by item.

Item i of a program is told by the run r with ``end[r - 1] <= i < end[r]``, ends being the sums of counts; a field that varies is
``vectors[number + (i - end[r - 1]) % period]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.plan.access import Access
from simulator.plan.check import field_sums
from simulator.plan.network import Program
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK, Chunk

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """Items first .. first + n - 1 of a program.

    Attributes
    ----------
    demand, work : ndarray of int64, shape (n,)
    takes, releases : ndarray of int64, shape (inputs, n)
    puts : ndarray of int64, shape (outputs, n)
    address : ndarray of int64, shape (n,), or None
        In bytes, where the program has an access.
    taken, released, put : tuple of int
        Tokens that all items before took of every input, slots they released of it, and tokens they put into every output.
    """

    demand: Ints
    work: Ints
    takes: Ints
    releases: Ints
    puts: Ints
    address: Ints | None
    taken: tuple[int, ...]
    released: tuple[int, ...]
    put: tuple[int, ...]


def stretch(program: Program, first: int, count: int) -> Stretch:
    """Items first .. first + count - 1; they must exist."""
    inputs, outputs = len(program.inputs), len(program.outputs)
    width = PORTS + 2 * inputs + outputs
    before, parts, at = np.zeros(width, dtype=np.int64), [], 0
    for chunk in program.chunks():
        if at >= first + count:
            break
        rows = chunk.sequence
        ends = np.cumsum(chunk.runs[rows, COUNT])
        items = int(ends[-1]) if len(ends) else 0
        begin, end = min(max(first - at, 0), items), min(max(first + count - at, 0), items)
        if begin:
            before += _sums(chunk, rows, ends, begin)[:width]
        if end > begin:
            parts.append(_expanded(chunk, rows, ends, begin, end)[:width])
        at += items
    told = np.concatenate([np.zeros((width, 0), dtype=np.int64), *parts], axis=1)
    assert told.shape[1] == count, "a program has the items that were recorded"
    releases, puts = PORTS + inputs, PORTS + 2 * inputs
    return Stretch(
        told[DEMAND],
        told[WORK],
        told[PORTS:releases],
        told[releases:puts],
        told[puts:],
        None if program.access is None else addresses(program.access, first, count),
        tuple(before[PORTS:releases].tolist()),
        tuple(before[releases:puts].tolist()),
        tuple(before[puts:].tolist()),
    )


def _sums(chunk: Chunk, rows: Ints, ends: Ints, items: int) -> Ints:
    """Sum of every field over the first so many items of a chunk."""
    whole = int(np.searchsorted(ends, items, side="right"))
    told = rows[:whole]
    sums = field_sums(Chunk(chunk.runs, chunk.varies, chunk.vectors))
    total: Ints = np.bincount(told, minlength=len(sums)).astype(np.int64) @ sums
    left = items - (int(ends[whole - 1]) if whole else 0)
    if left:
        row = rows[whole : whole + 1]
        part = chunk.runs[row].copy()
        part[:, COUNT] = left
        total = total + field_sums(Chunk(part, chunk.varies[row], chunk.vectors))[0]
    return total


def _expanded(chunk: Chunk, rows: Ints, ends: Ints, begin: int, end: int) -> Ints:
    """Every field of items begin .. end - 1 of a chunk, shape (fields, items)."""
    items = np.arange(begin, end)
    place = np.searchsorted(ends, items, side="right")
    row = rows[place]
    phase = (items - ends[place] + chunk.runs[row, COUNT]) % chunk.runs[row, PERIOD]
    told = chunk.runs[row].T.copy()
    for column in np.flatnonzero(chunk.varies.any(axis=0)):
        varying = np.flatnonzero(chunk.varies[row, column])
        told[column, varying] = chunk.vectors[told[column, varying] + phase[varying]]
    return told


def addresses(access: Access, first: int, count: int) -> Ints:
    """Addresses in bytes of items first .. first + count - 1, shape (count,)."""
    found, at = [np.zeros(0, dtype=np.int64)], 0
    for table in access.runs():
        if at >= first + count:
            break
        ends = at + np.cumsum(table[:, 0])
        items = np.arange(max(first, at), min(first + count, int(ends[-1]) if len(ends) else at))
        place = np.searchsorted(ends, items, side="right")
        steps = items - ends[place] + table[place, 0]
        found.append(table[place, 1] + steps * table[place, 2])
        at = int(ends[-1]) if len(ends) else at
    return np.concatenate(found)
