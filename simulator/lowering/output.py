"""Programs from the accumulators to DRAM.

A column of outputs leaves when its reduction ends, r values of `outputs` bits, or in the compressed format
its non-zeros and their metadata, packed into DRAM bursts; a tile's last burst may be short. The non-zeros of
a layer's output are an input of timing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.lowering import bursts
from simulator.lowering.context import Context
from simulator.lowering.flows import FIELDS, LAST_RELEASE, serve
from simulator.lowering.kinds import Blocks, Row, kinds, some_runs, tell
from simulator.plan import Chunk, RunWriter
from simulator.plan.runs import COUNT, PERIOD, PORTS
from simulator.sparsity.formats import CoordinatePayload


@dataclass(frozen=True, eq=False)
class Outputs:
    """Where the output's non-zeros come from, and how they are stored.

    Attributes
    ----------
    mask : ndarray of bool, shape (groups, M, N), or None
        Recorded non-zeros; None: every output is written.
    format : str
        ``uncompressed`` or ``coordinate_payload``.
    provenance : str
    bits : list of ndarray of integers, shape (row tiles, N)
        Per group: bits that leave of each column of a row tile, when they differ.
    """

    mask: NDArray[np.bool_] | None
    format: str
    provenance: str
    bits: list[NDArray[np.integer]] = field(default_factory=list)


def output_format(context: Context, mask: NDArray[np.bool_] | None, provenance: str) -> Outputs:
    """Choose the smaller of the two formats; without a compression unit or a mask it is uncompressed."""
    width, g = context.widths.outputs, context.geometry
    if mask is None or context.machine.components.compress is None:
        return Outputs(mask, "uncompressed", provenance)
    whole = np.array([0, g.M], dtype=np.int64)
    packed = sum(int(_stored(group, whole, width).sum(dtype=np.int64)) for group in mask)
    if packed >= mask.size * width:
        return Outputs(mask, "uncompressed", provenance)
    bits = [_stored(group, g.edges, width) for group in mask]
    return Outputs(mask, "coordinate_payload", provenance, bits)


def _stored(mask: NDArray[np.bool_], edges: NDArray[np.int64], width: int) -> NDArray[np.integer]:
    """Bits of the columns of each span of rows, int32 where they fit, shape (spans, N)."""
    data, metadata = CoordinatePayload(lengths=(8, 4)).columns(mask, edges, width)
    found: NDArray[np.integer] = np.add(data, metadata)
    return found


def _uniform(context: Context, rows: int, columns: int) -> NDArray[np.int64]:
    """Bits leaving with each step of a tile whose outputs are all written."""
    bits = np.full(columns, rows * context.widths.outputs, dtype=np.int64)
    return np.add.reduceat(bits, np.arange(0, columns, context.geometry.abreast))


def written(context: Context, outputs: Outputs) -> NDArray[np.int64]:
    """Bytes of outputs in DRAM of every tile that is finished, in order."""
    g, v = context.geometry, context.visits
    group, row, column = (part[v.end] for part in (v.group, v.row, v.column))
    if not outputs.bits:
        return -(-(v.rows * v.columns)[v.end] * context.widths.outputs // 8)
    columns = np.arange(0, g.N, g.columns)
    sums = [np.add.reduceat(bits, columns, axis=1, dtype=np.int64) for bits in outputs.bits]
    found: NDArray[np.int64] = -(-np.stack(sums)[group, row, column] // 8)
    return found


def drains(context: Context) -> Iterator[Chunk]:
    """Items: the columns of a step. Fields: demand, work, take, release, put column space, put onwards,
    psum_read, drain_word.
    """
    width, abreast = context.widths.outputs, context.geometry.abreast

    def block(rows: int, columns: int, spaces: int) -> list[Row]:
        full, rest = divmod(columns, abreast)
        size, last = -(-rows * abreast * width // 8), -(-rows * rest * width // 8)
        words, end = rows * abreast, rows * rest
        return [
            (full, size, size, 1, 1, spaces, 1, words, words),
            (int(rest > 0), last, last, 1, 1, spaces, 1, end, end),
        ]

    order, sizes = _finished(context)
    return tell(order, Blocks.plain(block(*size) for size in sizes), context.visits.turn)


def _finished(context: Context) -> tuple[NDArray[np.int64], list[tuple[int, int, int]]]:
    """Kinds of the tiles that are finished, and the rows, the columns and the spaces of a column of each kind."""
    v = context.visits
    rows, columns, spaces = v.rows[v.end], v.columns[v.end], v.spaces[v.end]
    order, first = kinds(rows, columns, spaces)
    return order, [(int(rows[i]), int(columns[i]), int(spaces[i])) for i in first]


def packs(context: Context, outputs: Outputs) -> Iterator[Chunk]:
    """Items: the columns of a step, packed into bursts. Fields: demand, work, take, release, put bursts,
    compress_value.
    """
    burst = 8 * context.machine.components.dram.burst.value
    if outputs.bits:
        return _packed(context, outputs, burst)

    def block(rows: int, columns: int) -> Chunk:
        used = np.cumsum(_uniform(context, rows, columns))
        filled = used // burst
        filled[-1] = max(1, -(-used[-1] // burst))
        writer = RunWriter(1, 1, 1)
        puts = np.diff(filled, prepend=0)
        body, last = puts[:-1], int(puts[-1])
        uniform = len(body) > 0 and bool((body == body[0]).all())
        writer.add(len(body), 1, takes=[1], puts=[int(body[0]) if uniform else body], actions=[0])
        writer.add(1, 1, takes=[1], puts=[last], actions=[0])
        return writer.chunk()

    order, sizes = _finished(context)
    return tell(order, Blocks.of([block(rows, columns) for rows, columns, _ in sizes]), context.visits.turn)


def _packed(context: Context, outputs: Outputs, burst: int) -> Iterator[Chunk]:
    """Tiles whose columns leave in as many bits as their non-zeros take; each is told by itself."""
    g, v = context.geometry, context.visits
    spans, sums = context.known.get("tiles of outputs", lambda: _tiles(context))
    steps = -(-(spans[:, 3] - spans[:, 2]) // g.abreast)
    vectors = np.empty(2 * int(steps.sum()) * g.groups, dtype=np.int32)
    count, steps = len(spans), np.tile(steps, g.groups)
    begin = 2 * (np.cumsum(steps) - steps)
    found = np.empty((len(steps), FIELDS), dtype=np.int64)
    for group, bits in enumerate(outputs.bits):
        some = slice(group * count, (group + 1) * count)
        serve(bits, spans, g.abreast, burst, begin[some], vectors, found[some])
    table = np.ones((len(steps), 2, PORTS + 4), dtype=np.int64)
    varies = np.zeros(table.shape, dtype=np.uint8)
    table[:, 0, COUNT], table[:, 0, PERIOD] = steps - 1, steps
    table[:, 0, PORTS + 2], varies[:, 0, PORTS + 2], table[:, 1, PORTS + 2] = steps, 1, found[:, LAST_RELEASE]
    table[:, 0, -1], table[:, 1, -1] = 0, np.tile(sums, g.groups)
    tile = ((v.group * g.row_tiles + v.row) * g.column_tiles + v.column)[v.end]
    return tell(tile, some_runs(table, varies, vectors, 2 * steps), v.turn)


def _tiles(context: Context) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row tile, the one after, first column and the one after the last of every tile of a group, shape (T, 4); and its outputs."""
    g = context.geometry
    row, column = (part.ravel() for part in np.indices((g.row_tiles, g.column_tiles), dtype=np.int64))
    n = column * g.columns
    spans = np.stack([row, row + 1, n, np.minimum(g.N, n + g.columns)], axis=1)
    return spans, np.diff(g.edges)[row] * (spans[:, 3] - n)


def dram_writes(context: Context, outputs: Outputs) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take, release, dram_write."""
    burst = context.machine.components.dram.burst.value

    sizes = written(context, outputs)
    order, first = kinds(sizes)
    return tell(order, bursts.writes(sizes[first], burst), context.visits.turn)
