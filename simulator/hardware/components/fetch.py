"""The fetch unit between the buffer's aligned rows and the windows a step consumes."""

from __future__ import annotations

from simulator.hardware.quantity import Count, Cycles
from simulator.hardware.specification import Specification


class Fetch(Specification):
    """Row buffers per stream.

    Attributes
    ----------
    rows : Count
        Row buffers of each stream.
    latency : Cycles
        From a row in its buffer to a window on its way.
    variable : bool
        True: windows of any size at any offset, shifted by what was consumed. False: windows must divide a row.
    padded : bool
        Uncompressed windows are stored whole: one beyond the end of K is filled up with zeros. Always so when
        windows must divide a row.
    """

    rows: Count
    latency: Cycles
    variable: bool
    padded: bool = False

    @property
    def ragged(self) -> bool:
        """Whether a window beyond the end of K is stored as short as it is."""
        return self.variable and not self.padded
