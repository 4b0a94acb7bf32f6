"""Items told one by one, for a window of cycles.

Items of one cycle each that follow one another are told with the next other one, as in the grant log: a row is ::

    program, units, before, start, last, depart

and means items in cycles units .. before - 1, one each, then one that starts, is last in service and departs as told. The
caller takes rows away before there is no room for more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import apart

Ints = NDArray[np.int64]
ROW_WORDS = 6
PROGRAM, UNITS, BEFORE, START, LAST, DEPART = range(ROW_WORDS)


@apart
def record(m: Ints, program: int, before: int, start: int, last: int, depart: int) -> None:
    """Tell an item, and those of one cycle before it, unless they are outside the window; count what there is no room for."""
    if depart < m[at.EVENTS_FROM] or m[program + at.UNITS] >= m[at.EVENTS_UNTIL]:
        return
    number = m[at.EVENTS] - 1
    m[at.EVENTS] += 1
    if number < m[at.EVENT_ROOM]:
        row = m[at.EVENT_ROWS] + ROW_WORDS * number
        m[row], m[row + UNITS], m[row + BEFORE] = program, m[program + at.UNITS], before
        m[row + START], m[row + LAST], m[row + DEPART] = start, last, depart


@apart
def outside(m: Ints, by: int) -> int:
    """How many periods of `by` cycles may be leapt over: to the window before it comes near, none in it, any number behind it."""
    if m[at.BEHIND]:
        return at.FAR
    if m[at.ALERT] == at.NEVER:
        return 0
    cycle, program = m[at.LIMIT], m[at.PROGRAM0]
    for _ in range(m[at.PROGRAMS]):
        cycle = max(cycle, m[program + at.NEXT])
        program += m[at.PROGRAM_WORDS]
    times: int = max(0, (m[at.EVENTS_FROM] - cycle) // by)
    return times
