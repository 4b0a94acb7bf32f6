"""Passes over the rows of an accumulator tile, when one does not take them all at once.

An accumulator tile of R rows meets every window of inputs several times: with term i of its weights, r_i of its rows at a time::

    for k in windows: for term i: for rows start .. start + r_i: a pass

Its inputs and partial sums stay where they are meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pass:
    """One pass over each window of an accumulator tile.

    Attributes
    ----------
    row : int
        Accumulator tile.
    term : int
        Of the weights, from 0.
    start, stop : int
        Rows, first and beyond the last.
    begin, end : bool
        Whether the reduction of these rows begins with it in the first window, and ends with it in the last.
    reads : bool
        Whether it reads weights from the global buffer.
    spaces : int
        Shares of an accumulator column its rows have; shares have equally many rows.
    """

    row: int
    term: int
    start: int
    stop: int
    begin: bool
    end: bool
    reads: bool
    spaces: int


def passes(size: int, rows: Sequence[int], reads: Sequence[bool]) -> tuple[Pass, ...]:
    """Passes of accumulator tiles that are as large as the largest pass.

    Parameters
    ----------
    size : int
        Rows of the layer, M.
    rows : sequence of int
        Most rows of a pass of each term.
    reads : sequence of bool
        Of each term.
    """
    largest, share = max(rows), math.gcd(*rows)
    found = []
    for tile, first in enumerate(range(0, size, largest)):
        beyond = min(size, first + largest)
        for term, most in enumerate(rows):
            begin, end = term == 0, term == len(rows) - 1
            for start in range(first, beyond, most):
                stop = min(beyond, start + most)
                spaces = -(-(stop - start) // share)
                found.append(Pass(tile, term, start, stop, begin, end, reads[term], spaces))
    return tuple(found)
