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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import csc_turns
from simulator.jit import kernel
from simulator.sparsity.formats import Csc

ONE = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
"""Visits to the first tile only."""


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

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        return self.start.nbytes + self.coordinate.nbytes

    def part(self, begin: int, end: int) -> Fibers:
        """Visits begin <= v < end."""
        start = self.start[begin : end + 1]
        return Fibers(start - start[0], self.coordinate[start[0] : start[-1]])


@dataclass(frozen=True)
class Turns:
    """The turns that each column of tiles of weights takes, tile after tile; one column more of each, its last, stands for a stored
    zero or an empty fiber.

    Attributes
    ----------
    base : ndarray of int64, shape (tiles + 1,)
        Entry of the first column of each tile in `start` and `group`, which have one more than the tile has columns.
    start : ndarray of int32
        First turn of the weights of each column, which has one at least, and the end of the last.
    values : ndarray of uint8, shape (turns,)
        Non-zeros that go to the multiplier, 0 where there are none.
    fetched : ndarray of uint8, shape (turns,)
        1 where a word is read.
    group : ndarray of int32
        First group of non-zeros, turn of the multiplier, of each column, and the end of the last.
    first : ndarray of int32, shape (groups + 1,)
        First non-zero of each group.
    rows : ndarray of int32, shape (non-zeros,)
        Row of each non-zero.
    """

    base: NDArray[np.int64]
    start: NDArray[np.int32]
    values: NDArray[np.uint8]
    fetched: NDArray[np.uint8]
    group: NDArray[np.int32]
    first: NDArray[np.int32]
    rows: NDArray[np.int32]

    def products(
        self,
        inputs: Fibers,
        window: int,
        visited: tuple[NDArray[np.int64], NDArray[np.int64]] = ONE,
        counted: bool = True,
    ) -> Products:
        """What the visits of `inputs` give the multiplier.

        Parameters
        ----------
        inputs : Fibers
        window : int
        visited : (ndarray of int64, ndarray of int64)
            Tiles that are visited one after the other, and the first visit to each; by default all visits are to the first tile.
        counted : bool
            Whether to say how many non-zeros each turn has.
        """
        tiles, begin = visited
        edges = np.append(begin, len(inputs.start) - 1)
        arrays = self.base, self.group, self.first, self.rows, tiles, edges, inputs.start, inputs.coordinate
        return Products(*csc_turns.products(*arrays, window, counted))


@dataclass(frozen=True)
class Products:
    """Turns of the multiplier over some visits.

    Attributes
    ----------
    issues : ndarray of int64, shape (visits,)
        Turns per visit.
    values : ndarray of int32, shape (turns,)
        Non-zeros of every turn; empty if they are not counted.
    waits, waited : ndarray of int64, shape (waits,)
        Turns that wait for an earlier one, and those they wait for, ascending.
    """

    issues: NDArray[np.int64]
    values: NDArray[np.int32]
    waits: NDArray[np.int64]
    waited: NDArray[np.int64]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.issues.nbytes + self.values.nbytes + self.waits.nbytes + self.waited.nbytes


def columns(mask: NDArray[np.bool_], word: int, run_bits: int) -> Columns:
    """The words of a tile of weights, shape (rows, columns), `word` values each."""
    start, counts, rows = _columns(np.ascontiguousarray(mask.T), word, 1 << run_bits)
    first = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=first[1:])
    return Columns(start, first, rows)


def fibers(mask: NDArray[np.bool_], run_bits: int) -> Fibers:
    """The stored inputs of a tile, shape (coordinates of K, visits)."""
    return Fibers(*_fibers(np.ascontiguousarray(mask.T), 1 << run_bits))


def turns(weights: Sequence[Columns], lanes: int) -> Turns:
    """The turns of the columns of tiles, `lanes` non-zeros at once."""
    columns = np.array([len(tile.start) - 1 for tile in weights], dtype=np.int64)
    start, first, rows = (
        np.concatenate([getattr(tile, name) for tile in weights]) for name in ("start", "first", "rows")
    )
    return Turns(*csc_turns.turns(columns, start, first, lanes), rows)


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
