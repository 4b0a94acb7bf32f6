"""Kernels that go through every multiplication: operands sent to compute, what becomes of each, updates of the output.

With the output goes its residency at the memories that keep it: what is drained, what is read back, where a partial sum is held.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.boxes import box, points, same
from simulator.analytical.joint.formats import Formats, measure
from simulator.analytical.joint.space import Bases, Tensor, Tiles
from simulator.analytical.joint.transfers import READ, merge, settle
from simulator.jit import kernel

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
COMPUTED, GATE, SKIP, NONE = 0, 1, 2, 3


class Elements(NamedTuple):
    """Which element of each tensor a multiplication uses; the output is the last.

    Attributes
    ----------
    outer, inner, inst : ndarray of int64, shape (tensors, steps or instances)
        Their sum is a place in `mask`.
    first : ndarray of int64, shape (tensors + 1,)
        Where each tensor's elements begin in `mask`.
    mask : ndarray of uint8
        Of all tensors, one after the other.
    """

    outer: Ints
    inner: Ints
    inst: Ints
    first: Ints
    mask: Bytes


class Choices(NamedTuple):
    """Rules that decide about single multiplications, by follower, and what their operands' innermost memories hold.

    Attributes
    ----------
    first : ndarray of int64, shape (tensors + 1,)
        First rule of each follower.
    kind, passing : ndarray of int64, shape (rules,)
    lead : ndarray of int64, shape (rules + 1,)
        First leader of each rule.
    leaders : ndarray of int64
        Tensors.
    state : ndarray of uint8, flat
        States of the transfers to the innermost memories.
    at, step, instance, many : ndarray of int64, shape (tensors,)
        Where a tensor's states begin, -1 without; steps and instances of compute in one of theirs; instances.
    stored : ndarray of int64, shape (tensors,)
        1 when the innermost memory stores zeros.
    gating, skipping : int
        Whether compute does.
    """

    first: Ints
    kind: Ints
    passing: Ints
    lead: Ints
    leaders: Ints
    state: Bytes
    at: Ints
    step: Ints
    instance: Ints
    many: Ints
    stored: Ints
    gating: int
    skipping: int


@kernel
def exists(bases: Bases, o: int, n: int, i: int) -> bool:
    """Whether a combination of loops lies within all ranks."""
    within = True
    for r in range(bases.size.shape[0]):
        within = within and bases.outer[o, r] + bases.inner[n, r] + bases.inst[i, r] < bases.size[r]
    return within


@kernel
def filled(e: Elements, t: int, o: int, n: int, i: int) -> int:
    """1 when the element of tensor t is non-zero."""
    return int(e.mask[e.outer[t, o] + e.inner[t, n] + e.inst[t, i]])


@kernel
def sent(e: Elements, c: Choices, t: int, s: int, o: int, n: int, i: int) -> int:
    """State of the transfer of an operand to compute (of an update of the output)."""
    if c.at[t] >= 0:
        code = int(np.int64(c.state[c.at[t] + s // c.step[t] * c.many[t] + i // c.instance[t]]))
        if code >> 2:
            return code >> 2 << 2
    at_memory, at_compute = 0, 0
    for r in range(c.first[t], c.first[t + 1]):
        for x in range(c.lead[r], c.lead[r + 1]):
            if not filled(e, c.leaders[x], o, n, i):
                at_compute = max(at_compute, c.kind[r] - 1)
                if not c.passing[r]:
                    at_memory = max(at_memory, c.kind[r] - 1)
                break
    return READ + at_memory + 4 * at_compute


@kernel
def fate(e: Elements, c: Choices, s: int, o: int, n: int, i: int) -> int:
    """What becomes of a multiplication: COMPUTED, GATE, SKIP (by compute) or NONE."""
    operands = c.stored.shape[0] - 1
    worst, zeros, absent = 0, 0, 0
    for t in range(operands):
        worst = max(worst, sent(e, c, t, s, o, n, i) >> 2)
        if not filled(e, t, o, n, i):
            zeros += 1
            absent += 1 - c.stored[t]
    if worst == 2:
        return NONE
    if worst == 1:
        return GATE
    if zeros == 0:
        return COMPUTED
    if absent == operands:
        return NONE
    if c.skipping and absent:
        return SKIP
    return GATE if c.gating else COMPUTED


@kernel
def reads(
    bases: Bases,
    e: Elements,
    c: Choices,
    t: int,
    imperfect: bool,
    fan: int,
    shared: bool,
    f: Formats,
    at: int,
) -> Ints:
    """Count what the innermost memory of an operand sends to compute.

    Returns
    -------
    ndarray of int64, shape (3, 3)
        Reads, gated, skipped: words of data, bits and words of metadata.
    """
    out = np.zeros((3, 3), np.int64)
    outer, inner, instances = e.outer.shape[1], e.inner.shape[1], e.inst.shape[1]
    base, size = e.first[t], e.first[t + 1] - e.first[t]
    mask = e.mask[base : base + size]
    union, seen, best = (
        np.empty(max(1, min(size, fan)), np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.uint8),
    )
    one = np.empty(1, np.int64)
    for o in range(outer):
        for n in range(inner):
            s = o * inner + n
            for g in range(instances // fan):
                group, together = s * (instances // fan) + g + 1, 0
                for i in range(g * fan, (g + 1) * fan):
                    if imperfect and not exists(bases, o, n, i):
                        continue
                    code = sent(e, c, t, s, o, n, i) & 3
                    if code == 0:
                        continue
                    one[0] = e.outer[t, o] + e.inner[t, n] + e.inst[t, i] - base
                    if shared:
                        together = merge(one, 1, code, group, union, together, seen, best)
                    else:
                        measure(one, 1, mask, f, at, True, out[code - 1])
                settle(union, together, best, mask, f, at, True, out)
    return out


@kernel
def would_remove(bases: Bases, e: Elements, leaders: Ints, imperfect: bool) -> int:
    """Multiplications that have a zero among the leaders."""
    total = 0
    for o in range(e.outer.shape[1]):
        for n in range(e.inner.shape[1]):
            for i in range(e.inst.shape[1]):
                if imperfect and not exists(bases, o, n, i):
                    continue
                for x in leaders:
                    if not filled(e, x, o, n, i):
                        total += 1
                        break
    return total


class Path(NamedTuple):
    """Memories that keep the output, outermost first.

    Attributes
    ----------
    steps, instances, step, instance : ndarray of int64, shape (levels,)
        As in :class:`~simulator.analytical.joint.space.Tiles`.
    extent : ndarray of int64, shape (levels, R)
    span : ndarray of int64, shape (levels, axes)
        Of tiles along the output's axes.
    first : ndarray of int64, shape (levels,)
        Where the partial sums a level holds begin in `held`.
    held : ndarray of uint8
    shared : ndarray of int64, shape (levels,)
        Whether children of an instance share what they take and are summed.
    """

    steps: Ints
    instances: Ints
    step: Ints
    instance: Ints
    extent: Ints
    span: Ints
    first: Ints
    held: Bytes
    shared: Ints


@kernel
def slot(path: Path, level: int, i: int, tensor: Tensor, p: int) -> int:
    """Where an instance notes whether it holds a partial sum of a point: coordinates modulo the span of its tile."""
    at, many = 0, 1
    for a in range(tensor.strides.shape[0]):
        span = path.span[level, a]
        x = p // tensor.strides[a]
        p -= x * tensor.strides[a]
        at = at * span + x % span
        many *= span
    return int(path.first[level]) + i * many + at


@kernel
def tile(bases: Bases, path: Path, level: int, tensor: Tensor, s: int, i: int, out: Ints) -> bool:
    """Tile of the output at a level at its step s; none before the first and after the last."""
    if s < 0 or s >= path.steps[level]:
        out[:] = 0
        return False
    tiles = Tiles(
        path.steps[level], path.instances[level], path.step[level], path.instance[level], path.extent[level]
    )
    return box(bases, tiles, tensor, s, i, out)


@kernel
def drain(
    bases: Bases,
    path: Path,
    level: int,
    tensor: Tensor,
    s: int,
    f: Formats,
    scratch: Ints,
    union: Ints,
    seen: Ints,
    group: int,
    out: Ints,
) -> int:
    """Send the points that leave tiles of a level at its step s to the memory above; returns the group last used.

    `out`, shape (levels, 4, 3): reads, fills, updates, drains of every level, in words of data, bits and words of metadata.
    """
    axes = tensor.strides.shape[0]
    old, new = np.zeros((2, axes), np.int64), np.zeros((2, axes), np.int64)
    fan = path.instances[level] // path.instances[level - 1]
    for p in range(path.instances[level - 1]):
        group += 1
        together = 0
        for i in range(p * fan, (p + 1) * fan):
            was = tile(bases, path, level, tensor, s - 1, i, old)
            tile(bases, path, level, tensor, s, i, new)
            if not was or same(old, new):
                continue
            many = points(tensor, was, old, new, scratch)
            measure(scratch, many, tensor.mask, f, level, False, out[level, 3])
            for k in range(many):
                path.held[slot(path, level - 1, p, tensor, scratch[k])] = 1
                if path.shared[level - 1] and seen[scratch[k]] != group:
                    seen[scratch[k]] = group
                    union[together] = scratch[k]
                    together += 1
            if not path.shared[level - 1]:
                measure(scratch, many, tensor.mask, f, level - 1, False, out[level - 1, 2])
        measure(union, together, tensor.mask, f, level - 1, False, out[level - 1, 2])
    return group


@kernel
def enter(
    bases: Bases,
    path: Path,
    level: int,
    tensor: Tensor,
    s: int,
    f: Formats,
    scratch: Ints,
    union: Ints,
    seen: Ints,
    group: int,
    out: Ints,
) -> int:
    """Read back what tiles of a level take in at its step s where the memory above holds a partial sum."""
    axes = tensor.strides.shape[0]
    old, new = np.zeros((2, axes), np.int64), np.zeros((2, axes), np.int64)
    fan = path.instances[level] // path.instances[level - 1]
    for p in range(path.instances[level - 1]):
        group += 1
        together = 0
        for i in range(p * fan, (p + 1) * fan):
            tile(bases, path, level, tensor, s - 1, i, old)
            here = tile(bases, path, level, tensor, s, i, new)
            if not here or same(old, new):
                continue
            many, back = points(tensor, here, new, old, scratch), 0
            for k in range(many):
                held = path.held[slot(path, level - 1, p, tensor, scratch[k])]
                path.held[slot(path, level, i, tensor, scratch[k])] = held
                if held:
                    scratch[back] = scratch[k]
                    back += 1
                    if path.shared[level - 1] and seen[scratch[k]] != group:
                        seen[scratch[k]] = group
                        union[together] = scratch[k]
                        together += 1
            measure(scratch, back, tensor.mask, f, level, False, out[level, 1])
            if not path.shared[level - 1]:
                measure(scratch, back, tensor.mask, f, level - 1, False, out[level - 1, 0])
        measure(union, together, tensor.mask, f, level - 1, False, out[level - 1, 0])
    return group


@kernel
def update(
    path: Path,
    tensor: Tensor,
    g: int,
    codes: Bytes,
    union: Ints,
    together: int,
    f: Formats,
    level: int,
    part: Ints,
    out: Ints,
) -> None:
    """Add products to points of an innermost instance; those that hold a partial sum are read first.

    `out`, shape (6, 3): updates actual, gated, skipped; reads actual, gated, skipped.
    """
    for code in range(1, 4):
        many, back = 0, 0
        for k in range(together):
            if codes[union[k]] == code:
                part[many] = union[k]
                many += 1
        measure(part, many, tensor.mask, f, level, True, out[code - 1])
        for k in range(many):
            if path.held[slot(path, level, g, tensor, part[k])]:
                part[back] = part[k]
                back += 1
        measure(part, back, tensor.mask, f, level, True, out[3 + code - 1])
    for k in range(together):
        if codes[union[k]] == 1:
            path.held[slot(path, level, g, tensor, union[k])] = 1


@kernel
def computes(
    bases: Bases,
    e: Elements,
    c: Choices,
    imperfect: bool,
    tensor: Tensor,
    path: Path,
    f: Formats,
    room: int,
    pack: Ints,
    packs: int,
    lanes: int,
    pack_leaders: Ints,
) -> tuple[Ints, Ints, Ints, int]:
    """Go through all multiplications.

    Parameters
    ----------
    tensor, path, f : Tensor, Path, Formats
        Of the output.
    room : int
        Most points of a tile.
    pack : ndarray of int64, shape (instances of compute,), or empty
        Packed group of an instance.
    packs, lanes : int
        Groups, and lanes of each.
    pack_leaders : ndarray of int64
        Tensors whose non-zeros are packed.

    Returns
    -------
    fates : ndarray of int64, shape (4,)
        Computed, gated, skipped, none.
    moved : ndarray of int64, shape (levels, 4, 3)
        Reads, fills, updates, drains of the output between memories.
    updated : ndarray of int64, shape (6, 3)
        See :func:`update`.
    slots : int
        Of packed groups.
    """
    outer, inner, instances = e.outer.shape[1], e.inner.shape[1], e.inst.shape[1]
    t = c.stored.shape[0] - 1
    base, size = e.first[t], tensor.mask.shape[0]
    levels = path.steps.shape[0]
    fan = instances // path.instances[levels - 1]
    fates, moved, updated = (
        np.zeros(4, np.int64),
        np.zeros((levels, 4, 3), np.int64),
        np.zeros((6, 3), np.int64),
    )
    scratch, union, seen = (
        np.empty(max(room, fan), np.int64),
        np.empty(size + fan, np.int64),
        np.zeros(size, np.int64),
    )
    best, one, full = np.zeros(size, np.uint8), np.empty(1, np.int64), np.zeros(max(1, packs), np.int64)
    group, slots = 0, 0
    shared = path.shared[levels - 1] != 0
    for o in range(outer):
        for n in range(inner):
            s = o * inner + n
            for level in range(levels - 1, 0, -1):
                if s % path.step[level] == 0 and s > 0:
                    group = drain(
                        bases,
                        path,
                        level,
                        tensor,
                        s // path.step[level],
                        f,
                        scratch,
                        union,
                        seen,
                        group,
                        moved,
                    )
            for level in range(1, levels):
                if s % path.step[level] == 0:
                    group = enter(
                        bases,
                        path,
                        level,
                        tensor,
                        s // path.step[level],
                        f,
                        scratch,
                        union,
                        seen,
                        group,
                        moved,
                    )
            full[:] = 0
            for g in range(instances // fan):
                group += 1
                together = 0
                for i in range(g * fan, (g + 1) * fan):
                    if imperfect and not exists(bases, o, n, i):
                        continue
                    what = fate(e, c, s, o, n, i)
                    fates[what] += 1
                    if packs:
                        whole = 1
                        for x in pack_leaders:
                            whole &= filled(e, x, o, n, i)
                        full[pack[i]] += whole
                    if what != COMPUTED:
                        continue
                    code = sent(e, c, t, s, o, n, i)
                    one[0] = e.outer[t, o] + e.inner[t, n] + e.inst[t, i] - base
                    if shared:
                        together = merge(one, 1, READ + (code >> 2), group, union, together, seen, best)
                    else:
                        best[one[0]] = READ + (code >> 2)
                        update(path, tensor, g, best, one, 1, f, levels - 1, scratch, updated)
                update(path, tensor, g, best, union, together, f, levels - 1, scratch, updated)
            for x in range(packs):
                slots += -(-full[x] // lanes) * lanes
    for level in range(levels - 1, 0, -1):
        group = drain(bases, path, level, tensor, path.steps[level], f, scratch, union, seen, group, moved)
    return fates, moved, updated, slots
