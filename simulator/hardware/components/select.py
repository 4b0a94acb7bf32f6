"""Rank-1 selection: which blocks of a window go to which PE."""

from __future__ import annotations

from simulator.hardware.quantity import Count, Cycles
from simulator.hardware.specification import Specification


class Select(Specification):
    """A pipeline stage in front of the arrays.

    Attributes
    ----------
    latency : Cycles
    queue : Count
        Windows waiting in front of it.
    """

    latency: Cycles
    queue: Count
