"""Interval logs brought to the width of a picture: whole bins added up, so every number stays exact.

column c = bins [c m, (c + 1) m),   m = max(1, floor(cycles per column / bin width))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.record.intervals import IntervalLog


@dataclass(frozen=True)
class Columns:
    """State-cycles per column.

    Attributes
    ----------
    edges : ndarray of int64, shape (columns + 1,)
        In cycles, from 0 to the run length.
    counts : ndarray of int64, shape (len(STATES), columns)
        Cycles in each state; a column sums to its width.
    """

    edges: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each column in each state, 0..1."""
        return self.counts / np.diff(self.edges)

    def merged(self) -> Columns:
        """Neighbours of equal shares as one column: the same picture with fewer corners."""
        wide = np.diff(self.edges)
        same = (self.counts[:, 1:] * wide[:-1] == self.counts[:, :-1] * wide[1:]).all(axis=0)
        starts = np.concatenate([[0], 1 + np.flatnonzero(~same)]).astype(np.int64)
        edges = np.append(self.edges[starts], self.edges[-1])
        return Columns(edges, np.add.reduceat(self.counts, starts, axis=1))


def columns(log: IntervalLog, cycles: int, per_column: float) -> Columns:
    """Add up bins to columns of at most `per_column` cycles (but a bin at least).

    Parameters
    ----------
    log : IntervalLog
    cycles : int
        Run length, at least 1.
    per_column : float
        Cycles.
    """
    many = max(1, int(per_column // log.width))
    starts = np.arange(0, log.narrow.shape[1], many, dtype=np.int64)
    edges = np.append(starts * log.width, cycles)
    return Columns(edges, log.columns(starts))
