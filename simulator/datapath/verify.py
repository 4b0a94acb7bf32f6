"""The functional check: outputs through the datapath's own selection logic against the dense integer einsum.

Inputs go through their stored format and back first, so encoding is checked too. All outputs are checked when the layer has at most
FULL multiplications; above, seeded accumulator tiles are, as many as that budget allows and one at least.
"""

from __future__ import annotations

import numpy as np

from simulator.datapath.code import Code, Datapath
from simulator.errors import SimulatorError
from simulator.record.result import Verification
from simulator.sparsity.formats import Format
from simulator.workload.matrix import GemmView

FULL = 1 << 24
ROWS, COLUMNS = 128, 128


def verify(
    view: GemmView, datapath: Datapath, code: Code, stored: Format, everything: bool, seed: int
) -> Verification:
    """Check a layer; see the module.

    Raises
    ------
    SimulatorError
        An output differs: the datapath's selection is wrong, and so is every number that rests on it.
    """
    boxes = [
        (g, m, n)
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
    checked = sum(_box(view, datapath, code, stored, *box) for box in boxes)
    return Verification("full" if full else "sampled", checked, view.groups * view.M * view.N, view.operands)


def _box(view: GemmView, datapath: Datapath, code: Code, stored: Format, group: int, m: int, n: int) -> int:
    m1, n1 = min(view.M, m + ROWS), min(view.N, n + COLUMNS)
    weights = view.weights(group, m, m1).astype(np.int64)
    inputs = view.inputs(group, 0, view.K, n, n1).astype(np.int64)
    through = stored.decode(stored.encode(np.ascontiguousarray(inputs.T))).T.astype(np.int64)
    found = datapath.outputs(code, weights, np.ascontiguousarray(through))
    expected = view.reference(group, m, m1, n, n1)
    if not np.array_equal(found, expected):
        row, column = np.argwhere(found != expected)[0]
        raise SimulatorError(
            f"layer {view.layer.name!r}: output [{m + row}, {n + column}] of group {group} is {found[row, column]} through the "
            f"datapath and {expected[row, column]} by the einsum: the datapath is wrong"
        )
    return int(found.size)
