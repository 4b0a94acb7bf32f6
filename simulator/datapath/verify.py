"""The functional check: outputs through the datapath's own selection logic against the dense integer einsum.

Operands go through their stored format and back first, so encoding is checked too. All outputs are checked when the layer has at
most FULL multiplications; above, seeded boxes of outputs are, as many as that budget allows and one at least.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.record.result import Verification
from simulator.workload.matrix import GemmView

FULL = 1 << 24
ROWS, COLUMNS = 128, 128


class Box(NamedTuple):
    """Outputs m0 <= m < m1, n0 <= n < n1 of a group."""

    group: int
    m0: int
    m1: int
    n0: int
    n1: int


Computed = Callable[[GemmView, Box], NDArray[np.int64]]
"""Outputs of a box as the machine computes them, shape (m1 - m0, n1 - n0)."""


def verify(view: GemmView, computed: Computed, everything: bool, seed: int) -> Verification:
    """Check a layer; see the module.

    Raises
    ------
    SimulatorError
        An output differs: the datapath's selection is wrong, and so is every number that rests on it.
    """
    boxes = [
        Box(g, m, min(view.M, m + ROWS), n, min(view.N, n + COLUMNS))
        for g in range(view.groups)
        for m in range(0, view.M, ROWS)
        for n in range(0, view.N, COLUMNS)
    ]
    work = view.groups * view.M * view.N * view.K
    full = everything or work <= FULL
    if not full:
        count = max(1, FULL // (min(ROWS, view.M) * min(COLUMNS, view.N) * view.K))
        order = np.random.default_rng(seed).permutation(len(boxes))[:count]
        boxes = [boxes[i] for i in sorted(order)]
    checked = sum(_check(view, computed, box) for box in boxes)
    return Verification("full" if full else "sampled", checked, view.groups * view.M * view.N, view.operands)


def _check(view: GemmView, computed: Computed, box: Box) -> int:
    found, expected = computed(view, box), view.reference(*box)
    if not np.array_equal(found, expected):
        row, column = np.argwhere(found != expected)[0]
        raise SimulatorError(
            f"layer {view.layer.name!r}: output [{box.m0 + row}, {box.n0 + column}] of group {box.group} is "
            f"{found[row, column]} through the datapath and {expected[row, column]} by the einsum: the datapath is wrong"
        )
    return int(found.size)
