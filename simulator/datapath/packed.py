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

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.formats import resolve

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Rounds:
    """Non-zeros in their order, cut into rounds.

    Attributes
    ----------
    rows, columns : ndarray of int64, shape (non-zeros,)
        Coordinates m and k of each.
    cuts : ndarray of int64, shape (rounds + 1,)
    size : (int, int)
        M and K.
    """

    rows: Counts
    columns: Counts
    cuts: Counts
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.cuts) - 1

    def part(self, number: int) -> slice:
        """Non-zeros of a round."""
        return slice(int(self.cuts[number]), int(self.cuts[number + 1]))

    @cached_property
    def starts(self) -> Counts:
        """Place m K + k at which each round begins to read the bitmask, and M K, shape (rounds + 1,)."""
        m, k = self.size
        flat = self.rows * k + self.columns
        return np.concatenate([[0], flat[self.cuts[1:-1]], [m * k]]).astype(np.int64)

    @cached_property
    def ended(self) -> Counts:
        """Rows whose last place a round reads, shape (rounds,)."""
        ends = (self.starts[1:]) // self.size[1]
        return np.diff(ends, prepend=0)

    @cached_property
    def clusters(self) -> Counts:
        """Rows with a non-zero in the round, shape (rounds,)."""
        return np.array([len(np.unique(self.rows[self.part(r)])) for r in range(len(self))], dtype=np.int64)

    @cached_property
    def shared(self) -> Counts:
        """1 where the first row of a round began in the one before, shape (rounds + 1,); 0 at both ends."""
        inner = self.cuts[1:-1]
        found = np.zeros(len(self.cuts), dtype=np.int64)
        found[1:-1] = self.rows[inner] == self.rows[inner - 1]
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
    rows, columns = np.nonzero(mask)
    total = len(rows)
    if whole:
        cuts = _whole(np.count_nonzero(mask, axis=1), multipliers)
    else:
        cuts = [*range(0, max(1, total), multipliers), total]
    return Rounds(rows, columns, np.array(cuts, dtype=np.int64), (mask.shape[0], mask.shape[1]))


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
    rounds: Rounds, numbers: range, inputs: NDArray[np.float32], unit: int, values: int, sent: bool
) -> Steps:
    """Stream columns past consecutive rounds.

    Parameters
    ----------
    rounds : Rounds
    numbers : range
    inputs : ndarray of float32, shape (K, N)
        1 where an input is not zero.
    unit : int
        Multipliers of a unit.
    values : int
        Different values that enter a unit in a cycle.
    sent : bool
        Zeros that a multiplier awaits are delivered too.
    """
    sizes = np.diff(rounds.cuts)[numbers.start : numbers.stop]
    units = max(1, -(-int(sizes.max()) // unit))
    held = rounds.columns[rounds.cuts[numbers.start] : rounds.cuts[numbers.stop]]
    which = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(held)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    table = np.zeros((len(sizes), units + 2, len(inputs)), dtype=np.float32)
    table[which, place // unit, held] = 1
    table[:, units] = table[:, :units].any(axis=1)
    np.add.at(table[:, units + 1], (which, held), 1)
    met = (table.reshape(-1, len(inputs)) @ inputs).reshape(len(sizes), units + 2, -1)
    awaited = table[:, :units].sum(axis=2)[..., None]
    distinct = np.broadcast_to(awaited, met[:, :units].shape) if sent else met[:, :units]
    slowest = distinct.max(axis=1).astype(np.int64)
    counts = (distinct.sum(axis=1), met[:, units], met[:, units + 1])
    delivered, fetched, products = (count.astype(np.int64) for count in counts)
    return Steps(np.maximum(1, -(-slowest // values)), fetched, delivered, products)


def multiply(
    weights: NDArray[np.int64], inputs: NDArray[np.int64], multipliers: int, whole: bool, drop: bool
) -> NDArray[np.int64]:
    """Outputs as the machine finds them: multipliers filled from compressed weights, values of inputs found by counting bits.

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
    a, b = (form.encode(np.ascontiguousarray(operand)) for operand in (weights, inputs.T))
    masks = [stored.metadata["mask"].entries.reshape(stored.shape) == 1 for stored in (a, b)]
    matched = masks[0] & masks[1].any(axis=0) if drop else masks[0]
    held = a.data[matched[masks[0]]].astype(np.int64)
    place = np.cumsum(masks[1].ravel()).reshape(masks[1].shape) - 1
    rounds = pack(matched, multipliers, whole)
    sums = np.zeros((weights.shape[0], inputs.shape[1]), dtype=np.int64)
    for number in range(len(rounds)):
        part = rounds.part(number)
        k, rows = rounds.columns[part], rounds.rows[part]
        if not len(k):
            continue
        met = masks[1][:, k]
        streamed = np.zeros(met.shape, dtype=np.int64)
        streamed[met] = b.data[place[:, k][met]]
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        sums[rows[heads]] += np.add.reduceat(streamed * held[part], heads, axis=1).T
    return sums
