"""An operand on its way from a memory to the next one that keeps it: what is read, filled, gated, skipped.

::

    for every step of the child: for every parent instance: for every child below it:
        when the tile differs from the one before, or the parent's own comes or goes: a run begins
            there = the parent's tile is there, and no rule removed the transfer
            new = tile - what was held;  read once per point (multicast), filled by every child

The state of a run is decided first (:func:`decide`), for rules look ahead over the whole run: what a leader's tile will be while
the follower's stays. Rules 3, 4, 9 and 3a, 4a, 9a, 9b of docs/design_points.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel
from simulator.lowering.nest.boxes import beyond, decode, occupied, same, tile
from simulator.lowering.nest.formats import measure
from simulator.lowering.nest.granules import charge, settle, tell
from simulator.lowering.nest.walk import Shape, Walk

Codes = NDArray[np.uint8]

THERE, GATED, SKIPPED = 0, 1, 2
"""States of a child's tile."""

READ_GATED, READ_SKIPPED, PASSED, BEGINS = 4, 8, 16, 32
"""Flags beside the state: how the parent's read went, when it was not simply read; whether there was a read at all; and whether
the run begins in this step."""


@kernel
def alone(
    walk: Walk,
    shape: Shape,
    leader: Any,
    sums: Any,
    parent: Any,
    fan: Any,
    ratio: Any,
    steps: Any,
    empty: Any,
) -> None:
    """Whether a leader's tiles are all empty over the run, of every step and child.

    Parameters
    ----------
    leader : Shape
    sums : ndarray of int64, shape (size + 1,)
        Its non-zeros before every point.
    parent : ndarray of uint8, shape (parent instances, parent steps) or (0, 0)
        States of the parent's tiles; none: always there.
    fan, ratio : int
        Children of a parent instance; steps of the child in a step of the parent.
    empty : ndarray of uint8, shape (children, steps)
        Filled, with 1 where empty.
    """
    children, axes, others = len(walk.bases), len(shape.shape), len(leader.shape)
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    lo, hi = np.zeros((children, axes), dtype=np.int64), np.zeros((children, axes), dtype=np.int64)
    now_lo, now_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    its_lo, its_hi = np.zeros(others, dtype=np.int64), np.zeros(others, dtype=np.int64)
    begun, there = np.full(children, -1, dtype=np.int64), np.zeros(children, dtype=np.int64)
    met = np.zeros(children, dtype=np.uint8)
    for step in range(steps + 1):
        if step < steps:
            decode(walk, step, base)
        for c in range(children):
            state = 0
            if step < steps:
                tile(walk, shape, base, c, now_lo, now_hi)
                if len(parent):
                    state = 1 if parent[c // fan, step // ratio] & 3 else 0
            goes_on = (
                step < steps and begun[c] >= 0 and state == there[c] and same(now_lo, now_hi, lo[c], hi[c])
            )
            if not goes_on:
                if begun[c] >= 0 and met[c] == 0:
                    for s in range(begun[c], step):
                        empty[c, s] = 1
                lo[c], hi[c], begun[c], there[c], met[c] = now_lo, now_hi, step, state, 0
            if step < steps and met[c] == 0 and tile(walk, leader, base, c, its_lo, its_hi):
                met[c] = occupied(leader.strides, sums, its_lo, its_hi, 1) > 0


@kernel
def decide(
    walk: Any,
    shape: Any,
    parent: Any,
    fan: Any,
    ratio: Any,
    steps: Any,
    empties: Any,
    stages: Any,
    kinds: Any,
    codes: Any,
) -> None:
    """The state of every child's tile in every step, and where runs begin.

    Parameters
    ----------
    empties : ndarray of uint8, shape (rules, children, steps)
        1 where any leader of the rule is empty.
    stages, kinds : ndarray of int64, shape (rules,)
        0 for a rule of the parent, the next for those passed, outermost first; 1 gates, 2 skips.
    codes : ndarray of uint8, shape (children, steps)
        Filled.
    """
    children, axes = len(walk.bases), len(shape.shape)
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    lo, hi = np.zeros((children, axes), dtype=np.int64), np.zeros((children, axes), dtype=np.int64)
    now_lo, now_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    for step in range(steps):
        decode(walk, step, base)
        for c in range(children):
            tile(walk, shape, base, c, now_lo, now_hi)
            above = parent[c // fan, step // ratio] & 3 if len(parent) else 0
            begins = step == 0 or not same(now_lo, now_hi, lo[c], hi[c])
            if len(parent) and step > 0:
                begins = begins or (above == 0) != (parent[c // fan, (step - 1) // ratio] & 3 == 0)
            lo[c], hi[c] = now_lo, now_hi
            code = above
            if above == 0:
                state, read = 0, 0
                for r in range(len(stages)):
                    if empties[r, c, step]:
                        state = max(state, kinds[r])
                        if stages[r] == 0:
                            read = max(read, kinds[r])
                code = PASSED | state
                if read:
                    code |= READ_SKIPPED if read == SKIPPED else READ_GATED
            codes[c, step] = code | (BEGINS if begins else 0)


@kernel
def _union(
    points: Any, count: Any, kind: Any, serial: Any, met: Any, slot: Any, gathered: Any, best: Any, union: int
) -> int:
    """Add points to those that the children of a parent share, each in the best of its kinds."""
    for j in range(count):
        x = points[j]
        if met[x] == serial:
            best[slot[x]] = min(best[slot[x]], kind)
            continue
        met[x] = serial
        slot[x] = union
        gathered[union] = x
        best[union] = kind
        union += 1
    return union


@kernel
def _shared(
    union: Any,
    best: Any,
    gathered: Any,
    chosen: Any,
    sent: Any,
    nonzero: Any,
    keys: Any,
    found: Any,
    reading: Any,
    sources: Any,
    p: Any,
    beat: Any,
) -> None:
    """Record what the children of a parent share."""
    for kind in range(3):
        count = 0
        for j in range(union):
            if best[j] == kind:
                chosen[count] = gathered[j]
                count += 1
        if count:
            measure(sent, chosen, count, nonzero, keys, found)
            charge(sources, p, tell(reading[0], beat, kind, found, reading[1]))


@kernel
def _room(hull: Any) -> int:
    """Elements of the largest tile."""
    room = 1
    for a in range(len(hull)):
        room *= hull[a]
    return room


@kernel
def move(
    walk: Any,
    shape: Any,
    hull: Any,
    codes: Any,
    fan: Any,
    multicast: Any,
    spread: Any,
    steps: Any,
    sent: Any,
    kept: Any,
    nonzero: Any,
    reading: Any,
    filling: Any,
    sources: Any,
    targets: Any,
) -> None:
    """Count the transfers.

    Parameters
    ----------
    codes : ndarray of uint8, shape (children, steps) or (0, 0)
        See :func:`decide`; none: everything is there.
    spread : (int, int)
        Steps of compute in a step of the child, and in a beat.
    sent, kept : Format
        At the parent, at the child.
    nonzero : ndarray of uint8, shape (size,)
    reading, filling : (ndarray, int)
        Record and bits of a word, of the parent's reads and the child's fills.
    sources, targets : Tree
        Of the parent's and the child's instances.
    """
    children, axes, size, room = len(walk.bases), len(shape.shape), len(nonzero), _room(hull)
    shared, most = multicast and fan > 1, min(size, room * fan)
    elements = size if shared else 0
    base, found = np.zeros(len(walk.sizes), dtype=np.int64), np.zeros(3, dtype=np.int64)
    lo, hi = np.zeros((children, axes), dtype=np.int64), np.zeros((children, axes), dtype=np.int64)
    now_lo, now_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    none, gathered = np.zeros(axes, dtype=np.int64), np.zeros(most, dtype=np.int64)
    points, places = np.zeros(room, dtype=np.int64), np.zeros(room, dtype=np.int64)
    chosen, keys = np.zeros(most, dtype=np.int64), np.zeros(most + room, dtype=np.int64)
    held, best = np.zeros(children, dtype=np.uint8), np.zeros(most, dtype=np.uint8)
    met, slot = np.zeros(elements, dtype=np.int64), np.zeros(elements, dtype=np.int64)
    serial = 0
    for step in range(steps):
        decode(walk, step, base)
        beat = step * spread[0] // spread[1]
        for p in range(children // fan):
            serial, union = serial + 1, 0
            for c in range(p * fan, p * fan + fan):
                code = codes[c, step] if len(codes) else PASSED
                if len(codes) and code & BEGINS == 0:
                    continue
                tile(walk, shape, base, c, now_lo, now_hi)
                if len(codes) == 0 and step > 0 and same(now_lo, now_hi, lo[c], hi[c]):
                    continue
                before_lo, before_hi = (lo[c], hi[c]) if held[c] else (none, none)
                count = beyond(shape.strides, now_lo, now_hi, before_lo, before_hi, hull, points, places)
                lo[c], hi[c], held[c] = now_lo, now_hi, code & 3 == THERE
                if code & PASSED == 0 or count == 0:
                    continue
                kind = 2 if code & READ_SKIPPED else (1 if code & READ_GATED else 0)
                if not shared:
                    measure(sent, points, count, nonzero, keys, found)
                    charge(sources, p, tell(reading[0], beat, kind, found, reading[1]))
                else:
                    union = _union(points, count, kind, serial, met, slot, gathered, best, union)
                if code & 3 == THERE:
                    measure(kept, points, count, nonzero, keys, found)
                    charge(targets, c, tell(filling[0], beat, 0, found, filling[1]))
            if union:
                _shared(union, best, gathered, chosen, sent, nonzero, keys, found, reading, sources, p, beat)
        end = ((step + 1) * spread[0] - 1) // spread[1]
        settle(sources, step, end, True, reading[0])
        settle(targets, step, end, True, filling[0])
