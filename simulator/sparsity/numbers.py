"""Number formats of stored values, as integers: a value is a code times the format's unit.

    floating point, e exponent bits, m mantissa bits:   code = f                        exponent field 0
                                                        code = (2**m + f) 2**(E - 1)    exponent field E >= 1
    integers of b bits, symmetric:                      code = -(2**(b-1) - 1) .. 2**(b-1) - 1

E2M1 has codes 0, 1, 2, 3, 4, 6, 8, 12 of a half. Source: OCP Microscaling Formats (MX) v1.0, sections 5.3.1 (E4M3) and 5.3.3
(E2M1); binary16 of IEEE 754 is known by its bits only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest


@dataclass(frozen=True)
class Number:
    """A number format.

    Attributes
    ----------
    name : str
    bits : int
    exponent, mantissa : int
        Bits of each; exponent 0: a symmetric integer.
    unit : float
        What code 1 is worth.
    special : int
        Largest magnitudes that are no numbers.
    """

    name: str
    bits: int
    exponent: int
    mantissa: int
    unit: float
    special: int = 0

    @property
    def integral(self) -> bool:
        """Whether values are told by integer codes; of fp16 only the width is."""
        return self.bits < 16

    @cached_property
    def magnitudes(self) -> NDArray[np.int64]:
        """Codes that are not negative, ascending, int64."""
        if not self.exponent:
            return np.arange(1 << (self.bits - 1), dtype=np.int64)
        fraction = np.arange(1 << self.mantissa, dtype=np.int64)
        normal = [(fraction + (1 << self.mantissa)) << (e - 1) for e in range(1, 1 << self.exponent)]
        found = np.concatenate([fraction, *normal])
        return found[: len(found) - self.special]

    @property
    def top(self) -> int:
        """Largest code."""
        return int(self.magnitudes[-1])

    def holds(self, codes: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which integers are codes, of the same shape."""
        return np.isin(np.abs(codes.astype(np.int64)), self.magnitudes)


NUMBERS = {
    number.name: number
    for number in (
        Number("fp16", 16, 5, 10, 2.0**-24, 1 << 10),
        Number("fp8", 8, 4, 3, 2.0**-9, 1),
        Number("int8", 8, 0, 0, 1.0),
        Number("fp4", 4, 2, 1, 0.5),
        Number("int4", 4, 0, 0, 1.0),
    )
}
"""By name: ``fp8`` is E4M3, ``fp4`` E2M1."""


def resolve(name: str) -> Number:
    """The number format called `name`.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in NUMBERS:
        raise InputError(f"number format {name!r}: unknown; {suggest(name, list(NUMBERS))}")
    return NUMBERS[name]
