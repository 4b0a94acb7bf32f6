"""Sparse acceleration features of a single multiplier walking two fibers in step.

With leader fiber A and follower fiber B over the coordinates of one rank:

* none: every coordinate costs a cycle, a read of each operand and a multiplication;
* gate B <- A: the cycle stays, B is read and multiplied only where A is non-zero;
* skip B <- A: only coordinates where A is non-zero cost anything;
* skip A <-> B: only coordinates where both are.

Gating saves energy, skipping saves cycles too and needs metadata ahead of the data. Vocabulary: Sparseloop (Wu et al., MICRO 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest

FEATURES = ("none", "gate", "skip", "skip_both")


@dataclass(frozen=True)
class Steps:
    """What each cycle does: 0/1 arrays of int32, shape (cycles,)."""

    coordinates: NDArray[np.int64]
    leader_reads: NDArray[np.int32]
    follower_reads: NDArray[np.int32]
    macs: NDArray[np.int32]


def coiterate(leader: NDArray[np.bool_], follower: NDArray[np.bool_], feature: str) -> Steps:
    """Walk two fibers under a feature.

    Parameters
    ----------
    leader, follower : ndarray of bool, shape (coordinates,)
    feature : str
        ``none``, ``gate`` (B <- A), ``skip`` (B <- A) or ``skip_both`` (A <-> B).

    Raises
    ------
    InputError
        Unknown feature, or fibers of different lengths.
    """
    if leader.shape != follower.shape or leader.ndim != 1:
        raise InputError(
            f"fibers of shapes {leader.shape} and {follower.shape}: both must be one rank of one length"
        )
    if feature not in FEATURES:
        raise InputError(f"unknown sparse acceleration feature {feature!r}; {suggest(feature, FEATURES)}")
    everywhere = np.ones(leader.shape, dtype=bool)
    kept = {"none": everywhere, "gate": everywhere, "skip": leader, "skip_both": leader & follower}[feature]
    coordinates = np.flatnonzero(kept)
    active = (everywhere if feature == "none" else leader)[coordinates].astype(np.int32)
    return Steps(coordinates, np.ones(len(coordinates), dtype=np.int32), active, active.copy())
