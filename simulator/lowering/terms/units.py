"""Programs of the TASD units, and of the weight registers behind them.

A pass with term N of M over r rows and a window of W inputs has r W / M blocks, row after row. U units take U blocks at a time,
one each: block b keeps its unit for max(1, non-zeros the term takes of it) cycles, and a batch of U blocks ends with its slowest::

    demand = max over the blocks of a batch,   work = sum over them

A batch takes the rows of the buffer its blocks are in (the first term; later ones find what is left in the units) and hands over
U blocks of N slots with their places.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import plain
from simulator.lowering.kinds import Blocks, kinds, some_runs, tell
from simulator.lowering.terms.context import SeriesContext
from simulator.mapping import Pass
from simulator.plan import Chunk
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK

ACTIONS = ["tasd_compare", "residual_read", "residual_write"]

Ints = NDArray[np.int64]


def batches(context: SeriesContext, each: Pass) -> int:
    """Batches of a pass over a window."""
    blocks = (each.stop - each.start) * context.geometry.window // context.code.choices
    return -(-blocks // _units(context))


def _units(context: SeriesContext) -> int:
    parts = context.machine.components.tasd
    assert parts is not None
    return parts.units.value


def held(context: SeriesContext) -> int:
    """Most rows of the buffer that a batch needs at once."""
    size = _units(context) * context.code.choices * context.widths.weights
    return -(-size // context.widths.row) + 1


def extractions(context: SeriesContext) -> Iterator[Chunk]:
    """Items: a batch of blocks. Fields: demand, work, take row, release, put slots, tasd_compare, residual_read,
    residual_write.
    """
    g, v = context.geometry, context.visits
    order, first = kinds(v.group, v.load, v.first_window)
    at = {(int(v.group[i]), int(v.load[i]), int(v.first_window[i])): kind for kind, i in enumerate(first)}
    table = np.zeros((len(first), 2, PORTS + 3 + len(ACTIONS)), dtype=np.int64)
    varies = np.zeros(table.shape, dtype=np.uint8)
    told: list[NDArray[np.int32]] = [np.zeros(0, np.int32)] * len(first)
    for group in range(g.groups):
        for load, each in enumerate(g.passes):
            _tell(context, each, group, [at[group, load, w] for w in range(g.windows)], table, varies, told)
    values = np.array([len(part) for part in told], dtype=np.int64)
    return tell(order, some_runs(table, varies, np.concatenate(told), values), v.turn)


def _tell(
    context: SeriesContext,
    each: Pass,
    group: int,
    at: list[int],
    table: Ints,
    varies: NDArray[np.uint8],
    told: list[NDArray[np.int32]],
) -> None:
    """The batches of a pass over every window."""
    units, length, bits = _units(context), context.code.choices, context.widths.weights
    picks = context.operands.blocks(each, group).transpose(1, 0, 2).reshape(len(at), -1)
    blocks, count = picks.shape[1], batches(context, each)
    filled = np.zeros((len(at), count * units), dtype=np.int32)
    filled[:, :blocks] = np.maximum(1, picks)
    busy = filled.reshape(len(at), count, units)
    demand, work = busy.max(axis=2), busy.sum(axis=2, dtype=np.int32)
    upper, lower = _rows(blocks, units, length * bits, context.widths.row)
    takes, releases = (np.diff(part, prepend=0) for part in (upper, lower))
    if not each.reads:
        takes, releases = np.zeros_like(takes), np.zeros_like(releases)
    last = count - 1
    first_term, final_term = each.term == 0, each.term == len(context.code.terms) - 1
    values = blocks * length
    columns = slice(PORTS, PORTS + 2)
    for window, place in enumerate(at):
        table[place, 0, [COUNT, PERIOD]] = last, max(1, last)
        table[place, 1, [COUNT, PERIOD]] = 1, 1
        table[place, 0, [DEMAND, WORK]] = 0, last
        table[place, 0, columns] = 2 * last, 3 * last
        varies[place, 0, [DEMAND, WORK, PORTS, PORTS + 1]] = last > 0
        table[place, 1, [DEMAND, WORK]] = demand[window, last], work[window, last]
        table[place, 1, columns] = takes[last], releases[last]
        table[place, :, PORTS + 2] = 1
        table[place, 1, PORTS + 3] = int(work[window].sum()) * (length - 1)
        table[place, 1, PORTS + 4] = 0 if first_term else values
        table[place, 1, PORTS + 5] = 0 if final_term else values
        parts = demand[window, :last], work[window, :last], takes[:last], releases[:last]
        told[place] = np.concatenate(parts).astype(np.int32)


def _rows(blocks: int, units: int, size: int, row: int) -> tuple[Ints, Ints]:
    """Rows of the buffer needed and used up after each batch of blocks of `size` bits; the last one uses up all."""
    ends = np.minimum(blocks, units * np.arange(1, -(-blocks // units) + 1)) * size
    upper, lower = -(-ends // row), ends // row
    lower[-1] = upper[-1]
    return upper, lower


def refills(context: SeriesContext) -> Iterator[Chunk]:
    """Items: the slots of a batch. Fields: demand, work, take slots, take space, releases, put weights, operand_write."""
    v, g = context.visits, context.geometry
    units, length = _units(context), context.code.choices

    def block(visit: int) -> Chunk:
        each = g.passes[int(v.load[visit])]
        term = context.code.terms[each.term]
        blocks = (each.stop - each.start) * g.window // length
        per = (
            term.slots * length // g.window * context.widths.weights + term.metadata_bits * length // g.window
        )
        count = batches(context, each)
        full, rest = -(-units * per // 8), -(-(blocks - (count - 1) * units) * per // 8)
        values = (each.stop - each.start) * term.slots
        alone = int(count == 1)
        return plain(
            [
                (1 - alone, full, full, 1, 1, 1, 1, 0, 0),
                (count - 2, full, full, 1, 0, 1, 0, 0, 0),
                (1, rest, rest, 1, alone, 1, alone, 1, values),
            ]
        )

    order, first = kinds(context.loads)
    return tell(order, Blocks.of([block(visit) for visit in first]), v.turn)
