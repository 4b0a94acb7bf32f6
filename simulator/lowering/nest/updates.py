"""Partial sums at the output's innermost memory: what enters its tiles, updates by products, reads of what is held already.

See :mod:`simulator.lowering.nest.products`; rules 5, 5a and 6 of docs/design_points.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.jit import inlined, kernel
from simulator.lowering.nest.boxes import beyond, decode, tile
from simulator.lowering.nest.granules import settle
from simulator.lowering.nest.sets import choose, gather, note, weigh
from simulator.lowering.nest.tables import NOTHING


@inlined
def _place(strides: Any, hull: Any, whole: Any, point: int) -> int:
    """Address of a point in its tile."""
    if whole:
        return point
    place, rest = 0, point
    for a in range(len(hull)):
        place = place * hull[a] + (rest // strides[a]) % hull[a]
        rest %= strides[a]
    return place


@kernel
def _enter(
    walk: Any,
    sums: Any,
    scratch: Any,
    base: Any,
    step: Any,
    now_lo: Any,
    now_hi: Any,
    points: Any,
    places: Any,
) -> None:
    """New tiles of partial sums: what enters holds a sum where it was read back."""
    decode(walk, step, base)
    for p in range(len(scratch.holds)):
        tile(sums.walk, sums.shape, base, p, now_lo, now_hi)
        new = beyond(
            sums.shape.strides, now_lo, now_hi, scratch.lo[p], scratch.hi[p], sums.hull, points, places
        )
        for j in range(new):
            scratch.holds[p, places[j]] = sums.stream[scratch.heard[0] + j]
        scratch.heard[0] += new
        scratch.lo[p], scratch.hi[p] = now_lo, now_hi


@kernel
def _together(
    tensors: Any,
    sums: Any,
    scratch: Any,
    feeds: Any,
    form: Any,
    kinds: Any,
    flat: Any,
    first: Any,
    fan: Any,
    p: Any,
    beat: Any,
) -> None:
    """Updates that the multipliers below an instance share, and the reads of those of them that are held already."""
    t = len(tensors.weights) - 1
    own, word, times = tensors.nonzero[tensors.starts[t] : tensors.starts[t + 1]], feeds.words[t], feeds.sums
    points, keys, found, holds = scratch.points, scratch.keys, scratch.found, scratch.holds
    union = gather(kinds, flat, scratch, tensors.starts[t], first, fan)
    for kind in range(3 if union else 0):
        count, again = choose(points, scratch.gathered, scratch.best, union, kind), 0
        if count == 0:
            continue
        weigh(form, points, count, own, keys, found)
        note(
            feeds.records[t + 1],
            times,
            feeds.leaves[t + 1],
            word,
            p,
            beat,
            kind,
            found[0],
            found[1],
            found[2],
        )
        for j in range(count):
            place = _place(sums.shape.strides, sums.hull, sums.whole, points[j])
            if holds[p, place]:
                points[again] = points[j]
                again += 1
            elif kind == 0:
                holds[p, place] = 1
        if again:
            weigh(form, points, again, own, keys, found)
            note(feeds.records[t], times, feeds.leaves[t], word, p, beat, kind, found[0], found[1], found[2])


@kernel
def update(
    walk: Any,
    tensors: Any,
    paths: Any,
    sums: Any,
    block: Any,
    scratch: Any,
    feeds: Any,
    form: Any,
    reading: Any,
    writing: Any,
    beat_steps: Any,
    entered: Any,
    places: Any,
) -> None:
    """Updates of the output by the products of a block, and the reads of what is held already."""
    t, many, axes, span = len(tensors.weights) - 1, len(walk.bases), len(sums.hull), block.span
    fan, start, ratio = paths.fans[t], tensors.starts[t], paths.ratios[t]
    kinds, flat, nonzero, single = block.kinds[t], block.flat[t], tensors.nonzero, feeds.single[t]
    back, new, times, word = feeds.records[t], feeds.records[t + 1], feeds.sums, feeds.words[t]
    leaf_back, leaf_new, periods = feeds.leaves[t], feeds.leaves[t + 1], feeds.periods
    holds, strides, hull, whole = scratch.holds, sums.shape.strides, sums.hull, sums.whole
    base, now_lo, now_hi = (
        np.zeros(len(walk.sizes), dtype=np.int64),
        np.zeros(axes, dtype=np.int64),
        np.zeros(axes, dtype=np.int64),
    )
    shared = paths.shared[t] and fan > 1
    for k in range(span[1]):
        step = span[0] + k
        beat = step // beat_steps
        if len(sums.stream) and step % ratio == 0:
            _enter(walk, sums, scratch, base, step, now_lo, now_hi, entered, places)
        for p in range(many // fan if shared else 0):
            _together(tensors, sums, scratch, feeds, form, kinds, flat, k * many + p * fan, fan, p, beat)
        for i in range(0 if shared else many):
            at = k * many + i
            kind, p = kinds[at], i // fan
            if kind == NOTHING:
                continue
            h = nonzero[flat[at]]
            note(new, times, leaf_new, word, p, beat, kind, single[h, 0], single[h, 1], single[h, 2])
            place = _place(strides, hull, whole, flat[at] - start)
            if holds[p, place]:
                note(back, times, leaf_back, word, p, beat, kind, single[h, 0], single[h, 1], single[h, 2])
            elif kind == 0:
                holds[p, place] = 1
        if leaf_back >= 0 and (step + 1) % periods[t] == 0:
            settle(reading, step, beat, True, back)
        if leaf_new >= 0 and (step + 1) % periods[t + 1] == 0:
            settle(writing, step, beat, False, new)
