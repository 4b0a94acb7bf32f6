"""How a datapath with N of M weights stores where its values belong."""

from __future__ import annotations

from typing import Literal

from simulator.hardware.quantity import Bits
from simulator.hardware.specification import Specification


class Offsets(Specification):
    """A field per stored weight.

    Attributes
    ----------
    format : str
        ``coordinate``: the place in the block of M. ``run_length``: the zeros since the value before it in the
        block.
    least : Bits
        Narrowest field. Fields divide a metadata word without rest, so a width is the least divisor of it that
        suffices: ceil(log2 M) for coordinates, ceil(log2(M - N)) for runs (every run but the longest).
    """

    format: Literal["coordinate", "run_length"]
    least: Bits

    def width(self, kept: int, length: int, word: int) -> int:
        """Bits of a field of `kept` of `length` weights, in metadata words of `word` bits."""
        places = length if self.format == "coordinate" else max(1, length - kept)
        needed = max(self.least.value, (places - 1).bit_length())
        return next((w for w in range(needed, word) if word % w == 0), max(needed, word))
