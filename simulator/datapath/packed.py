"""Packed stationary operands: which non-zeros share a round, what a column of the streamed operand asks of the networks.

The non-zeros of A (M x K), row after row, fill the P multipliers; a round is one filling::

    round r holds the non-zeros number cut[r] <= i < cut[r + 1],       cut[r + 1] - cut[r] <= P

Multiplier p belongs to unit p // S. Against column n of B (K x N) a unit receives every value B[k, n] that one of its non-zeros
(m, k) awaits, once, however many await it; all units together read a value once. With [] 1 where true, of a round

    distinct[u, n]  = sum over k of [unit u holds a non-zero of column k] [B[k, n] != 0]        (zeros sent: without the last)
    fetched[n]      = sum over k of [some unit does] [B[k, n] != 0]
    products[n]     = sum over k of (non-zeros of column k in the round) [B[k, n] != 0]
    cycles[n]       = max(1, max over u of ceil(distinct[u, n] / values))

Neighbours of one row form a cluster, which the tree of adders sums by itself; a row cut between rounds is added up below it.
Source: Qin et al., SIGMA, HPCA 2020 (bitmasks, packing, multicast, clusters); Munoz-Martinez et al., STONNE, IISWC 2021
(a port per group of multipliers that delivers a value a cycle).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.narrow import narrow
from simulator.jit import kernel, popcount64
from simulator.sparsity.formats import resolve

WORD = 64
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Rounds:
    """Non-zeros in their order, cut into rounds.

    Attributes
    ----------
    ends : ndarray of int64, shape (M,)
        Non-zeros up to the end of each row.
    columns : ndarray of int32, shape (non-zeros,)
        Coordinate k of each.
    cuts : ndarray of int64, shape (rounds + 1,)
    size : (int, int)
        M and K.
    """

    ends: Counts
    columns: NDArray[np.int32]
    cuts: Counts
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.cuts) - 1

    def rows(self, numbers: Counts) -> Counts:
        """Coordinate m of some non-zeros."""
        return np.searchsorted(self.ends, numbers, side="right").astype(np.int64, copy=False)

    def part(self, number: int) -> slice:
        """Non-zeros of a round."""
        return slice(int(self.cuts[number]), int(self.cuts[number + 1]))

    @cached_property
    def starts(self) -> Counts:
        """Place m K + k at which each round begins to read the bitmask, and M K, shape (rounds + 1,)."""
        m, k = self.size
        inner = self.cuts[1:-1]
        return np.concatenate([[0], self.rows(inner) * k + self.columns[inner], [m * k]]).astype(np.int64)

    @cached_property
    def ended(self) -> Counts:
        """Rows whose last place a round reads, shape (rounds,)."""
        ends = (self.starts[1:]) // self.size[1]
        return np.diff(ends, prepend=0)

    @cached_property
    def clusters(self) -> Counts:
        """Rows with a non-zero in the round, shape (rounds,)."""
        heads = np.unique(self.ends[(self.ends > 0) & (self.ends < len(self.columns))])
        inside = np.searchsorted(heads, self.cuts[1:]) - np.searchsorted(heads, self.cuts[:-1], side="right")
        return np.where(np.diff(self.cuts) > 0, inside + 1, 0).astype(np.int64)

    @cached_property
    def shared(self) -> Counts:
        """1 where the first row of a round began in the one before, shape (rounds + 1,); 0 at both ends."""
        inner = self.cuts[1:-1]
        found = np.zeros(len(self.cuts), dtype=np.int64)
        found[1:-1] = self.rows(inner) == self.rows(inner - 1)
        return found


def pack(mask: Mask, multipliers: int, whole: bool) -> Rounds:
    """Cut the non-zeros of a matrix into rounds.

    Parameters
    ----------
    mask : ndarray of bool, shape (M, K)
    multipliers : int
    whole : bool
        A row that does not fit what is left of a round begins the next one; otherwise it is split.

    Returns
    -------
    Rounds
        At least one, which is empty when nothing is stored.
    """
    octets = np.zeros((len(mask), -(-mask.shape[1] // WORD) * (WORD // 8)), dtype=np.uint8)
    octets[:, : -(-mask.shape[1] // 8)] = np.packbits(mask, axis=1, bitorder="little")
    words = octets.view(np.uint64)
    counts = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    total = int(counts.sum())
    columns = np.empty(total, dtype=np.int32)
    _coordinates(words, columns)
    if whole:
        cuts = _whole(counts, multipliers)
    else:
        cuts = [*range(0, max(1, total), multipliers), total]
    return Rounds(np.cumsum(counts), columns, np.array(cuts, dtype=np.int64), (mask.shape[0], mask.shape[1]))


@kernel
def _coordinates(words: NDArray[np.uint64], columns: NDArray[np.int32]) -> None:
    """Column of every one, row after row; bit i of a row's word w is its column 64 w + i."""
    place, one = 0, np.uint64(1)
    for row in range(words.shape[0]):
        for w in range(words.shape[1]):
            left = words[row, w]
            while left != np.uint64(0):
                below = (left & (~left + one)) - one  # the zeros below the lowest one
                columns[place] = w * WORD + popcount64(below)
                left &= left - one
                place += 1


