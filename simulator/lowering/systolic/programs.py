"""Programs of the memories: bursts from DRAM, pieces filled, edges read, bursts to DRAM. Ports of the memories count bits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.bursts import WORD
from simulator.lowering.streams import spread
from simulator.lowering.systolic.pieces import Operand, Visit
from simulator.lowering.systolic.wavefront import skewed
from simulator.plan import Chunk, RunWriter


def dram_reads(operand: Operand, burst: int) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release, put burst, dram_read."""
    known: dict[int, Chunk] = {}

    def blocks() -> Iterator[Chunk]:
        for size in operand.sizes:
            if size not in known:
                known[size] = _bursts(size, burst)
            yield known[size]

    return gather(blocks())


def _bursts(size: int, burst: int) -> Chunk:
    count = -(-size // burst)
    sizes = [burst, burst, size - (count - 1) * burst]
    head = [(1, *sizes[:1] * 2, 1, 1, 1, -(-burst // WORD))] if count > 1 else []
    body = (count - 2, burst, burst, 0, 0, 1, -(-burst // WORD))
    only = int(count == 1)
    return plain([*head, body, (1, sizes[2], sizes[2], only, only, 1, -(-sizes[2] // WORD))])


def fills(operand: Operand, burst: int) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work (b), take burst, release, put ready, sram_write."""
    known: dict[tuple[int, int, int], Chunk] = {}

    def block(size: int, bits: int, rows: int) -> Chunk:
        demand, writes = (spread(total, -(-size // burst)).astype(np.int64) for total in (bits, rows))
        one, ready = np.ones_like(demand), np.zeros_like(demand)
        ready[-1] = 1
        return told(np.column_stack([demand, demand, one, one, ready, writes]), 1, 1, 1)

    def blocks() -> Iterator[Chunk]:
        for piece, size in zip(operand.fetched, operand.sizes, strict=True):
            key = (size, piece.width * piece.steps * operand.bits, operand.rows(piece))
            if key not in known:
                known[key] = block(*key)
            yield known[key]

    return gather(blocks())


def reads(operand: Operand) -> Iterator[Chunk]:
    """Items: the values of an edge in a step. Fields: demand, work (b), take ready, release, put edge, put space, sram_read."""
    known: dict[tuple[int, int, bool, bool, bool], Chunk] = {}

    def block(visit: Visit) -> Chunk:
        use, pieces = visit.use, operand.pieces(visit.use)
        counts = skewed(use.width, use.steps) if use.skewed else np.full(use.steps, use.width)
        take, release = np.zeros((2, len(counts)), dtype=np.int64)
        last = len(counts) - use.steps
        for start in range(0, use.steps, operand.chunk):
            take[start] = visit.fetch
            release[min(use.steps, start + operand.chunk) - 1 + last] = visit.last
        actions = np.zeros_like(take)
        actions[-1] = sum(operand.rows(piece) for piece in pieces)
        demand = counts * operand.bits
        table = np.stack([demand, demand, take, release, np.ones_like(take), release, actions], axis=1)
        return told(table, 1, 2, 1)

    def blocks() -> Iterator[Chunk]:
        for visit in operand.visits:
            key = (visit.use.width, visit.use.steps, visit.use.skewed, visit.fetch, visit.last)
            if key not in known:
                known[key] = block(visit)
            yield known[key]

    return gather(blocks())


LONG = 8
"""Equal items from which a run of their own is shorter than a vector."""


def told(table: NDArray[np.int64], inputs: int, outputs: int, actions: int) -> Chunk:
    """Runs of items given one by one: stretches of equal ones as plain runs, what is between them as vectors, the last alone.

    Parameters
    ----------
    table : ndarray of int64, shape (items, fields)
        Fields: demand, work, takes, releases, puts, actions.
    inputs, outputs, actions : int
        Ports and action counts of the program.
    """
    writer = RunWriter(inputs, outputs, actions)
    ports = (2, 2 + inputs, 2 + 2 * inputs, 2 + 2 * inputs + outputs)
    body, start = table[:-1], 0
    edges = [0, *(np.flatnonzero((body[1:] != body[:-1]).any(axis=1)) + 1).tolist(), len(body)]
    for a, b in pairwise(edges):
        if b - a >= LONG:
            _run(writer, body[start:a], ports)
            _run(writer, body[a:b], ports)
            start = b
    _run(writer, body[start:], ports)
    _run(writer, table[-1:], ports)
    return writer.chunk()


def _run(writer: RunWriter, table: NDArray[np.int64], ports: tuple[int, int, int, int]) -> None:
    if not len(table):
        return
    fields = [int(column[0]) if (column == column[0]).all() else column for column in table.T]
    take, release, put, action = ports
    parts = (fields[take:release], fields[release:put], fields[put:action], fields[action:])
    writer.add(len(table), fields[0], fields[1], *parts)


def dram_writes(sizes: Iterator[int], burst: int) -> Iterator[Chunk]:
    """Items: bursts of outputs. Fields: demand, work, take burst, release, dram_write.

    Parameters
    ----------
    sizes : iterator of int
        Bytes of every tile of outputs.
    """
    known: dict[int, Chunk] = {}

    def block(size: int) -> Chunk:
        full, rest = divmod(size - 1, burst)
        row = (burst, burst, 1, 1, -(-burst // WORD))
        return plain([(full, *row), (1, rest + 1, rest + 1, 1, 1, -(-(rest + 1) // WORD))])

    def blocks() -> Iterator[Chunk]:
        for size in sizes:
            if size not in known:
                known[size] = block(size)
            yield known[size]

    return gather(blocks())
