"""Units that take structured terms out of blocks of inputs on their way to the multipliers."""

from __future__ import annotations

from simulator.hardware.quantity import Bytes, Count, Cycles
from simulator.hardware.specification import Specification


class Tasd(Specification):
    """TASD units, which work in lock step: a block each, a non-zero of it per cycle.

    Attributes
    ----------
    units : Count
    latency : Cycles
        From the end of an extraction to the weight registers' port.
    residual : Bytes
        What the terms of a window have left for those after them, kept in the units.
    """

    units: Count
    latency: Cycles
    residual: Bytes
