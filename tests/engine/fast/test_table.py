"""Run tables mean the items of their chunk, and sums are those of the items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.engine.fast import layout as at
from simulator.engine.fast import table
from simulator.engine.fast.forms import FORM, FOUND, NOBODY
from simulator.engine.fast.loading import joined
from simulator.plan import Chunk, RunWriter, Visits
from simulator.plan.runs import DEMAND, PORTS, WORK


def random_chunk(rng: np.random.Generator) -> Chunk:
    """Runs of two inputs, one output and one action."""
    writer = RunWriter(2, 1, 1)
    for _ in range(int(rng.integers(0, 9))):
        period = int(rng.integers(1, 5))
        fields = [
            rng.integers(0, 3, period) if rng.random() < 0.2 else int(rng.integers(0, 2)) for _ in range(8)
        ]
        writer.add(
            int(rng.integers(1, 9)), fields[0], fields[1], fields[2:4], fields[4:6], fields[6:7], fields[7:]
        )
    return writer.chunk()


def table_of(chunk: Chunk, columns: list[int], ports: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The table and the sums of a chunk."""
    visits = chunk.visits or Visits(np.array([len(chunk.runs)]), np.zeros(1, dtype=np.int64))
    stride = at.ROW_FIELDS + 2 * len(columns)
    size, width = stride * len(chunk.runs), chunk.runs.shape[1]
    words, totals = np.zeros(size + len(visits.order) + 1, dtype=np.int64), np.zeros(width, dtype=np.int64)
    told = [NOBODY, 0, size, 0, True, True, *ports]
    many = [len(visits.sizes), len(visits.order), len(chunk.vectors), len(columns), width]
    form = np.array([*told, *many, *[0] * (FORM - len(told) - len(many))], dtype=np.int64)
    space = np.zeros(table.work_space(len(visits.sizes), len(chunk.vectors), width), dtype=np.int64)
    of_chunk = chunk.runs.reshape(-1), chunk.varies.reshape(-1), chunk.vectors
    with np.errstate(over="ignore"):
        work = np.array(columns, dtype=np.int64), visits.sizes, visits.order, space, totals, form, 1
        table.read(words, chunk.vectors, *of_chunk, *work)
    rows, count = words[:size].reshape(-1, stride), form[FOUND]
    told = []
    for begin in (words[size : size + count] // stride).tolist():
        end = begin + int(np.flatnonzero(rows[begin:, at.ROW_LAST])[0])
        told += range(begin, end + 1)
    return rows[told], totals


def expanded(table: np.ndarray, vectors: np.ndarray, fields: int) -> list[tuple[int, ...]]:
    """The items a table means."""
    items = []
    for row in table.tolist():
        values, flags = row[at.ROW_FIELDS : at.ROW_FIELDS + fields], row[at.ROW_FIELDS + fields :]
        for i in range(row[at.ROW_COUNT]):
            phase = i % row[at.ROW_PERIOD]
            items.append(
                tuple(int(vectors[v + phase]) if f else v for v, f in zip(values, flags, strict=True))
            )
    return items


@pytest.mark.parametrize("seed", range(40))
def test_a_table_means_the_items_of_its_chunk(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chunk = joined([random_chunk(rng) for _ in range(3)])
    if seed % 2:
        sizes = np.diff([0, *sorted(rng.integers(0, len(chunk.runs) + 1, 3).tolist()), len(chunk.runs)])
        order = rng.choice(np.flatnonzero(sizes), 9) if sizes.any() else np.zeros(0, dtype=np.int64)
        visited = replace(chunk, visits=Visits(sizes, order))
        chunk = joined([visited, chunk, visited]) if seed % 4 == 1 and len(chunk.runs) else visited
    columns = [DEMAND, *range(PORTS, PORTS + 5)]
    rows, sums = table_of(chunk, columns, (2, 1))
    items = list(chunk.items())
    assert expanded(rows, chunk.vectors, 6) == [tuple(i[c - DEMAND] for c in columns) for i in items]
    assert sums[0] == len(items)
    assert sums[WORK] == sum(item[WORK - DEMAND] for item in items)
    assert sums[-1] == sum(item[-1] for item in items)


@pytest.mark.parametrize(
    ("takes", "releases", "puts", "stream"),
    [
        ((1, 0), (1, 0), (1,), (1, 0, 0)),
        ((0, 1), (0, 0), (0,), (1, 1, -1)),
        ((0, 0), (0, 2), (1,), (1, 1, 0)),
        ((1, 0), (0, 1), (0,), (0, 1, -1)),
        ((1, 0), (1, 0), (2,), (0, 0, 0)),
        ((0, 0), (0, 0), (0,), (1, -1, -1)),
    ],
)
def test_a_stream_moves_one_input_and_one_token(
    takes: tuple[int, ...], releases: tuple[int, ...], puts: tuple[int, ...], stream: tuple[int, ...]
) -> None:
    writer = RunWriter(2, 1, 0)
    writer.add(3, 1, takes=takes, releases=releases, puts=puts)
    rows, _ = table_of(writer.chunk(), [DEMAND, *range(PORTS, PORTS + 5)], (2, 1))
    assert tuple(rows[0, [at.ROW_STREAM, at.ROW_IN, at.ROW_OUT]]) == stream


def test_blocks_that_are_alike_begin_with_the_same_row() -> None:
    writer = RunWriter(1, 0, 1)
    for demand, action in ((1, 5), ([1, 2], 6), (1, 7), ([1, 2], 8), ([1, 3], 6)):
        writer.add(4, demand, takes=[1], actions=[action])
    chunk = writer.chunk()
    chunk = replace(chunk, visits=Visits(np.ones(5, dtype=np.int64), np.arange(5)))
    rows, sums = table_of(chunk, [DEMAND, PORTS, PORTS + 1], (1, 0))
    first = at.ROW_FIELDS
    assert rows[0].tolist() == rows[2].tolist()
    assert rows[1, first] == rows[3, first] != rows[4, first]
    assert sums[-1] == 4 * 32


def test_equal_neighbours_are_one_row() -> None:
    writer = RunWriter(0, 0, 1)
    for count, demand, action in ((2, 1, 5), (3, 1, 6), (1, 2, 0), (1, 1, 0)):
        writer.add(count, demand, actions=[action])
    rows, sums = table_of(writer.chunk(), [DEMAND], (0, 0))
    assert rows[:, at.ROW_COUNT].tolist() == [5, 1, 1]
    assert sums[-1] == 28
