"""Bits in a row: how a stream of windows is served by aligned rows.

A stream holds the windows of its steps one behind the other, b[j] bits each, c[j] = b[0] + .. + b[j-1], in
rows of R bits. Step j needs rows up to ceil(c[j+1] / R), and has used up floor(c[j+1] / R):

    takes[j]    = ceil(c[j+1] / R)  - ceil(c[j] / R)
    releases[j] = floor(c[j+1] / R) - floor(c[j] / R),  the last step releases what is left

so at most ceil(c[j+1] / R) - floor(c[j] / R) rows are held at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stream:
    """Row traffic of one stream.

    Attributes
    ----------
    takes, releases : ndarray of int32, shape (steps,) or (period,)
        Rows first needed and rows used up by each step; one period when the stream is uniform, except that
        the last step releases `last_release` rows and takes `last_take`.
    steps, rows, bits : int
        Steps, rows read in all, bits used.
    held : int
        Most rows held at once.
    """

    takes: NDArray[np.int32]
    releases: NDArray[np.int32]
    last_take: int
    last_release: int
    steps: int
    rows: int
    bits: int
    held: int


def stream(bits: NDArray[np.int64], row: int) -> Stream:
    """Serve steps of so many bits from rows of `row` bits; a stream without bits still reads one row."""
    steps = len(bits)
    if not bits.any():
        bits = bits.copy()
        bits[-1] = 1
    uniform = bool((bits == bits[0]).all())
    used = np.zeros(steps + 1, dtype=np.int64)
    np.cumsum(bits, out=used[1:])
    upper, lower = -(-used // row), used // row
    takes, releases = np.diff(upper), np.diff(lower)
    last_release = int(upper[-1] - lower[-2])
    last_take, total, held = int(takes[-1]), int(used[-1]), int((upper[1:] - lower[:-1]).max())
    if uniform:
        period = min(steps, row // np.gcd(row, int(bits[0])))
        takes, releases = takes[:period], releases[:period]
    return Stream(
        takes.astype(np.int32),
        releases.astype(np.int32),
        last_take,
        last_release,
        steps,
        int(upper[-1]),
        total,
        held,
    )


def spread(total: int, over: int) -> NDArray[np.int32]:
    """How many of `total` things each of `over` items needs first when they are served in proportion (sums to
    total).
    """
    edges = -(-np.arange(over + 1, dtype=np.int64) * total // over)
    return np.diff(edges).astype(np.int32)


def largest(sums: Ints, windows: int) -> Ints:
    """The most that pieces of so many windows have of a column, of several quantities.

    Parameters
    ----------
    sums : ndarray of int64, shape (Q, groups, all windows, columns)
    windows : int

    Returns
    -------
    ndarray of int64, shape (Q,)
    """
    quantities, groups, count, columns = sums.shape
    found = np.zeros(quantities, dtype=np.int64)
    _largest(sums.reshape(-1), quantities, groups, count, columns, windows, found)
    return found


@apart
def _largest(
    sums: Ints, quantities: int, groups: int, count: int, columns: int, windows: int, found: Ints
) -> None:
    """See :func:`largest`, of a flat array; `found` is zeros."""
    for group in range(quantities * groups):
        most = found[group // groups]
        for column in range(columns):
            first = 0
            while first < count:
                total = 0
                for w in range(first, min(count, first + windows)):
                    total += sums[(group * count + w) * columns + column]
                most, first = max(most, total), first + windows
        found[group // groups] = most
