"""Partial sums between a memory and the next one inwards that keeps the output: drains, updates, read-backs.

::

    for every step of the child, and once after the last:
        for every child whose tile differs from the one before: drain the points that leave; the parent holds them from now on
        when it is also a new step of the parent: what enters the parent's tile is held there if it was read back to it
        for every child whose tile differs: what enters is read back if the parent holds it, else starts from zero

What enters a child's tile, in order, is told to the next edge inwards as a stream of 0 (starts from zero) and 1 (read back).
Rules 5, 6 and 5a of docs/design_points.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel
from simulator.lowering.nest.boxes import beyond, decode, same, tile, volume_beyond
from simulator.lowering.nest.formats import measure
from simulator.lowering.nest.granules import Tree, charge, settle, tell
from simulator.lowering.nest.walk import Integers, Shape, Walk

ZERO, BACK, DRAINED = 0, 1, 2
"""What a memory knows of a point: nothing summed; read back to it; from DRAINED on, drained to it, and in which beat."""


class Port(NamedTuple):
    """Where accesses of one kind are recorded.

    Attributes
    ----------
    record : ndarray of int64, shape (ROWS, beats)
    word : int
        Bits of a data word.
    tree : Tree
    """

    record: Integers
    word: int
    tree: Tree


class Ports(NamedTuple):
    """The four kinds of access of an edge."""

    drains: Port
    updates: Port
    reads: Port
    fills: Port


@kernel
def entering(walk: Walk, shape: Shape, steps: Any) -> int:
    """Points that enter the tiles of a level, over all instances and steps."""
    children, axes = len(walk.bases), len(shape.shape)
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    lo, hi = np.zeros((children, axes), dtype=np.int64), np.zeros((children, axes), dtype=np.int64)
    now_lo, now_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    total = 0
    for step in range(steps):
        decode(walk, step, base)
        for c in range(children):
            tile(walk, shape, base, c, now_lo, now_hi)
            total += volume_beyond(now_lo, now_hi, lo[c], hi[c])
            lo[c], hi[c] = now_lo, now_hi
    return total


@kernel
def accumulate(
    walk: Any,
    outer: Any,
    shape: Any,
    hull: Any,
    hull_outer: Any,
    fan: Any,
    ratio: Any,
    shared: Any,
    spread: Any,
    steps: Any,
    at_child: Any,
    at_parent: Any,
    nonzero: Any,
    ports: Any,
    stream: Any,
    told: Any,
    needs: Any,
) -> None:
    """Count the accesses of an edge.

    Parameters
    ----------
    walk, outer : Walk
        Outside the child and outside the parent.
    hull, hull_outer : ndarray of int64, shape (A,)
        Most elements per axis of their tiles.
    fan, ratio : int
        Children of a parent instance; steps of the child in a step of the parent.
    shared : bool
        Whether children of a parent share reads and are summed on the way.
    spread : (int, int)
        Steps of compute in a step of the child, and in a beat.
    at_child, at_parent : Format
    nonzero : ndarray of uint8, shape (size,)
    ports : Ports
    stream : ndarray of uint8
        What entered the parent's tiles, from the edge outside; empty for the outermost memory.
    told : ndarray of uint8, shape (entering points,)
        Filled for the next edge.
    needs : ndarray of int64, shape (beats,)
        Filled with 1 + the latest beat of a drain that what is read back in a beat was drained in.
    """
    children, axes, size = len(walk.bases), len(shape.shape), len(nonzero)
    parents = children // fan
    room, wide = 1, 1
    for a in range(axes):
        room *= hull[a]
        wide *= hull_outer[a]
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    lo, hi = np.zeros((children, axes), dtype=np.int64), np.zeros((children, axes), dtype=np.int64)
    now_lo, now_hi = lo.copy(), hi.copy()
    up_lo, up_hi = np.zeros((parents, axes), dtype=np.int64), np.zeros((parents, axes), dtype=np.int64)
    new_lo, new_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    known = np.zeros((parents, wide), dtype=np.int32)
    points, places = np.zeros(max(room, wide), dtype=np.int64), np.zeros(max(room, wide), dtype=np.int64)
    back = np.zeros(room, dtype=np.int64)
    gathered = np.zeros(min(size, room * fan), dtype=np.int64)
    keys = np.zeros(max(room, len(gathered)), dtype=np.int64)
    met = np.zeros(size if shared and fan > 1 else 0, dtype=np.int64)
    found = np.zeros(3, dtype=np.int64)
    serial, heard, said = 0, 0, 0
    beats = len(needs)
    for step in range(steps + 1):
        late = min(-(-step * spread[0] // spread[1]), beats - 1)
        early = min(step * spread[0] // spread[1], beats - 1)
        if step < steps:
            decode(walk, step, base)
        moves = False
        for c in range(children):
            if step < steps:
                tile(walk, shape, base, c, now_lo[c], now_hi[c])
            else:
                now_lo[c] = 0
                now_hi[c] = 0
            moves = moves or not same(now_lo[c], now_hi[c], lo[c], hi[c])
        for p in range(parents if moves else 0):
            serial += 1
            union = 0
            for c in range(p * fan, p * fan + fan):
                if same(now_lo[c], now_hi[c], lo[c], hi[c]):
                    continue
                count = beyond(shape.strides, lo[c], hi[c], now_lo[c], now_hi[c], hull_outer, points, places)
                if count == 0:
                    continue
                measure(at_child, points, count, nonzero, keys, found)
                charge(ports.drains.tree, c, tell(ports.drains.record, late, 0, found, ports.drains.word))
                for j in range(count):
                    known[p, places[j]] = DRAINED + late
                if len(met) == 0:
                    measure(at_parent, points, count, nonzero, keys, found)
                    charge(
                        ports.updates.tree, p, tell(ports.updates.record, late, 0, found, ports.updates.word)
                    )
                    continue
                for j in range(count):
                    if met[points[j]] != serial:
                        met[points[j]] = serial
                        gathered[union] = points[j]
                        union += 1
            if union:
                measure(at_parent, gathered, union, nonzero, keys, found)
                charge(ports.updates.tree, p, tell(ports.updates.record, late, 0, found, ports.updates.word))
        settle(ports.drains.tree, step - 1, late, False, ports.drains.record)
        settle(ports.updates.tree, step - 1, late, False, ports.updates.record)
        if step == steps:
            break
        if len(stream) and step % ratio == 0:
            for p in range(parents):
                tile(outer, shape, base, p, new_lo, new_hi)
                count = beyond(shape.strides, new_lo, new_hi, up_lo[p], up_hi[p], hull_outer, points, places)
                for j in range(count):
                    known[p, places[j]] = stream[heard + j]
                heard += count
                up_lo[p], up_hi[p] = new_lo, new_hi
        for p in range(parents if moves else 0):
            serial += 1
            union = 0
            for c in range(p * fan, p * fan + fan):
                if same(now_lo[c], now_hi[c], lo[c], hi[c]):
                    continue
                count = beyond(shape.strides, now_lo[c], now_hi[c], lo[c], hi[c], hull_outer, points, places)
                backs = 0
                for j in range(count):
                    state = known[p, places[j]]
                    told[said + j] = 1 if state else 0
                    if state:
                        back[backs] = points[j]
                        backs += 1
                        if state >= DRAINED:
                            needs[early] = max(needs[early], state - DRAINED + 1)
                said += count
                lo[c], hi[c] = now_lo[c], now_hi[c]
                if backs == 0:
                    continue
                measure(at_child, back, backs, nonzero, keys, found)
                charge(ports.fills.tree, c, tell(ports.fills.record, early, 0, found, ports.fills.word))
                if len(met) == 0:
                    measure(at_parent, back, backs, nonzero, keys, found)
                    charge(ports.reads.tree, p, tell(ports.reads.record, early, 0, found, ports.reads.word))
                    continue
                for j in range(backs):
                    if met[back[j]] != serial:
                        met[back[j]] = serial
                        gathered[union] = back[j]
                        union += 1
            if union:
                measure(at_parent, gathered, union, nonzero, keys, found)
                charge(ports.reads.tree, p, tell(ports.reads.record, early, 0, found, ports.reads.word))
        end = ((step + 1) * spread[0] - 1) // spread[1]
        settle(ports.reads.tree, step, end, True, ports.reads.record)
        settle(ports.fills.tree, step, end, True, ports.fills.record)


Stream = NDArray[np.uint8]
