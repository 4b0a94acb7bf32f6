"""How a datapath lays the stationary operand (weights, M x K) out in windows of K.

A step consumes one window: `window` consecutive coordinates of K, of which every row of weights stores `slots` values and
`metadata_bits` bits. Steps over K are ceil(K / window).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.formats import Format
from simulator.workload.layer import Layer


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of weights that differ, in the order they run; all groups of a convolution share the numbers.

    Attributes
    ----------
    order : ndarray of int64, shape (groups, M)
        Row of the group that runs at each place.
    slots, metadata_bits : ndarray of int64, shape (M,)
        Values stored (and multipliers occupied) per window, and bits of metadata, of the row at each place.
    """

    order: NDArray[np.int64]
    slots: NDArray[np.int64]
    metadata_bits: NDArray[np.int64]


@dataclass(frozen=True)
class Code:
    """Layout of the weights of one layer.

    Attributes
    ----------
    pattern : str
        The concrete pattern the datapath runs.
    window : int
        Coordinates of K consumed per step.
    slots : int
        Values stored per row and full window (multipliers a row occupies).
    metadata_bits : int
        Metadata bits per row and window.
    blocks : int
        Blocks selected per row and window (rank 1), 0 without such a selection.
    choices : int
        Ways of the value mux in front of each multiplier (rank 0), 1 when there is none.
    padded : bool
        A ragged last window still stores all its slots.
    operand : Format or None
        How a row of weights is stored, when the datapath decodes it from a format.
    inputs : (str, Format) or None
        Name and form of the one format the inputs are stored in; None: the smallest of those the machine has.
    cycles : int
        Cycles of a step.
    issued : int or None
        Multiplications of a row in a step; None: as many as it stores values.
    delivered : int or None
        Bits of a window on its way to the arrays; None: every coordinate uncompressed.
    rows : Rows or None
        Rows that store different numbers of values, and the order they run in; None: all are alike.
    widths : (int, int) or None
        Bits of a weight and of an input; None: those of the machine.
    rate : int or None
        Multiplications a row starts per cycle; None: as many as it has multipliers.
    terms : tuple of Code
        Layouts of the terms of a sum of products; the other attributes are then those of the widest window. Empty: there is one
        product.
    shared : bool
        Terms multiply the same inputs, which stay in place with the partial sums while one term after the other passes over
        them. Otherwise each has inputs of its own: terms lie one after the other along K, equally long.
    """

    pattern: str
    window: int
    slots: int
    metadata_bits: int
    blocks: int
    choices: int
    padded: bool
    operand: Format | None = None
    inputs: tuple[str, Format] | None = None
    cycles: int = 1
    issued: int | None = None
    delivered: int | None = None
    rows: Rows | None = None
    widths: tuple[int, int] | None = None
    rate: int | None = None
    terms: tuple[Code, ...] = ()
    shared: bool = False

    @property
    def kept(self) -> int:
        """N of an N of M layout: values stored of every `choices` coordinates."""
        return self.slots * self.choices // self.window

    def stored(self, coordinates: int) -> int:
        """Values stored per row for a window that covers `coordinates` <= window coordinates of K."""
        return self.slots if self.padded else min(self.slots, coordinates)

    def multiplied(self, coordinates: int) -> int:
        """Multiplications of a row in a step whose window covers `coordinates` of K."""
        return self.stored(coordinates) if self.issued is None else self.issued

    def held(self, start: int, stop: int, coordinates: int) -> tuple[int, int]:
        """(Values, metadata bits) of some rows of a window that covers `coordinates` of K."""
        if self.rows is None:
            return (stop - start) * self.stored(coordinates), (stop - start) * self.metadata_bits
        return int(self.rows.slots[start:stop].sum()), int(self.rows.metadata_bits[start:stop].sum())

    def issues(self, start: int, stop: int, coordinates: int) -> int:
        """Multiplications of some rows in a step whose window covers `coordinates` of K."""
        if self.rows is None:
            return (stop - start) * self.multiplied(coordinates)
        return int(self.rows.slots[start:stop].sum())

    def window_bits(self, width: int) -> int:
        """Bits of a window on its way to the arrays, inputs being `width` bits wide."""
        return self.window * width if self.delivered is None else self.delivered


class Datapath(Protocol):
    """What every datapath offers."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """Choose the layout of `layer`'s weights on `machine`.

        Raises
        ------
        InputError
            The declared pattern is not supported, or the weights do not satisfy it.
        InfeasibleError
            The machine's array cannot run the pattern.
        """
        ...

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """Multiply through the datapath's own selection logic.

        Parameters
        ----------
        code : Code
        weights, inputs : ndarray of int64, or of int32 where every sum fits, shapes (M, K) and (K, N)

        Returns
        -------
        ndarray of integers of the same type or wider, shape (M, N)
        """
        ...
