"""Kernels that count the transfers of an operand between two memories, run by run.

The state of a transfer is one number, what happens at the parent + 4 x why the child goes without it::

    at the parent   0 nothing   1 read   2 gated   3 skipped          child   0 has it   1 gated   2 skipped
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.boxes import box, nonzeros, points, same
from simulator.analytical.joint.formats import Formats, measure
from simulator.analytical.joint.space import Bases, Tensor, Tiles
from simulator.jit import kernel

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
READ, GATED, SKIPPED = 1, 2, 3


@kernel
def occupied(bases: Bases, tiles: Tiles, tensor: Tensor) -> Bytes:
    """Whether the tile of a tensor holds a non-zero, uint8, shape (steps, instances)."""
    found = np.zeros((tiles.steps, tiles.instances), np.uint8)
    place = np.zeros((2, tensor.strides.shape[0]), np.int64)
    for s in range(tiles.steps):
        for i in range(tiles.instances):
            if box(bases, tiles, tensor, s, i, place) and nonzeros(tensor, place) > 0:
                found[s, i] = 1
    return found


@kernel
def occupancy(bases: Bases, tiles: Tiles, tensor: Tensor) -> Ints:
    """Non-zeros of the tile of a tensor, int64, shape (steps, instances)."""
    found = np.zeros((tiles.steps, tiles.instances), np.int64)
    place = np.zeros((2, tensor.strides.shape[0]), np.int64)
    for s in range(tiles.steps):
        for i in range(tiles.instances):
            if box(bases, tiles, tensor, s, i, place):
                found[s, i] = nonzeros(tensor, place)
    return found


@kernel
def runs(
    bases: Bases,
    tiles: Tiles,
    tensor: Tensor,
    leaders: Bytes,
    rule: Ints,
    kind: Ints,
    passing: Ints,
    parent: Bytes,
    above: Tiles,
) -> Bytes:
    """States of the transfers to a memory.

    Parameters
    ----------
    leaders : ndarray of uint8, shape (leaders, steps, instances)
        Whether the leader's tile holds a non-zero.
    rule : ndarray of int64, shape (leaders,)
        The rule each leader is of.
    kind, passing : ndarray of int64, shape (rules,)
        GATED or SKIPPED; 1 when the rule decides about what passes its level.
    parent : ndarray of uint8, shape (steps, instances of the parent), or empty
        States of the transfers to the parent; empty: it has all.
    above : Tiles
        Of the parent.

    Returns
    -------
    ndarray of uint8, shape (steps, instances)
    """
    state = np.zeros((tiles.steps, tiles.instances), np.uint8)
    place, other = (
        np.zeros((2, tensor.strides.shape[0]), np.int64),
        np.zeros((2, tensor.strides.shape[0]), np.int64),
    )
    many = leaders.shape[0]
    full = np.zeros(many, np.uint8)
    for i in range(tiles.instances):
        s = 0
        while s < tiles.steps:
            box(bases, tiles, tensor, s, i, place)
            absent = cause(parent, tiles, above, s, i)
            full[:] = 0
            end = s
            while end < tiles.steps:
                if end > s:
                    box(bases, tiles, tensor, end, i, other)
                    if not same(place, other) or cause(parent, tiles, above, end, i) != absent:
                        break
                for x in range(many):
                    full[x] |= leaders[x, end, i]
                end += 1
            code = 4 * absent if absent else READ + removal(full, rule, kind, passing)
            state[s:end, i] = code
            s = end
    return state


@kernel
def cause(state: Bytes, tiles: Tiles, above: Tiles, s: int, i: int) -> int:
    """Why the parent goes without its tile at a step and instance of the child: 0 it has it, 1 gated, 2 skipped."""
    if state.shape[0] == 0:
        return 0
    return int(np.int64(state[s * tiles.step // above.step, i * tiles.instance // above.instance])) >> 2


@kernel
def removal(full: Bytes, rule: Ints, kind: Ints, passing: Ints) -> int:
    """What rules add to the state of a read, given which leaders hold a non-zero."""
    at_parent, at_child = 0, 0
    for x in range(rule.shape[0]):
        if not full[x]:
            what = kind[rule[x]] - 1
            at_child = max(at_child, what)
            if not passing[rule[x]]:
                at_parent = max(at_parent, what)
    return at_parent + 4 * at_child


@kernel
def parent_cause(code: int) -> int:
    """Why the parent goes without its tile, by a state."""
    return code >> 2 if code & 3 == 0 else 0


@kernel
def operand(
    bases: Bases,
    tiles: Tiles,
    tensor: Tensor,
    outer: Ints,
    inner: Ints,
    inst: Ints,
    imperfect: bool,
    state: Bytes,
    fan: int,
    shared: bool,
    f: Formats,
    at: int,
    room: int,
) -> Ints:
    """Count the transfers of an operand from one memory to the next that keeps it.

    Parameters
    ----------
    tiles : Tiles
        Of the child.
    outer, inner, inst : ndarray of int64
        First element of a tile, as their sum; while it stays, so does the tile, unless tiles are trimmed.
    imperfect : bool
        Whether they may be.
    state : ndarray of uint8, shape (steps, instances), or empty
        Of :func:`runs`; empty: every transfer happens.
    fan : int
        Children of one parent instance.
    shared : bool
        Whether they share reads.
    f, at : Formats, int
        Parent's place on the path.
    room : int
        Most points of a tile.

    Returns
    -------
    ndarray of int64, shape (4, 3)
        Reads, gated reads, skipped reads at the parent, fills of the child: words of data, bits and words of metadata.
    """
    out = np.zeros((4, 3), np.int64)
    axes, size = tensor.strides.shape[0], tensor.mask.shape[0]
    before = np.zeros((tiles.instances, 2, axes), np.int64)
    origin = np.full(tiles.instances, -1, np.int64)
    place, held = np.zeros((2, axes), np.int64), np.zeros((2, axes), np.int64)
    new = np.empty(room, np.int64)
    union, seen = np.empty(min(size, room * fan), np.int64), np.zeros(size, np.int64)
    best = np.zeros(size, np.uint8)
    given = state.shape[0] > 0
    for s in range(tiles.steps):
        start = outer[s * tiles.step // inner.shape[0]] + inner[s * tiles.step % inner.shape[0]]
        for p in range(tiles.instances // fan):
            group = s * (tiles.instances // fan) + p + 1
            together = 0
            for i in range(p * fan, (p + 1) * fan):
                first = start + inst[i * tiles.instance]
                code, last = READ, READ
                if given:
                    code = int(np.int64(state[s, i]))
                    last = int(np.int64(state[s - 1, i])) if s > 0 else READ
                if not imperfect and first == origin[i] and code == last:
                    continue
                origin[i] = first
                exists = box(bases, tiles, tensor, s, i, place)
                fresh = s == 0 or not same(place, before[i]) or parent_cause(code) != parent_cause(last)
                if fresh and exists and code & 3:
                    held[:] = 0
                    if last >> 2 == 0:
                        held[:] = before[i]
                    many = points(tensor, exists, place, held, new)
                    if code >> 2 == 0:
                        measure(new, many, tensor.mask, f, at + 1, False, out[3])
                    if shared:
                        together = merge(new, many, code & 3, group, union, together, seen, best)
                    else:
                        measure(new, many, tensor.mask, f, at, False, out[(code & 3) - 1])
                before[i] = place
            if together:
                settle(union, together, best, tensor.mask, f, at, False, out)
    return out


@kernel
def merge(
    new: Ints, many: int, code: int, group: int, union: Ints, together: int, seen: Ints, best: Bytes
) -> int:
    """Add points to those that children of one parent get in a step; the strongest state of a point counts."""
    for k in range(many):
        p = new[k]
        if seen[p] != group:
            seen[p] = group
            best[p] = code
            union[together] = p
            together += 1
        elif code < best[p]:
            best[p] = code
    return together


@kernel
def settle(
    union: Ints, together: int, best: Bytes, mask: Bytes, f: Formats, at: int, compute: bool, out: Ints
) -> None:
    """Measure the points of a step by state: read, gated, skipped."""
    mixed = False
    for k in range(together):
        mixed = mixed or best[union[k]] != best[union[0]]
    if not mixed:
        if together:
            measure(union, together, mask, f, at, compute, out[best[union[0]] - 1])
        return
    part = np.empty(together, np.int64)
    for code in range(1, 4):
        many = 0
        for k in range(together):
            if best[union[k]] == code:
                part[many] = union[k]
                many += 1
        measure(part, many, mask, f, at, compute, out[code - 1])


@kernel
def removed(bases: Bases, tiles: Tiles, tensor: Tensor, state: Bytes, room: int) -> int:
    """Points of dense transfers that states remove, every child counted."""
    axes = tensor.strides.shape[0]
    before = np.zeros((tiles.instances, 2, axes), np.int64)
    place, new = np.zeros((2, axes), np.int64), np.empty(room, np.int64)
    total = 0
    for s in range(tiles.steps):
        for i in range(tiles.instances):
            exists = box(bases, tiles, tensor, s, i, place)
            if exists and state[s, i] >> 2 and (s == 0 or not same(place, before[i])):
                total += points(tensor, exists, place, before[i], new)
            before[i] = place
    return total
