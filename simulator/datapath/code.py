"""How a datapath lays the stationary operand (weights, M x K) out in windows of K.

A step consumes one window: `window` consecutive coordinates of K, of which every row of weights stores `slots` values and
`metadata_bits` bits. Steps over K are ceil(K / window).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.formats import Format
from simulator.workload.layer import Layer


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
    """

    pattern: str
    window: int
    slots: int
    metadata_bits: int
    blocks: int
    choices: int
    padded: bool
    operand: Format | None = None

    def stored(self, coordinates: int) -> int:
        """Values stored per row for a window that covers `coordinates` <= window coordinates of K."""
        return self.slots if self.padded else min(self.slots, coordinates)


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

    def outputs(self, code: Code, weights: NDArray[np.int64], inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Multiply through the datapath's own selection logic.

        Parameters
        ----------
        code : Code
        weights : ndarray of int64, shape (M, K)
        inputs : ndarray of int64, shape (K, N)

        Returns
        -------
        ndarray of int64, shape (M, N)
        """
        ...