def _whole(counts: NDArray[np.intp], multipliers: int) -> list[int]:
    cuts, end = [0], 0
    for count in counts.tolist():
        if end + count - cuts[-1] > multipliers and end > cuts[-1]:
            cuts.append(end)
        end += count
        while end - cuts[-1] > multipliers:
            cuts.append(cuts[-1] + multipliers)
    return [*cuts, end]


@dataclass(frozen=True)
class Steps:
    """What the columns streamed past some rounds ask for; arrays of int64, shape (rounds, N).

    Attributes
    ----------
    cycles : ndarray
        Of the slowest unit's network.
    fetched, delivered, products : ndarray
        Values read once for all units; values entering units; multiplications of two non-zeros.
    """

    cycles: Counts
    fetched: Counts
    delivered: Counts
    products: Counts

    def __getitem__(self, number: int) -> Steps:
        """One round's, arrays of shape (N,)."""
        tables = (self.cycles, self.fetched, self.delivered, self.products)
        return Steps(*(table[number] for table in tables))


def stream(
    rounds: Rounds, numbers: range, inputs: NDArray[np.uint64], unit: int, values: int, sent: bool
) -> Steps:
    """Stream columns past consecutive rounds.

    Parameters
    ----------
    rounds : Rounds
    numbers : range
    inputs : ndarray of uint64, shape (ceil(K / 64), N)
        Non-zeros, see :func:`bits`.
    unit : int
        Multipliers of a unit.
    values : int
        Different values that enter a unit in a cycle.
    sent : bool
        Zeros that a multiplier awaits are delivered too.
    """
    found = np.zeros((4, len(numbers), inputs.shape[1]), dtype=np.int64)
    if found.size:
        _stream(rounds.columns, rounds.cuts, numbers.start, inputs, rounds.size[1], unit, sent, found)
    slowest, fetched, delivered, products = found
    return Steps(np.maximum(1, -(-slowest // values)), fetched, delivered, products)


def bits(mask: Mask) -> NDArray[np.uint64]:
    """Columns of a mask as words, K side by side.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, N)

    Returns
    -------
    ndarray of uint64, shape (ceil(K / 64), N)
        Bit i of word (w, n) is mask[64 w + i, n].
    """
    words = np.zeros((-(-mask.shape[0] // WORD), mask.shape[1]), dtype=np.uint64)
    _bits(np.ascontiguousarray(mask).view(np.uint8), words)
    return words


@kernel
def _bits(mask: NDArray[np.uint8], words: NDArray[np.uint64]) -> None:
    for k in range(mask.shape[0]):
        source, target, place = mask[k], words[k // WORD], np.uint64(k % WORD)
        for n in range(source.shape[0]):
            target[n] |= np.uint64(source[n]) << place


@kernel
def _add(word: np.uint64, inputs: NDArray[np.uint64], times: int, sums: Counts) -> None:
    """Add `times` the ones that a word has in common with every column."""
    for n in range(sums.shape[0]):
        sums[n] += times * popcount64(word & inputs[n])


@kernel
def _stream(
    columns: NDArray[np.int32],
    cuts: Counts,
    first: int,
    inputs: NDArray[np.uint64],
    depth: int,
    unit: int,
    sent: bool,
    found: Counts,
) -> None:
    """Rows of `found`: values of the slowest unit, fetched, delivered, products.

    A unit is the word of what it holds, a round the bits of how often it holds each k.
    """
    words, planes = inputs.shape[0], 1
    while (cuts[first + found.shape[1]] - cuts[first]) >> planes:
        planes += 1
    mask, counts = np.zeros(words, dtype=np.uint64), np.zeros(depth, dtype=np.int64)
    plane, met = np.zeros((planes, words), dtype=np.uint64), np.zeros(inputs.shape[1], dtype=np.int64)
    one = np.uint64(1)
    for number in range(found.shape[1]):
        slowest, fetched, delivered, products = (
            found[0, number],
            found[1, number],
            found[2, number],
            found[3, number],
        )
        counts[:], plane[:] = 0, 0
        stop = cuts[first + number + 1]
        for start in range(cuts[first + number], stop, unit):
            mask[:] = 0
            for i in range(start, min(stop, start + unit)):
                counts[columns[i]] += 1
                mask[columns[i] // WORD] |= one << np.uint64(columns[i] % WORD)
            met[:] = 0
            for w in range(words):
                if sent:
                    met[:] += popcount64(mask[w])
                elif mask[w]:
                    _add(mask[w], inputs[w], 1, met)
            for n in range(met.shape[0]):
                slowest[n] = max(slowest[n], met[n])
                delivered[n] += met[n]
        for k in range(depth):
            for p in range(planes):
                plane[p, k // WORD] |= np.uint64((counts[k] >> p) & 1) << np.uint64(k % WORD)
        for w in range(words):
            held = np.uint64(0)
            for p in range(planes):
                held |= plane[p, w]
                if plane[p, w]:
                    _add(plane[p, w], inputs[w], 1 << p, products)
            if held:
                _add(held, inputs[w], 1, fetched)


def multiply(
    weights: NDArray[np.int64], inputs: NDArray[np.int64], multipliers: int, whole: bool, drop: bool
) -> NDArray[np.int64]:
    """Outputs as the machine finds them: multipliers filled from compressed weights, stored inputs spread by their masks.

    Parameters
    ----------
    weights, inputs : ndarray of int64, shapes (M, K) and (K, N)
    multipliers : int
    whole, drop : bool
        Rows begin whole; weights that meet no non-zero are dropped.

    Returns
    -------
    ndarray of int64, shape (M, N)
    """
    form = resolve("bitmask")
    weights, inputs = narrow(weights, inputs)
    a, b = (form.encode(np.ascontiguousarray(operand)) for operand in (weights, inputs.T))
    masks = [stored.metadata["mask"].entries.reshape(stored.shape) == 1 for stored in (a, b)]
    matched = masks[0] & masks[1].any(axis=0) if drop else masks[0]
    held = a.data[matched[masks[0]]]
    values = np.zeros(masks[1].shape, dtype=b.data.dtype)
    values[masks[1]] = b.data
    rounds = pack(matched, multipliers, whole)
    sums = np.zeros((weights.shape[0], inputs.shape[1]), dtype=values.dtype)
    _reduce(rounds.cuts, rounds.columns, rounds.ends, held, np.ascontiguousarray(values.T), sums)
    return sums.astype(np.int64, copy=False)


@kernel
def _reduce(
    cuts: Counts,
    columns: NDArray[np.int32],
    ends: Counts,
    held: NDArray[Any],
    streamed: NDArray[Any],
    sums: NDArray[Any],
) -> None:
    """Round by round: every column meets what the multipliers hold, and neighbours that hold weights of one row add up to it."""
    row = 0
    for number in range(len(cuts) - 1):
        for i in range(cuts[number], cuts[number + 1]):
            while ends[row] <= i:
                row += 1
            weight, source, target = held[i], streamed[columns[i]], sums[row]
            for n in range(target.shape[0]):
                target[n] += weight * source[n]
