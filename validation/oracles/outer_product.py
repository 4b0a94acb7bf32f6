"""One item of an outer-product unit, cycle by cycle, access by access.

Written from what the machine's description says, on boolean masks; it shares no line with the compiled kernel.
Every cycle: steps that are done leave, one step is issued, the port passes words, every bank serves an access.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.datapath.outer_product import Unit

Bank = tuple[int, int]


@dataclass
class Step:
    """A step under way.

    Attributes
    ----------
    banks : list of (int, int)
        The bank of each access still to be served.
    words : int
        Width of its accesses at the port, still to pass.
    values : int
        Operand values it multiplies.
    """

    banks: list[Bank]
    words: int
    values: int


def item(unit: Unit, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> tuple[int, int, int, int]:
    """Cycles, steps, products and operand values read of one item.

    Parameters
    ----------
    unit : Unit
    a : ndarray of bool, shape (tile rows, k)
    b : ndarray of bool, shape (tile columns, k)
    """
    if not a.any() or not b.any():
        return 1, 0, 0, 0
    program = [step for k in range(a.shape[1]) for step in _steps(unit, a[:, k], b[:, k])]
    steps = [step for step in program if step is not None]
    products = sum(int(a[:, k].sum()) * int(b[:, k].sum()) for k in range(a.shape[1]))
    return _run(unit, deque(program)), len(steps), products, sum(step.values for step in steps)


def _steps(unit: Unit, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> list[Step | None]:
    """The steps of one k in order; a None is a k that has none."""
    rows, columns = np.flatnonzero(a).tolist(), np.flatnonzero(b).tolist()
    found: list[Step | None] = []
    for i in range(0, len(rows), unit.rows):
        for j in range(0, len(columns), unit.columns):
            group = rows[i : i + unit.rows], columns[j : j + unit.columns]
            banks = _accesses(unit, *group)
            found.append(Step(banks, len(banks) * unit.bank_words, len(group[0]) + len(group[1])))
    return found or [None]


def _accesses(unit: Unit, rows: list[int], columns: list[int]) -> list[Bank]:
    """Every row of products goes to its banks in accesses of at most `bank_words` words."""
    banks = []
    for row in rows:
        for column in range(unit.bank_columns):
            words = sum(j % unit.bank_columns == column for j in columns)
            while words > 0:
                banks.append((row % unit.bank_rows, column))
                words -= unit.bank_words
    return banks


def _run(unit: Unit, program: deque[Step | None]) -> int:
    under_way: deque[Step] = deque()
    port: deque[Step] = deque()
    queues: dict[Bank, deque[Step]] = {}
    cycle = 0
    while program or under_way:
        if program and program[0] is None:
            program.popleft()
        elif program and len(under_way) < unit.queue:
            step = program.popleft()
            assert step is not None
            under_way.append(step)
            port.append(step)
        for step in _pass(unit, port):
            for bank in step.banks:
                queues.setdefault(bank, deque()).append(step)
        for bank, queue in queues.items():
            if queue:
                queue.popleft().banks.remove(bank)
        while under_way and not under_way[0].banks:
            under_way.popleft()
        cycle += 1
    return cycle


def _pass(unit: Unit, port: deque[Step]) -> list[Step]:
    """The steps whose last word passes the port in this cycle."""
    passed, room = [], unit.bandwidth
    while port and (room > 0 or not unit.bandwidth):
        words = min(room, port[0].words) if unit.bandwidth else port[0].words
        port[0].words -= words
        room -= words
        if port[0].words:
            break
        passed.append(port.popleft())
    return passed
