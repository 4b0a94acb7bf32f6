"""Kernels of single multiplications: operands sent to compute, updates of the output, and what its memories drain and read back.

They take what became of a block of multiplications (:mod:`simulator.analytical.joint.blocks`) as arrays, step by step and
instance by instance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.boxes import box, points, same
from simulator.analytical.joint.formats import Formats, measure
from simulator.analytical.joint.space import Bases, Tensor, Tiles
from simulator.analytical.joint.transfers import settle
from simulator.jit import inlined, kernel

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Scratch(NamedTuple):
    """Room to tell the points of a group apart.

    Attributes
    ----------
    seen : ndarray of int64, shape (elements,)
        Group a point was last seen in.
    best : ndarray of uint8, shape (elements,)
        Strongest state of it there.
    union, part : ndarray of int64
        Points of a group, of a state.
    groups : ndarray of int64, shape (1,)
        Groups so far.
    """

    seen: Ints
    best: Bytes
    union: Ints
    part: Ints
    groups: Ints


@kernel
def shared_reads(
    at: Ints,
    codes: Bytes,
    fan: int,
    mask: Bytes,
    f: Formats,
    level: int,
    bits: Ints,
    scratch: Scratch,
    out: Ints,
) -> None:
    """Count reads that multipliers of one instance share in a step.

    Parameters
    ----------
    at : ndarray of int64, shape (multiplications,)
        Elements, instances fastest.
    codes : ndarray of uint8, shape (multiplications,)
        States; 0 without a read.
    bits : ndarray of int64, shape (2,)
        Metadata of a zero and a non-zero where a set is that of its points; negative otherwise.
    out : ndarray of int64, shape (3, 3)
        Reads, gated, skipped: words of data, bits and words of metadata are added.
    """
    seen, best, union = scratch.seen, scratch.best, scratch.union
    found = np.zeros((3, 2), np.int64)
    group, plain, dense, word = scratch.groups[0], bits[0] >= 0, f.compressed[level] == 0, f.word[level]
    for first in range(0, at.shape[0], fan):
        group += 1
        many = 0
        for k in range(first, first + fan):
            if codes[k]:
                many = gathered(at[k], codes[k], group, seen, best, union, many)
        if not plain:
            settle(union, many, best, mask, f, level, True, out)
            continue
        found[:] = 0
        for k in range(many):
            found[best[union[k]] - 1, mask[union[k]]] += 1
        settled(found, bits, dense, word, out)
    scratch.groups[0] = group


class Path(NamedTuple):
    """Memories that keep the output, outermost first.

    Attributes
    ----------
    steps, instances, step, instance : ndarray of int64, shape (levels,)
        As in :class:`~simulator.analytical.joint.space.Tiles`.
    extent : ndarray of int64, shape (levels, R)
    place : ndarray of int32, shape (levels, elements)
        Of a point in the largest tile of a level: its coordinates modulo the tile's spans.
    many : ndarray of int64, shape (levels,)
        Points of the largest tile.
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
    place: NDArray[np.int32]
    many: Ints
    first: Ints
    held: Bytes
    shared: Ints


@kernel
def slot(path: Path, level: int, i: int, p: int) -> int:
    """Where an instance notes whether it holds a partial sum of a point."""
    return int(path.first[level]) + i * int(path.many[level]) + int(path.place[level, p])


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
    bases: Bases, path: Path, level: int, tensor: Tensor, s: int, f: Formats, scratch: Scratch, out: Ints
) -> None:
    """Send the points that leave tiles of a level at its step s to the memory above.

    `out`, shape (levels, 4, 3): reads, fills, updates, drains of every level, in words of data, bits and words of metadata.
    """
    axes = tensor.strides.shape[0]
    old, new = np.zeros((2, axes), np.int64), np.zeros((2, axes), np.int64)
    fan = path.instances[level] // path.instances[level - 1]
    seen, union, new_points = scratch.seen, scratch.union, scratch.part
    for p in range(path.instances[level - 1]):
        scratch.groups[0] += 1
        group, together = scratch.groups[0], 0
        for i in range(p * fan, (p + 1) * fan):
            was = tile(bases, path, level, tensor, s - 1, i, old)
            tile(bases, path, level, tensor, s, i, new)
            if not was or same(old, new):
                continue
            many = points(tensor, was, old, new, new_points)
            measure(new_points, many, tensor.mask, f, level, False, out[level, 3])
            for k in range(many):
                path.held[slot(path, level - 1, p, new_points[k])] = 1
                if path.shared[level - 1] and seen[new_points[k]] != group:
                    seen[new_points[k]] = group
                    union[together] = new_points[k]
                    together += 1
            if not path.shared[level - 1]:
                measure(new_points, many, tensor.mask, f, level - 1, False, out[level - 1, 2])
        measure(union, together, tensor.mask, f, level - 1, False, out[level - 1, 2])


@kernel
def enter(
    bases: Bases, path: Path, level: int, tensor: Tensor, s: int, f: Formats, scratch: Scratch, out: Ints
) -> None:
    """Read back what tiles of a level take in at its step s where the memory above holds a partial sum."""
    axes = tensor.strides.shape[0]
    old, new = np.zeros((2, axes), np.int64), np.zeros((2, axes), np.int64)
    fan = path.instances[level] // path.instances[level - 1]
    seen, union, new_points = scratch.seen, scratch.union, scratch.part
    for p in range(path.instances[level - 1]):
        scratch.groups[0] += 1
        group, together = scratch.groups[0], 0
        for i in range(p * fan, (p + 1) * fan):
            tile(bases, path, level, tensor, s - 1, i, old)
            here = tile(bases, path, level, tensor, s, i, new)
            if not here or same(old, new):
                continue
            many, back = points(tensor, here, new, old, new_points), 0
            for k in range(many):
                held = path.held[slot(path, level - 1, p, new_points[k])]
                path.held[slot(path, level, i, new_points[k])] = held
                if held:
                    new_points[back] = new_points[k]
                    back += 1
                    if path.shared[level - 1] and seen[new_points[k]] != group:
                        seen[new_points[k]] = group
                        union[together] = new_points[k]
                        together += 1
            measure(new_points, back, tensor.mask, f, level, False, out[level, 1])
            if not path.shared[level - 1]:
                measure(new_points, back, tensor.mask, f, level - 1, False, out[level - 1, 0])
        measure(union, together, tensor.mask, f, level - 1, False, out[level - 1, 0])


