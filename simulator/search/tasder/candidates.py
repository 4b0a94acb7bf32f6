"""Which series a layer might run as: the menu of a machine, without those that another one beats.

A series is worth trying when none that costs as little keeps as much of the magnitude; that of inputs is measured on a calibration
set. Exact zeros are rare behind GELU or SiLU: the pseudo-density of inputs is the least share of elements that holds most of the
magnitude. Source: Jeong et al., arXiv 2403.07953; the share that is "most" is ours (:data:`MOST`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.transform.tasd import Series, decompose

MOST = 0.99
"""assumed: the share of the magnitude that a pseudo-density holds."""

BELOW = 0.5
"""assumed: how far below the pseudo-density of inputs the cost of a series may lie to be worth measuring."""


@dataclass(frozen=True)
class Candidate:
    """A series of one side of a layer.

    Attributes
    ----------
    side : str
        ``weights`` or ``inputs``.
    series : Series
    dropped : float
        Share of the magnitude that no term takes.
    """

    side: str
    series: Series
    dropped: float


def menu(ns: Sequence[int], length: int, terms: int) -> list[Series]:
    """All series of so many terms at most that keep a different number of every M, the fewest terms first, largest term first.

    Parameters
    ----------
    ns : sequence of int
        What a term may keep of every `length` coordinates.
    length, terms : int
    """
    found: dict[int, tuple[int, ...]] = {}
    open_: list[tuple[int, ...]] = [()]
    for _ in range(terms):
        open_ = [
            (*before, n)
            for before in open_
            for n in sorted(ns, reverse=True)
            if sum(before) + n <= length and (not before or n <= before[-1])
        ]
        for each in open_:
            found.setdefault(sum(each), each)
    chosen = [found[kept] for kept in sorted(found) if kept < length]
    return [Series(tuple((n, length) for n in each)) for each in chosen]


def candidates(
    tensors: dict[str, NDArray[Any]], series: Sequence[Series], least: float = 0.0, below: float = BELOW
) -> list[Candidate]:
    """The series of a layer that are worth trying.

    Parameters
    ----------
    tensors : dict of str to ndarray
        ``weights``, ``inputs`` or both, with K last.
    series : sequence of Series
    least : float
        Share of the magnitude that must be kept at least.
    below : float
        Series of inputs that cost less than their pseudo-density by more than this are left out.

    Returns
    -------
    list of Candidate
        Cheapest first; of each side none that keeps no more than a cheaper one.
    """
    found = []
    for side, tensor in tensors.items():
        kept, start = 0.0, pseudo_density(tensor) - below if side == "inputs" else 0.0
        for each in sorted(series, key=lambda s: s.cost):
            if each.cost < start:
                continue
            parts = decompose(tensor, each, axis=-1, pad=True)
            share = 1.0 if parts.magnitude == 0 else 1 - parts.dropped_magnitude / parts.magnitude
            if share > kept and share >= least:
                found.append(Candidate(side, each, 1 - share))
                kept = share
    return sorted(found, key=lambda c: (c.series.cost, c.dropped))


def pseudo_density(values: NDArray[Any], most: float = MOST) -> float:
    """Least share of elements whose magnitudes hold `most` of all magnitude; the density where all are equal and `most` is 1.

    Raises
    ------
    InputError
        A share outside 0 to 1.
    """
    if not 0 < most <= 1:
        raise InputError(f"pseudo-density: share {most} of the magnitude: must be above 0 and at most 1")
    sizes = np.sort(np.abs(values.astype(np.float64)).ravel())[::-1]
    sums = np.cumsum(sizes)
    if not len(sums) or sums[-1] == 0:
        return 0.0
    needed = int(np.searchsorted(sums, most * sums[-1] * (1 - 1e-12))) + 1
    return needed / len(sizes)
