"""Number formats a machine multiplies in, and how it scales vectors of them."""

from __future__ import annotations

from simulator.hardware.quantity import Bits, Count
from simulator.hardware.specification import Specification


class Rates(Specification):
    """Multiplications a row starts per cycle, by number format; absent: it has no multipliers for it.

    Attributes
    ----------
    fp16, fp8, int8, fp4, int4 : Count or None
    """

    fp16: Count | None = None
    fp8: Count | None = None
    int8: Count | None = None
    fp4: Count | None = None
    int4: Count | None = None

    @property
    def numbers(self) -> dict[str, int]:
        """Rates by name, of what there is."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: rate.value for name, rate in found.items() if rate is not None}


class Scales(Specification):
    """Scales of vectors along K, of both operands.

    Attributes
    ----------
    vector : Count
        Coordinates that share one.
    width : Bits
    """

    vector: Count
    width: Bits
