"""Programs of DRAM and GLB: bursts in, rows filled, rows read.

A piece is fetched as ceil(bytes / burst) bursts. The GLB writes its rows and metadata words as they arrive, in
proportion, and hands the piece over when its last burst is written. Reads are whole aligned rows of
data (of a stream of inputs' last row, the data words in use), and metadata words in groups of a row's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart
from simulator.lowering.context import Context
from simulator.lowering.kinds import Blocks, Row, kinds, some_runs, tell
from simulator.mapping import Tile
from simulator.plan import Chunk
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]
WORD = 8
"""Bytes of a DRAM word, the unit its energy is counted in."""


def dram_reads(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release space, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    spaces = 1 if tensor == "weights" or not context.operands.compressed else 2
    none = (0,) * spaces

    sizes = context.pieces(tensor)[0][context.visits.fetch[which]]
    order, first = kinds(sizes)
    sizes = sizes[first]
    counts = np.maximum(1, -(-sizes // burst))
    rest = np.maximum(1, sizes - (counts - 1) * burst)
    full = burst, burst, *none, *none, 1, -(-burst // WORD)
    table = np.empty((len(sizes), 3, 2 + len(full)), dtype=np.int64)
    table[:, :, 1:] = 1, *full
    table[:, 0, COUNT], table[:, 1, COUNT], table[:, 2, COUNT] = counts > 1, np.maximum(0, counts - 2), 1
    table[:, 2, DEMAND], table[:, 2, WORK], table[:, 2, -1] = rest, rest, -(-rest // WORD)
    ports = slice(PORTS, PORTS + 2 * spaces)
    table[:, 0, ports], table[:, 2, ports] = 1, (counts == 1)[:, None]
    return tell(order, some_runs(table), context.visits.turn)


def glb_fills(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready(s),
    sram_write, metadata_write.
    """
    machine = context.machine.components
    row, word, burst = machine.glb.row.value, machine.glb.metadata_word.value, machine.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    ready = 1 if tensor == "weights" or not context.operands.compressed else 2
    sizes, rows, metadata = (part[context.visits.fetch[which]] for part in context.pieces(tensor))
    order, first = kinds(sizes, rows, metadata)
    bursts, words = np.maximum(1, -(-sizes[first] // burst)), -(-metadata[first] // word)
    period = np.maximum(1, bursts - 1)
    ends = np.cumsum(3 * period)
    vectors = np.zeros(int(ends[-1]), dtype=np.int32)
    table = np.ones((len(first), 2, PORTS + 2 + ready + 2), dtype=np.int64)
    table[:, 0, COUNT], table[:, 0, PERIOD] = bursts - 1, period
    puts = slice(PORTS + 2, PORTS + 2 + ready)
    table[:, 0, puts] = 0
    varies = np.zeros(table.shape, dtype=np.uint8)
    pieces = np.concatenate([bursts, rows[first], words, ends - 3 * period])
    count, fields = len(first), table.shape[2]
    _fill(pieces, count, row, word, vectors, table.reshape(-1), varies.reshape(-1), fields)
    return tell(order, some_runs(table, varies, vectors, 3 * period), context.visits.turn)


@apart
def _fill(
    pieces: Ints, count: int, row: int, word: int, vectors: Vector, table: Ints, varies: Flags, fields: int
) -> None:
    """Rows and words of pieces spread over their bursts in proportion, the last burst by itself.

    Parameters
    ----------
    pieces : ndarray of int64, shape (4 x count,)
        Bursts, rows, words, and where in `vectors` a piece begins, all of each after one another.
    count : int
        Pieces.
    row, word : int
        Bytes.
    vectors : ndarray of int32
        Per piece: bytes, rows and words of every burst but the last.
    table, varies : ndarray of int64 and uint8, shape (count x 2 x fields,)
        Demand, work and the last two fields are set; a field that is the same in all bursts is one number.
    fields : int
    """
    for p in range(count):
        bursts, rows, words = pieces[p], pieces[count + p], pieces[2 * count + p]
        at, line = pieces[3 * count + p], 2 * p * fields
        last = line + fields
        body, told_rows, told_words = max(1, bursts - 1), 0, 0
        for i in range(bursts):
            until_rows, until_words = (
                ((i + 1) * rows + bursts - 1) // bursts,
                ((i + 1) * words + bursts - 1) // bursts,
            )
            some, few = until_rows - told_rows, until_words - told_words
            told_rows, told_words = until_rows, until_words
            size = some * row + few * word
            if i == bursts - 1:
                table[last + DEMAND], table[last + WORK] = size, size
                table[last + fields - 2], table[last + fields - 1] = some, few
            else:
                vectors[at + i], vectors[at + body + i], vectors[at + 2 * body + i] = size, some, few
        for field in range(4):
            part, column = max(0, field - 1), DEMAND
            if field > 0:
                column = WORK if field == 1 else fields - 4 + field
            begin, vary = at + part * body, 0
            for i in range(1, bursts - 1):
                vary |= vectors[begin + i] ^ vectors[begin]
            varies[line + column] = 1 if vary != 0 else 0
            table[line + column] = part * body if vary != 0 else vectors[begin]


def weight_reads(context: Context) -> Iterator[Chunk]:
    """Items: a row of weights, a group of metadata words. Fields: demand, work, take ready, release, put row,
    put space, sram_read, metadata_read.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value

    def block(tile: Tile) -> list[Row]:
        def window(p: int) -> list[Row]:
            data, metadata = context.operands.weight_bits(tile.load, tile.first_window + p)
            count, size = -(-data // context.widths.row), -(-metadata // context.widths.word) * word
            groups, rest = divmod(size, row)
            take = int(tile.fetch[0] and p == 0)
            return [
                (1, row, row, take, 0, 1, 0, 1, 0),
                (count - 1, row, row, 0, 0, 1, 0, 1, 0),
                (groups, row, row, 0, 0, 1, 0, 0, row // word),
                (1 if rest else 0, rest, rest, 0, 0, 1, 0, 0, rest // word),
            ]

        rows = [r for r in along(context, tile, window) if r[0]]
        return _hand_back(rows, release=4, space=6) if tile.last[0] else rows

    v = context.visits
    some = np.flatnonzero(v.reads)
    keys = (context.loads, context.ragged, v.windows, *v.uses(0), context.place)
    order, first = kinds(*(key[some] for key in keys))
    return tell(order, Blocks.plain(block(v.tile(int(some[kind]))) for kind in first), v.turn)


def along(context: Context, tile: Tile, rows: Callable[[int], list[Row]]) -> list[Row]:
    """Rows of every window of a piece, those of windows that are alike told once."""
    runs = context.operands.alike(tile.first_window, tile.windows)
    return [row for p, times in runs for row in rows(p) * times]


def _hand_back(rows: Sequence[Row], release: int, space: int) -> list[Row]:
    """Let the last item of the last run release its tile and return the space."""
    *before, final = rows
    end = list(final)
    end[0], end[release], end[space] = 1, 1, 1
    return [*before, (final[0] - 1, *final[1:]), tuple(end)]


def input_reads(context: Context, metadata: bool) -> Iterator[Chunk]:
    """Items: a row of a tile's stream. Fields: demand, work, take ready, release, put row, put space,
    sram_read, metadata_read.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value

    flow = context.flows.metadata if metadata else context.flows.data
    assert flow is not None
    v, counts, tails = context.visits, flow.rows[context.stream], context.tail(flow, metadata)[context.stream]
    order, first = kinds(counts, tails, v.fetch[1], v.last[1])
    count, size, fetch, last = counts[first], tails[first], v.fetch[1][first], v.last[1][first]
    table = np.ones((len(first), 3, PORTS + 6), dtype=np.int64)  # the first row, those between, the last
    take, release, space, read = (slice(PORTS + i, PORTS + i + 1) for i in (0, 1, 3, 4))
    table[:, 0, COUNT], table[:, 1, COUNT] = count > 1, np.maximum(count - 2, 0)
    table[:, :2, DEMAND : WORK + 1], table[:, 2, DEMAND : WORK + 1] = row, size[:, None]
    table[:, :, take], table[:, :, release], table[:, :, space] = 0, 0, 0
    table[:, 0, take], table[:, 2, take] = fetch[:, None], (fetch & (count == 1))[:, None]
    table[:, 2, release], table[:, 2, space] = last[:, None], last[:, None]
    table[:, :, read], table[:, :, -1] = int(not metadata), 0
    if metadata:
        table[:, :2, -1], table[:, 2, -1] = row // word, size // word
    return tell(order, some_runs(table), v.turn)