@kernel
def sums(
    bases: Bases,
    tensor: Tensor,
    path: Path,
    f: Formats,
    start: int,
    at: Ints,
    codes: Bytes,
    fan: int,
    bits: Ints,
    scratch: Scratch,
    moved: Ints,
    out: Ints,
) -> None:
    """Go through a block of steps: transfers of the output between memories, and updates from compute.

    Parameters
    ----------
    start : int
        First step of the block.
    at, codes : ndarray, shape (steps, instances)
        Elements of the output; states of their updates, 0 without one.
    fan : int
        Multipliers of an instance of the innermost memory; 1 where they do not share.
    bits : ndarray of int64, shape (2,)
        As in :func:`shared_reads`.
    moved : ndarray of int64, shape (levels, 4, 3)
        Reads, fills, updates, drains between memories are added.
    out : ndarray of int64, shape (6, 3)
        Updates actual, gated, skipped and the reads that accumulate them are added.
    """
    last = path.steps.shape[0] - 1
    per = at.shape[1] // path.instances[last]
    seen, best, union = scratch.seen, scratch.best, scratch.union
    mask, held, place = tensor.mask, path.held, path.place[last]
    found = np.zeros((6, 2), np.int64)
    plain, dense, word, period = bits[0] >= 0, f.compressed[last] == 0, f.word[last], path.step[last]
    for n in range(at.shape[0]):
        if (start + n) % period == 0:
            turn(bases, tensor, path, f, start + n, scratch, moved)
        group = scratch.groups[0]
        for i in range(0, at.shape[1], fan):
            group += 1
            many = 0
            for k in range(i, i + fan):
                if codes[n, k]:
                    many = gathered(at[n, k], codes[n, k], group, seen, best, union, many)
            if many == 0:
                continue
            whose = path.first[last] + i // per * path.many[last]
            if not plain:
                update(union, many, best, mask, f, last, held, place, whose, scratch.part, out)
                continue
            found[:] = 0
            for k in range(many):
                p = union[k]
                code = best[p] - 1
                found[code, mask[p]] += 1
                if held[whose + place[p]]:
                    found[3 + code, mask[p]] += 1
                elif code == 0:
                    held[whose + place[p]] = 1
            settled(found, bits, dense, word, out)
        scratch.groups[0] = group


@kernel
def turn(bases: Bases, tensor: Tensor, path: Path, f: Formats, s: int, scratch: Scratch, moved: Ints) -> None:
    """What the output's memories drain and read back before a step of compute."""
    levels = path.steps.shape[0]
    for level in range(levels - 1, 0, -1):
        if s % path.step[level] == 0 and s > 0:
            drain(bases, path, level, tensor, s // path.step[level], f, scratch, moved)
    for level in range(1, levels):
        if s % path.step[level] == 0:
            enter(bases, path, level, tensor, s // path.step[level], f, scratch, moved)


@inlined
def gathered(p: int, code: int, group: int, seen: Ints, best: Bytes, union: Ints, many: int) -> int:
    """Add a point to those of a group, `many` so far; the strongest state of a point counts."""
    if seen[p] != group:
        seen[p] = group
        best[p] = code
        union[many] = p
        return many + 1
    if code < best[p]:
        best[p] = code
    return many


@inlined
def settled(found: Ints, bits: Ints, dense: bool, word: int, out: Ints) -> None:
    """Add sets that have the metadata of their points: rows of (zeros, non-zeros)."""
    for k in range(out.shape[0]):
        spent = found[k, 0] * bits[0] + found[k, 1] * bits[1]
        out[k, 0] += found[k, 1] + (found[k, 0] if dense else 0)
        out[k, 1] += spent
        out[k, 2] += -(-spent // word)


@kernel
def update(
    union: Ints,
    many: int,
    best: Bytes,
    mask: Bytes,
    f: Formats,
    level: int,
    held: Bytes,
    place: NDArray[np.int32],
    whose: int,
    part: Ints,
    out: Ints,
) -> None:
    """Add products to points of an innermost instance, sets measured whole; those that hold a partial sum are read first."""
    for code in range(1, 4):
        together, back = 0, 0
        for k in range(many):
            if best[union[k]] == code:
                part[together] = union[k]
                together += 1
        measure(part, together, mask, f, level, True, out[code - 1])
        for k in range(together):
            if held[whose + place[part[k]]]:
                part[back] = part[k]
                back += 1
        measure(part, back, mask, f, level, True, out[3 + code - 1])
    for k in range(many):
        if best[union[k]] == 1:
            held[whose + place[union[k]]] = 1


@kernel
def finish(bases: Bases, tensor: Tensor, path: Path, f: Formats, scratch: Scratch, moved: Ints) -> None:
    """Drain everything after the last step."""
    for level in range(path.steps.shape[0] - 1, 0, -1):
        drain(bases, path, level, tensor, path.steps[level], f, scratch, moved)
