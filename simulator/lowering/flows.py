"""Row traffic of all streams at once: :mod:`simulator.lowering.streams` for every tile of columns and piece of K.

Where every window of a column has as many bits as every other (uncompressed or of fixed occupancy), streams of equal size are
alike and told once; otherwise one kernel tells those that differ: most tiles of a causal mask are full or empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart
from simulator.lowering.kinds import Blocks, kinds
from simulator.lowering.operands import Operands
from simulator.lowering.streams import Stream
from simulator.mapping import Geometry
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]
FIELDS = 6
TRIED = 64
"""Streams of which one must come again, or the others are not compared."""
_PRIME = 1_000_003
ROWS, BITS, HELD, STEPS, LAST_TAKE, LAST_RELEASE = range(FIELDS)


@dataclass(frozen=True, eq=False)
class Rows:
    """Of each of several streams; see :class:`simulator.lowering.streams.Stream`, each int64, shape (S,)."""

    rows: Ints
    bits: Ints
    held: Ints
    steps: Ints
    last_take: Ints
    last_release: Ints


@dataclass(frozen=True, eq=False)
class Flows:
    """All streams, by group, column tile and piece of K.

    Attributes
    ----------
    data, metadata : Rows
        Metadata None when the inputs carry none.
    kind : ndarray of int64, shape (S,)
        Streams of one kind are alike.
    first : ndarray of int64, shape (kinds,)
        A stream of each kind.
    period : ndarray of int64, shape (kinds,)
        Steps after which takes and releases repeat.
    vectors : ndarray of int32
        Takes, then releases of the data, then both of the metadata, a period each, kind after kind.
    """

    data: Rows
    metadata: Rows | None
    kind: Ints
    first: Ints
    period: Ints
    vectors: NDArray[np.int32]

    @property
    def most_held(self) -> int:
        """Most rows that any stream holds at once."""
        return max(int(part.held.max()) for part in (self.data, self.metadata) if part is not None)

    @property
    def held(self) -> Ints:
        """Most rows held at once by the data and the metadata of each stream, shape (S, 1 or 2)."""
        parts = [self.data.held] if self.metadata is None else [self.data.held, self.metadata.held]
        return np.stack(parts, axis=1)


def flows(operands: Operands, windows: int, spans: Ints) -> Flows:
    """Streams of pieces of so many windows, where :func:`spans_of` says they are."""
    g = operands.geometry
    if operands.regular:
        return _alike(operands, windows, spans)
    compressed = operands.compressed
    bits = [operands.data_bits, operands.metadata_bits] if compressed else [operands.data_bits]
    kind, first = _apart(operands, spans) or _different(bits, spans)
    group, own = np.divmod(first, len(spans))
    sizes = spans[own]
    period = (sizes[:, 1] - sizes[:, 0]) * -(-(sizes[:, 3] - sizes[:, 2]) // g.abreast)
    vectors = np.empty(2 * len(bits) * int(period.sum()), dtype=np.int32)
    begin = 2 * len(bits) * (np.cumsum(period) - period)
    found = np.empty((len(bits), len(first), FIELDS), dtype=np.int64)
    edges = np.searchsorted(group, np.arange(g.groups + 1))
    for number, part in enumerate(bits):
        at = begin + 2 * number * period
        for each, (low, high) in enumerate(pairwise(edges.tolist())):
            if low == high:
                continue
            some, row = slice(low, high), operands.widths.row
            serve(part[each], sizes[some], g.abreast, row, at[some], vectors, found[number, some])
    rows = [Rows(*np.ascontiguousarray(part.T[:, kind])) for part in found]
    return Flows(rows[0], rows[1] if compressed else None, kind, first, period, vectors)


def _apart(operands: Operands, spans: Ints) -> tuple[Ints, Ints] | None:
    """:func:`_different` where the first streams are seen to differ from how many bits their windows have."""
    g, windows = operands.geometry, int(spans[0, 1])
    if g.groups > 1:
        return None
    data, metadata = operands.sums[:, 0]
    place = np.arange(g.windows)
    weighed = (data + _PRIME * metadata) * (2 * (place % windows) + 1)[:, None]
    codes = np.add.reduceat(weighed, place[::windows], axis=0).T.ravel()[
        :TRIED
    ]  # streams that are alike have one
    if len(set(codes.tolist())) < len(codes):
        return None
    return np.arange(len(spans)), np.arange(len(spans))


def _different(bits: Sequence[Sequence[NDArray[Any]]], spans: Ints) -> tuple[Ints, Ints]:
    """Kind of every stream, group after group, and the first of every kind: streams of a kind have the same bits in each part.

    Where none of the first comes again, all are taken to differ.
    """
    tiles, most = spans.tolist(), max(int(each.max(initial=0)) for part in bits for each in part)
    kind, first = np.arange(len(bits[0]) * len(tiles)), list[int]()
    known: dict[tuple[int, bytes, bytes], int] = {}
    groups: dict[tuple[bytes, bytes], int] = {}
    for group, parts in enumerate(zip(bits[0], bits[-1], strict=True)):
        one, two = (part.astype(np.min_scalar_type(most)) for part in parts)
        before, begin = groups.setdefault((one.tobytes(), two.tobytes()), group), group * len(tiles)
        if before < group:
            kind[begin : begin + len(tiles)] = kind[before * len(tiles) : (before + 1) * len(tiles)]
            continue
        for stream, (w0, w1, n0, n1) in enumerate(tiles, begin):
            if stream == TRIED and len(first) == TRIED:
                return kind, kind.copy()
            same = n1 - n0, one[w0:w1, n0:n1].tobytes(), two[w0:w1, n0:n1].tobytes()
            kind[stream] = known.setdefault(same, len(first))
            if kind[stream] == len(first):
                first.append(stream)
    return kind, np.array(first, dtype=np.int64)


def spans_of(g: Geometry, windows: int) -> Ints:
    """First window, the one after the last, first column and the one after the last, of every stream of a group, shape (S, 4)."""
    pieces = -(-g.windows // windows)
    column, piece = (part.ravel() for part in np.indices((g.column_tiles, pieces), dtype=np.int64))
    first, n = piece * windows, column * g.columns
    return np.stack(
        [first, np.minimum(g.windows, first + windows), n, np.minimum(g.N, n + g.columns)], axis=1
    )


def _alike(operands: Operands, windows: int, spans: Ints) -> Flows:
    g = operands.geometry
    sizes = spans[:, 1] - spans[:, 0], spans[:, 3] - spans[:, 2]
    kind, first = kinds(*sizes, spans[:, 1] == g.windows, operands.place(spans[:, 0]))
    told = [operands.streams(0, int(spans[i, 2]) // g.columns, int(spans[i, 0]), windows) for i in first]
    periods, vectors = [], []
    for data, metadata in told:
        parts = [data] if metadata is None else [data, metadata]
        period = len(data.takes) if len({len(part.takes) for part in parts}) == 1 else data.steps
        periods.append(period)
        vectors += [np.resize(v, period) for part in parts for v in (part.takes, part.releases)]
    kind = np.tile(kind, g.groups)
    return Flows(
        _rows([data for data, _ in told], kind),
        _rows([m for _, m in told if m is not None], kind) if operands.compressed else None,
        kind,
        first,
        np.array(periods),
        np.concatenate(vectors).astype(np.int32),
    )


def _rows(told: list[Stream], kind: Ints) -> Rows:
    names = ("rows", "bits", "held", "steps", "last_take", "last_release")
    return Rows(*(np.array([getattr(stream, name) for stream in told])[kind] for name in names))


def fetch_blocks(flows: Flows, actions: list[Any]) -> Blocks:
    """What the fetch unit does with the stream of each kind: an item per step, actions with the last."""
    parts = [flows.data] if flows.metadata is None else [flows.data, flows.metadata]
    ports, count = len(parts), len(flows.first)
    ends = [*(part.last_take for part in parts), *(part.last_release for part in parts), *actions]
    streams = np.array([parts[0].steps, *ends])[:, flows.first]
    fields = PORTS + 2 * ports + 1 + len(actions)
    table, counts = np.zeros((2 * count, fields), dtype=np.int64), np.empty(count, dtype=np.int64)
    varies = np.zeros(table.shape, dtype=np.uint8)
    flat, flags = table.reshape(-1), varies.reshape(-1)
    left = _fetched(streams.reshape(-1), count, flows.period, ports, fields, flat, flags, counts)
    return Blocks(table[:left], varies[:left], counts, flows.vectors, 2 * ports * flows.period)


@apart
def _fetched(
    streams: Ints, kinds: int, period: Ints, ports: int, fields: int, table: Ints, varies: Flags, counts: Ints
) -> int:
    """Runs of all steps but the last, and of the last; how many. `streams` are steps, then fields of the last but its put, shape
    (.. x kinds,); `table` and `varies` are zeros.
    """
    left, begin, put = 0, 0, PORTS + 2 * ports
    for kind in range(kinds):
        steps, counts[kind] = streams[kind], 1
        for last in range(2):
            row = left * fields
            if last == 1 or steps > 1:
                table[row + COUNT] = 1 if last == 1 else steps - 1
                table[row + PERIOD] = 1 if last == 1 else period[kind]
                table[row + DEMAND] = table[row + WORK] = table[row + put] = 1
                left += 1
            if last == 1:
                for field in range(PORTS, fields):
                    if field != put:
                        table[row + field] = streams[
                            (field - PORTS + (1 if field < put else 0)) * kinds + kind
                        ]
            elif steps > 1:
                counts[kind] = 2
                for port in range(ports):
                    takes, releases = row + PORTS + port, row + PORTS + ports + port
                    table[takes], table[releases] = (
                        begin + 2 * port * period[kind],
                        begin + (2 * port + 1) * period[kind],
                    )
                    varies[takes], varies[releases] = 1, 1
        begin += 2 * ports * period[kind]
    return left


def serve(
    bits: NDArray[Any], spans: Ints, abreast: int, row: int, at: Ints, vectors: Vector, found: Ints
) -> None:
    """Serve streams from rows of `row` bits.

    Parameters
    ----------
    bits : ndarray of integers, shape (windows, N)
        Each below 2^31.
    spans : ndarray of int64, shape (S, 4)
        First window, the one after the last, first column, the one after the last.
    abreast : int
        Columns of a step.
    at : ndarray of int64, shape (S,)
        Where in `vectors` the takes of a stream begin; its releases follow.
    vectors : ndarray of int32
    found : ndarray of int64, shape (S, FIELDS), contiguous
    """
    if bits.dtype != np.int32 and int(bits.max(initial=0)) >= 1 << 31:
        raise ValueError("bits of a window and column must fit in 32 bits")
    sizes, each = np.ascontiguousarray(bits, dtype=np.int32), np.ascontiguousarray(spans)
    one, two, three = sizes.reshape(-1), each.reshape(-1), found.reshape(-1)
    _served(one, bits.shape[1], two, len(at), abreast, row, at, vectors, three)


@apart
def _served(
    bits: Vector,
    columns: int,
    spans: Ints,
    count: int,
    abreast: int,
    row: int,
    at: Ints,
    vectors: Vector,
    found: Ints,
) -> None:
    """See :func:`serve`."""
    for s in range(count):
        w0, w1, n0, n1 = spans[4 * s], spans[4 * s + 1], spans[4 * s + 2], spans[4 * s + 3]
        steps = (w1 - w0) * ((n1 - n0 + abreast - 1) // abreast)
        whole, rest, upper, lower, before, held, step = (
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        )  # rows that are full, bits of the next
        takes, own = at[s], s * FIELDS
        for w in range(w0, w1):
            n = n0
            while n < n1:
                for column in range(n, min(n1, n + abreast)):
                    rest += bits[w * columns + column]
                n += abreast
                if rest >= 2 * row:  # hardly ever: a division takes longer than all else
                    more = rest // row - 1
                    whole, rest = whole + more, rest - more * row
                over = rest - row
                whole, rest = whole + (1 if over >= 0 else 0), over if over >= 0 else rest
                above = whole + (1 if rest > 0 else 0)
                vectors[takes + step] = above - upper
                vectors[takes + steps + step] = whole - lower
                held, before = max(held, above - lower), lower
                upper, lower, step = above, whole, step + 1
        used = whole * row + rest
        if used == 0:  # a stream without bits still reads one row
            vectors[takes + steps - 1], used, upper, held = 1, 1, 1, 1
        found[own + ROWS], found[own + BITS], found[own + HELD] = upper, used, held
        found[own + STEPS], found[own + LAST_TAKE] = steps, vectors[takes + steps - 1]
        found[own + LAST_RELEASE] = upper - before
