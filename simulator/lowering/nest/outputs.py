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


class State(NamedTuple):
    """An edge between two steps, and room to work.

    Attributes
    ----------
    lo, hi, now_lo, now_hi : ndarray of int64, shape (children, A)
        Tiles as they are, and as they will be.
    up_lo, up_hi : ndarray of int64, shape (parents, A)
    known : ndarray of int32, shape (parents, tile)
        What a parent knows of a point.
    points, places, back, gathered, keys, met, found : ndarray of int64
    counters : ndarray of int64, shape (3,)
        SERIAL, HEARD and SAID: sets so far, how much of the streams was used and filled.
    """

    lo: Integers
    hi: Integers
    now_lo: Integers
    now_hi: Integers
    up_lo: Integers
    up_hi: Integers
    known: NDArray[np.int32]
    points: Integers
    places: Integers
    back: Integers
    gathered: Integers
    keys: Integers
    met: Integers
    found: Integers
    counters: Integers


SERIAL, HEARD, SAID = 0, 1, 2


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
    children, axes = len(walk.bases), len(shape.shape)
    parents = children // fan
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    new_lo, new_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    state = _state(children, fan, hull, hull_outer, len(nonzero), shared)
    beats = len(needs)
    for step in range(steps + 1):
        late = min(-(-step * spread[0] // spread[1]), beats - 1)
        early = min(step * spread[0] // spread[1], beats - 1)
        if step < steps:
            decode(walk, step, base)
        moves = False
        for c in range(children):
            if step < steps:
                tile(walk, shape, base, c, state.now_lo[c], state.now_hi[c])
            else:
                state.now_lo[c] = 0
                state.now_hi[c] = 0
            moves = moves or not same(state.now_lo[c], state.now_hi[c], state.lo[c], state.hi[c])
        if moves:
            _leave(shape, hull_outer, fan, at_child, at_parent, nonzero, ports, state, late)
        settle(ports.drains.tree, step - 1, late, False, ports.drains.record)
        settle(ports.updates.tree, step - 1, late, False, ports.updates.record)
        if step == steps:
            break
        if len(stream) and step % ratio == 0:
            for p in range(parents):
                tile(outer, shape, base, p, new_lo, new_hi)
                _enter(shape, hull_outer, stream, state, p, new_lo, new_hi)
        if moves:
            _return(shape, hull_outer, fan, at_child, at_parent, nonzero, ports, state, early, told, needs)
        end = ((step + 1) * spread[0] - 1) // spread[1]
        settle(ports.reads.tree, step, end, True, ports.reads.record)
        settle(ports.fills.tree, step, end, True, ports.fills.record)


@kernel
def _state(children: Any, fan: Any, hull: Any, hull_outer: Any, size: Any, shared: Any) -> State:
    axes, room, wide = len(hull), 1, 1
    for a in range(axes):
        room *= hull[a]
        wide *= hull_outer[a]
    most = min(size, room * fan)
    return State(
        np.zeros((children, axes), dtype=np.int64),
        np.zeros((children, axes), dtype=np.int64),
        np.zeros((children, axes), dtype=np.int64),
        np.zeros((children, axes), dtype=np.int64),
        np.zeros((children // fan, axes), dtype=np.int64),
        np.zeros((children // fan, axes), dtype=np.int64),
        np.zeros((children // fan, wide), dtype=np.int32),
        np.zeros(max(room, wide), dtype=np.int64),
        np.zeros(max(room, wide), dtype=np.int64),
        np.zeros(room, dtype=np.int64),
        np.zeros(most, dtype=np.int64),
        np.zeros(max(room, most), dtype=np.int64),
        np.zeros(size if shared and fan > 1 else 0, dtype=np.int64),
        np.zeros(3, dtype=np.int64),
        np.zeros(3, dtype=np.int64),
    )


@kernel
def _leave(
    shape: Any,
    hull: Any,
    fan: Any,
    at_child: Any,
    at_parent: Any,
    nonzero: Any,
    ports: Any,
    state: Any,
    beat: Any,
) -> None:
    """Points that leave are drained, and the parent holds them."""
    lo, hi, now_lo, now_hi = state.lo, state.hi, state.now_lo, state.now_hi
    points, places, keys, found = state.points, state.places, state.keys, state.found
    for p in range(len(lo) // fan):
        state.counters[SERIAL] += 1
        union = 0
        for c in range(p * fan, p * fan + fan):
            if same(now_lo[c], now_hi[c], lo[c], hi[c]):
                continue
            count = beyond(shape.strides, lo[c], hi[c], now_lo[c], now_hi[c], hull, points, places)
            if count == 0:
                continue
            measure(at_child, points, count, nonzero, keys, found)
            charge(ports.drains.tree, c, tell(ports.drains.record, beat, 0, found, ports.drains.word))
            for j in range(count):
                state.known[p, places[j]] = DRAINED + beat
            if len(state.met):
                union = _join(state, points, count, union)
                continue
            measure(at_parent, points, count, nonzero, keys, found)
            charge(ports.updates.tree, p, tell(ports.updates.record, beat, 0, found, ports.updates.word))
        if union:
            measure(at_parent, state.gathered, union, nonzero, keys, found)
            charge(ports.updates.tree, p, tell(ports.updates.record, beat, 0, found, ports.updates.word))


@kernel
def _join(state: Any, points: Any, count: Any, union: int) -> int:
    """Add points to those that the children of a parent share."""
    for j in range(count):
        if state.met[points[j]] != state.counters[SERIAL]:
            state.met[points[j]] = state.counters[SERIAL]
            state.gathered[union] = points[j]
            union += 1
    return union


@kernel
def _enter(shape: Any, hull: Any, stream: Any, state: Any, p: Any, lo: Any, hi: Any) -> None:
    """What enters the parent's tile is held there if it was read back to it."""
    count = beyond(shape.strides, lo, hi, state.up_lo[p], state.up_hi[p], hull, state.points, state.places)
    for j in range(count):
        state.known[p, state.places[j]] = stream[state.counters[HEARD] + j]
    state.counters[HEARD] += count
    state.up_lo[p], state.up_hi[p] = lo, hi


@kernel
def _return(
    shape: Any,
    hull: Any,
    fan: Any,
    at_child: Any,
    at_parent: Any,
    nonzero: Any,
    ports: Any,
    state: Any,
    beat: Any,
    told: Any,
    needs: Any,
) -> None:
    """What enters a child's tile is read back if the parent holds it."""
    lo, hi, now_lo, now_hi = state.lo, state.hi, state.now_lo, state.now_hi
    points, places, keys, found, back = state.points, state.places, state.keys, state.found, state.back
    for p in range(len(lo) // fan):
        state.counters[SERIAL] += 1
        union = 0
        for c in range(p * fan, p * fan + fan):
            if same(now_lo[c], now_hi[c], lo[c], hi[c]):
                continue
            count, backs = beyond(shape.strides, now_lo[c], now_hi[c], lo[c], hi[c], hull, points, places), 0
            for j in range(count):
                known = state.known[p, places[j]]
                told[state.counters[SAID] + j] = 1 if known else 0
                if known:
                    back[backs] = points[j]
                    backs += 1
                    needs[beat] = max(needs[beat], known - DRAINED + 1)
            state.counters[SAID] += count
            lo[c], hi[c] = now_lo[c], now_hi[c]
            if backs == 0:
                continue
            measure(at_child, back, backs, nonzero, keys, found)
            charge(ports.fills.tree, c, tell(ports.fills.record, beat, 0, found, ports.fills.word))
            if len(state.met):
                union = _join(state, back, backs, union)
                continue
            measure(at_parent, back, backs, nonzero, keys, found)
            charge(ports.reads.tree, p, tell(ports.reads.record, beat, 0, found, ports.reads.word))
        if union:
            measure(at_parent, state.gathered, union, nonzero, keys, found)
            charge(ports.reads.tree, p, tell(ports.reads.record, beat, 0, found, ports.reads.word))
