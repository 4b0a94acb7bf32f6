"""Ports whose items all fit into a cycle.

Where no item of a port of p/q needs more than a cycle, none takes more, whatever came before: its `free` (see the contract) is
never later than 2 p times the cycle in which the next item can start, so that ends within that cycle. Such a port is unlimited, and
what its items demand makes no difference in time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.forms import BLOCKS, ENDS, PROGRAM, RUN0, SIZE0, VECTOR0, WIDTH
from simulator.jit import spliced
from simulator.plan.runs import COUNT, DEMAND, PERIOD

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Vector = NDArray[np.int32]


@spliced
def brisk(m: Ints, runs: Ints, varies: Flags, vectors: Vector, sizes: Ints, form: Ints, f: int) -> bool:
    """Whether the items of a chunk are all that its program ever has, and none needs more than a cycle of its port."""
    program, line, most = form[f + PROGRAM], form[f + RUN0], 0
    if m[program + at.LOADS] > 0 or m[program + at.PLACE] or not form[f + ENDS]:
        return False
    for block in range(form[f + BLOCKS]):
        for _ in range(sizes[form[f + SIZE0] + block]):
            if varies[line + DEMAND] and runs[line + COUNT] > 0:
                first = form[f + VECTOR0] + runs[line + DEMAND]
                for place in range(first, first + runs[line + PERIOD]):
                    most = max(most, vectors[place])
            elif runs[line + COUNT] > 0:
                most = max(most, runs[line + DEMAND])
            line += form[f + WIDTH]
    quick: bool = most * m[program + at.TICKS_PER_DEMAND] <= m[program + at.TICKS]
    return quick


@spliced
def unlimit(m: Ints, component: int) -> None:
    """Let a port be unlimited if no item of any of its programs needs more than a cycle of it."""
    first, quick = m[component + at.FIRST], True
    for position in range(m[component + at.COUNT]):
        program = first + position * at.BLOCK
        quick &= m[program + at.BRISK] or m[program + at.DONE]
    for position in range(m[component + at.COUNT] if quick else 0):
        m[first + position * at.BLOCK + at.TICKS] = 0
