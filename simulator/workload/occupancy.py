"""Declared occupancy of a tensor: how many elements are non-zero, and how they are said to lie.

    fixed-structured   every tile of n elements holds n d of them
    hypergeometric     n elements drawn without replacement from a tensor with ceil(N d) non-zeros
    banded             non-zeros within `band_width` of the diagonal of a matrix
    actual             the recorded tensor itself

Names after Sparseloop (Wu et al., MICRO 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

DISTRIBUTIONS = ("fixed-structured", "hypergeometric", "banded", "actual")


@dataclass(frozen=True)
class Occupancy:
    """What is declared of a tensor's non-zeros.

    Attributes
    ----------
    distribution : str
        One of :data:`DISTRIBUTIONS`.
    density : Fraction
        Non-zeros per element, 0..1, exactly as written; derived from the band for ``banded``.
    band_width : int or None
        Half the width of the band in elements, for ``banded`` only.
    size : int or None
        Elements of the tensor the density is told of, where it is not the tensor's own size.
    path : str or None
        File of an ``actual`` tensor (``.npy``, ``.npz`` or ``file.npz:array``); None: the tensor is given with the run.
    """

    distribution: str = "fixed-structured"
    density: Fraction = Fraction(1)
    band_width: int | None = None
    size: int | None = None
    path: str | None = None


DENSE = Occupancy()
