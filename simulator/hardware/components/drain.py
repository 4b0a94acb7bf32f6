"""The way of finished outputs out of the accumulators."""

from __future__ import annotations

from simulator.hardware.quantity import BytesPerCycle, Count
from simulator.hardware.specification import Specification


class Drain(Specification):
    """Requantisation and drain.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        Of requantised outputs.
    queue : Count
        Columns of outputs waiting behind it.
    """

    bandwidth: BytesPerCycle
    queue: Count
