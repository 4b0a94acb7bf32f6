"""Compression of outputs into the format the next layer reads."""

from __future__ import annotations

from simulator.hardware.quantity import Count, Cycles
from simulator.hardware.specification import Specification


class Compress(Specification):
    """A pipeline stage between drain and main memory.

    Attributes
    ----------
    latency : Cycles
    queue : Count
        Bursts waiting for main memory.
    """

    latency: Cycles
    queue: Count
