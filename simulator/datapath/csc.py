"""Processing element over compressed sparse columns (CSC) of both operands: zeros of either cost no multiplication.

A visit is a tile of weights, a CSC fiber per coordinate c of K over the tile's rows m, and one CSC fiber of inputs over
the same c. The inputs are walked in ascending c; each names a column of weights, whose words are read and whose
non-zeros are multiplied `lanes` at once::

    for c where I[c, n] != 0:  for word of W[:, c]:  for each group of `lanes` non-zeros (m, ..):  Z[m, n] += W[m, c] I[c, n]

What takes a turn in which stage of the pipeline, per visit:

* inputs: every stored input, a stored zero (behind a full run) too; one turn that finds nothing in an empty fiber;
* weights: per turn of the inputs, each word takes ceil(non-zeros / lanes) turns, one if it holds none; a column without
  words, a stored zero and an empty fiber take one that finds nothing;
* multiplier: only groups of non-zeros. Over a layer these are, with one lane, sum over c of nnz W[:, c] nnz I[c, :].

A group waits for the last earlier one of its visit that adds to one of its rows, if that is less than `window` groups
back (a partial sum is written before it is read again). Source: Chen et al., Eyeriss v2, JETCAS 2019 (arXiv 1807.07928), as far
as public; the turns of words and of what is empty are derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel
from simulator.sparsity.formats import Csc


@dataclass(frozen=True)
class Columns:
    """A tile of weights as the stages meet it.

    Attributes
    ----------
    start : ndarray of int32, shape (columns + 1,)
        First word of each column.
    first : ndarray of int32, shape (words + 1,)
        First non-zero of each word.
    rows : ndarray of int32, shape (non-zeros,)
        Row of each non-zero, in the order stored.
    """

    start: NDArray[np.int32]
    first: NDArray[np.int32]
    rows: NDArray[np.int32]

    @property
    def words(self) -> int:
        """Words of the tile."""
        return len(self.first) - 1


@dataclass(frozen=True)
class Fibers:
    """Fibers of inputs, one per visit.

    Attributes
    ----------
    start : ndarray of int32, shape (visits + 1,)
        First entry of each.
    coordinate : ndarray of int32, shape (entries,)
        Column of weights of each stored input, -1 for a stored zero.
    """

    start: NDArray[np.int32]
    coordinate: NDArray[np.int32]

    @property
    def entries(self) -> NDArray[np.int32]:
        """Stored inputs per visit, int32, shape (visits,)."""
        return np.diff(self.start)

    def part(self, begin: int, end: int) -> Fibers:
        """Visits begin <= v < end."""
        start = self.start[begin : end + 1]
        return Fibers(start - start[0], self.coordinate[start[0] : start[-1]])


@dataclass(frozen=True)
class Turns:
    """Turns of the stages over some visits of one tile.

    Attributes
    ----------
    reads : ndarray of int32, shape (visits,)
        Turns of the inputs per visit.
    columns : ndarray of uint8, shape (turns of the inputs,)
        1 where a column of weights is addressed.
    words : ndarray of int32, shape (turns of the inputs,)
        Turns of the weights per turn of the inputs.
    fetched : ndarray of uint8, shape (turns of the weights,)
        1 where a word is read.
    values : ndarray of uint8, shape (turns of the weights,)
        Non-zeros that go to the multiplier, 0 where there are none.
    issues : ndarray of int32, shape (visits,)
        Turns of the multiplier per visit.
    awaits, awaited : ndarray of uint8, shape (turns of the multiplier,)
        1 where a turn waits for an earlier one, and where it is one waited for: as many of one as of the other, in order.
    """

    reads: NDArray[np.int32]
    columns: NDArray[np.uint8]
    words: NDArray[np.int32]
    fetched: NDArray[np.uint8]
    values: NDArray[np.uint8]
    issues: NDArray[np.int32]
    awaits: NDArray[np.uint8]
    awaited: NDArray[np.uint8]


def columns(mask: NDArray[np.bool_], word: int, run_bits: int) -> Columns:
    """The words of a tile of weights, shape (rows, columns), `word` values each."""
    start, counts, rows = _columns(np.ascontiguousarray(mask.T), word, 1 << run_bits)
    first = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=first[1:])
    return Columns(start, first, rows)


def fibers(mask: NDArray[np.bool_], run_bits: int) -> Fibers:
    """The stored inputs of a tile, shape (coordinates of K, visits)."""
    return Fibers(*_fibers(np.ascontiguousarray(mask.T), 1 << run_bits))


def turns(weights: Columns, inputs: Fibers, lanes: int, rows: int, window: int) -> Turns:
    """The turns of all stages over the visits of `inputs` to one tile of `rows` rows; see the module."""
    parts = (weights.start, weights.first, inputs.start, inputs.coordinate)
    reads, per_read, per_visit = _count(*parts, lanes)
    total = int(per_read.sum())
    columns, fetched, values = _words(*parts, lanes, len(per_read), total)
    awaits, awaited = _hazards(*parts, weights.rows, lanes, rows, window, int(per_visit.sum()))
    return Turns(reads, columns, per_read, fetched, values, per_visit, awaits, awaited)


def outputs(
    weights: NDArray[np.int64], inputs: NDArray[np.int64], stationary: Csc, streamed: Csc
) -> NDArray[np.int64]:
    """Multiply a tile of weights with fibers of inputs through both stored forms.

    Parameters
    ----------
    weights : ndarray of int64, shape (rows, columns)
    inputs : ndarray of int64, shape (columns, visits)
    stationary, streamed : Csc
        Formats of the weights' columns and of the inputs' fibers.

    Returns
    -------
    ndarray of int64, shape (rows, visits)
    """
    a, b = stationary.encode(np.ascontiguousarray(weights.T)), streamed.encode(np.ascontiguousarray(inputs.T))
    ends = [np.cumsum(form.lengths(part)) for form, part in ((stationary, a), (streamed, b))]
    out = np.zeros((weights.shape[0], inputs.shape[1]), dtype=np.int64)
    runs = [part.metadata["run"].entries.astype(np.int64) for part in (a, b)]
    _multiply(a.data, runs[0], ends[0], b.data, runs[1], ends[1], out)
    return out


@kernel
def _columns(
    mask: NDArray[np.bool_], word: int, reach: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """(First word of each column, non-zeros of each word, their rows) of a mask (columns, rows)."""
    start = np.zeros(mask.shape[0] + 1, dtype=np.int32)
    counts = np.zeros(mask.size + 1, dtype=np.int32)
    rows = np.empty(mask.size, dtype=np.int32)
    words = found = 0
    for c in range(mask.shape[0]):
        stored = zeros = 0
        for m in range(mask.shape[1]):
            if not mask[c, m]:
                zeros += 1
                continue
            stored += zeros // reach
            zeros = 0
            counts[words + stored // word] += 1
            stored += 1
            rows[found] = m
            found += 1
        words += -(-stored // word)
        start[c + 1] = words
    return start, counts[:words].copy(), rows[:found].copy()


@kernel
def _fibers(mask: NDArray[np.bool_], reach: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(First entry of each fiber, coordinates) of a mask (visits, coordinates)."""
    start = np.zeros(mask.shape[0] + 1, dtype=np.int32)
    coordinate = np.empty(mask.size, dtype=np.int32)
    found = 0
    for v in range(mask.shape[0]):
        zeros = 0
        for c in range(mask.shape[1]):
            if not mask[v, c]:
                zeros += 1
                continue
            for _ in range(zeros // reach):
                coordinate[found] = -1
                found += 1
            zeros = 0
            coordinate[found] = c
            found += 1
        start[v + 1] = found
    return start, coordinate[:found].copy()


@kernel
def _count(
    start: NDArray[np.int32],
    first: NDArray[np.int32],
    fiber: NDArray[np.int32],
    coordinate: NDArray[np.int32],
    lanes: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """(Turns of the inputs per visit, of the weights per turn of the inputs, of the multiplier per visit)."""
    visits = len(fiber) - 1
    turns = np.zeros(len(start) - 1, dtype=np.int32)
    issues = np.zeros(len(start) - 1, dtype=np.int32)
    for c in range(len(turns)):
        for w in range(start[c], start[c + 1]):
            groups = -(-(first[w + 1] - first[w]) // lanes)
            turns[c] += max(1, groups)
            issues[c] += groups
    reads = np.empty(visits, dtype=np.int32)
    per_visit = np.zeros(visits, dtype=np.int32)
    per_read = np.ones(len(coordinate) + visits, dtype=np.int32)
    at = 0
    for v in range(visits):
        reads[v] = max(1, fiber[v + 1] - fiber[v])
        for i in range(fiber[v], fiber[v + 1]):
            c = coordinate[i]
            if c >= 0:
                per_read[at + i - fiber[v]] = max(1, turns[c])
                per_visit[v] += issues[c]
        at += reads[v]
    return reads, per_read[:at].copy(), per_visit


@kernel
def _words(
    start: NDArray[np.int32],
    first: NDArray[np.int32],
    fiber: NDArray[np.int32],
    coordinate: NDArray[np.int32],
    lanes: int,
    reads: int,
    total: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """(Columns addressed, words fetched, values issued), turn by turn."""
    columns = np.zeros(reads, dtype=np.uint8)
    fetched = np.zeros(total, dtype=np.uint8)
    values = np.zeros(total, dtype=np.uint8)
    read = turn = 0
    for v in range(len(fiber) - 1):
        if fiber[v] == fiber[v + 1]:
            read += 1
            turn += 1
        for i in range(fiber[v], fiber[v + 1]):
            c = coordinate[i]
            columns[read] = c >= 0
            read += 1
            if c < 0 or start[c] == start[c + 1]:
                turn += 1
                continue
            for w in range(start[c], start[c + 1]):
                left = first[w + 1] - first[w]
                fetched[turn] = 1
                values[turn] = min(lanes, left)
                turn += 1
                left -= lanes
                while left > 0:
                    values[turn] = min(lanes, left)
                    turn += 1
                    left -= lanes
    return columns, fetched, values


@kernel
def _hazards(
    start: NDArray[np.int32],
    first: NDArray[np.int32],
    fiber: NDArray[np.int32],
    coordinate: NDArray[np.int32],
    row: NDArray[np.int32],
    lanes: int,
    rows: int,
    window: int,
    total: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(Waits, is waited for) of every group of non-zeros."""
    awaits = np.zeros(total, dtype=np.uint8)
    awaited = np.zeros(total, dtype=np.uint8)
    written = np.full(rows, -1, dtype=np.int64)
    begin = group = 0
    waited = -1
    for v in range(len(fiber) - 1):
        begin = group
        for i in range(fiber[v], fiber[v + 1]):
            c = coordinate[i]
            if c < 0:
                continue
            for w in range(start[c], start[c + 1]):
                for g in range(first[w], first[w + 1], lanes):
                    last = -1
                    for j in range(g, min(g + lanes, first[w + 1])):
                        last = max(last, written[row[j]])
                    for j in range(g, min(g + lanes, first[w + 1])):
                        written[row[j]] = group
                    if last >= begin and group - last < window and last > waited:
                        awaits[group] = 1
                        awaited[last] = 1
                        waited = last
                    group += 1
    return awaits, awaited


@kernel
def _multiply(
    weight: NDArray[np.int64],
    weight_run: NDArray[np.int64],
    weight_end: NDArray[np.int64],
    value: NDArray[np.int64],
    run: NDArray[np.int64],
    end: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Walk the inputs of each fiber, and for each the column of weights it names."""
    entry = 0
    for n in range(len(end)):
        c = -1
        while entry < end[n]:
            c += run[entry] + 1
            a = value[entry]
            entry += 1
            if a == 0:
                continue
            m = -1
            for w in range(weight_end[c - 1] if c > 0 else 0, weight_end[c]):
                m += weight_run[w] + 1
                if weight[w] != 0:
                    out[m, n] += a * weight[w]
