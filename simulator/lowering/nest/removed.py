"""What a rule would remove of dense accesses, to choose among options (rule 10a of docs/design_points.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.jit import kernel
from simulator.lowering.nest.boxes import advance, decode, tile, volume_beyond
from simulator.lowering.nest.walk import Shape, Walk


@kernel
def idle(walk: Walk, tensors: Any, leaders: Any, steps: Any) -> int:
    """Multiplications one of whose leaders is zero."""
    many, ranks = len(walk.bases), len(walk.sizes)
    base, digits = np.zeros(ranks, dtype=np.int64), np.zeros(len(walk.bounds), dtype=np.int64)
    found = 0
    for step in range(steps):
        if step:
            advance(walk, digits, base)
        for i in range(many):
            exists, empty = True, False
            for r in range(ranks):
                exists = exists and base[r] + walk.bases[i, r] < walk.sizes[r]
            if not exists:
                continue
            for j in range(len(leaders)):
                at = tensors.starts[leaders[j]]
                for r in range(ranks):
                    at += tensors.weights[leaders[j], r] * (base[r] + walk.bases[i, r])
                empty = empty or tensors.nonzero[at] == 0
            found += empty
    return found


@kernel
def moved(walk: Walk, shape: Shape, empty: Any, steps: Any) -> int:
    """New points of the tiles of a level in steps that are marked, as if everything before had been sent."""
    children, axes = len(walk.bases), len(shape.shape)
    base = np.zeros(len(walk.sizes), dtype=np.int64)
    lo, hi = np.zeros((children, axes), dtype=np.int64), np.zeros((children, axes), dtype=np.int64)
    now_lo, now_hi = np.zeros(axes, dtype=np.int64), np.zeros(axes, dtype=np.int64)
    found = 0
    for step in range(steps):
        decode(walk, step, base)
        for c in range(children):
            tile(walk, shape, base, c, now_lo, now_hi)
            if empty[c, step]:
                found += volume_beyond(now_lo, now_hi, lo[c], hi[c])
            lo[c], hi[c] = now_lo, now_hi
    return found
