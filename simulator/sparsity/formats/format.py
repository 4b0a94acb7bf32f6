"""What a representation format is: fibers of a matrix as data and metadata, both counted in bits.

A value is stored when it is not zero (or when the format stores zeros too); minus zero is zero. Bits are
those the hardware would store, per fiber, without any padding to words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError


@dataclass(frozen=True)
class FormatBits:
    """Exact sizes, per fiber.

    Attributes
    ----------
    data : ndarray of int64, shape (fibers,)
        Bits of the stored values.
    parts : dict of str to ndarray of int64, shape (fibers,)
        Bits of each metadata array.
    """

    data: NDArray[np.int64]
    parts: dict[str, NDArray[np.int64]]

    @property
    def metadata(self) -> NDArray[np.int64]:
        """Bits of all metadata, int64, shape (fibers,)."""
        return sum(self.parts.values(), np.zeros_like(self.data))

    @property
    def total(self) -> int:
        """Bits of data and metadata of all fibers."""
        return int(self.data.sum()) + int(self.metadata.sum())


@dataclass(frozen=True)
class MetadataArray:
    """One metadata array as stored: numbers of `width` bits.

    Attributes
    ----------
    width : int
        Bits of an entry; 0 when there is only one possible value.
    entries : ndarray of uint32, shape (entries of all fibers,)
        Each below 2**width.
    per_fiber : ndarray of int64, shape (fibers,)
        Entries of each fiber.
    """

    width: int
    entries: NDArray[np.uint32]
    per_fiber: NDArray[np.int64]

    @property
    def bits(self) -> NDArray[np.int64]:
        """Bits per fiber, int64, shape (fibers,)."""
        return self.width * self.per_fiber


@dataclass(frozen=True)
class Encoded:
    """A matrix as stored.

    Attributes
    ----------
    shape : (int, int)
        Fibers and coordinates of the matrix.
    value_bits : int
        Bits of a stored value.
    data : ndarray, shape (stored values of all fibers,)
        Fiber after fiber, in the dtype of the matrix.
    per_fiber : ndarray of int64, shape (fibers,)
        Stored values of each fiber.
    metadata : dict of str to MetadataArray
    """

    shape: tuple[int, int]
    value_bits: int
    data: NDArray[Any]
    per_fiber: NDArray[np.int64]
    metadata: dict[str, MetadataArray]

    @property
    def data_bits(self) -> NDArray[np.int64]:
        """Bits of the stored values, int64, shape (fibers,)."""
        return self.value_bits * self.per_fiber

    @property
    def metadata_bits(self) -> NDArray[np.int64]:
        """Bits of the metadata, int64, shape (fibers,)."""
        return sum((part.bits for part in self.metadata.values()), np.zeros_like(self.per_fiber))


class Format(Protocol):
    """A way to store fibers."""

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """Exact sizes of the fibers of `mask` (true is non-zero), shape (fibers, coordinates).

        Needs memory for a few million elements besides the mask, whatever its size.

        Raises
        ------
        InputError
            Not a matrix of bool, negative `value_bits`, or a mask the format cannot hold.
        """
        ...

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """Store a matrix, shape (fibers, coordinates); `value_bits` defaults to the width of its dtype.

        Its sizes are those :meth:`bits` counts for ``values != 0``. Needs some 24 bytes per non-zero: meant
        for tiles.

        Raises
        ------
        InputError
            Not a matrix, negative `value_bits`, or values the format cannot hold.
        """
        ...

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """The matrix again, from data, metadata and shape alone."""
        ...


def check_matrix(values: NDArray[Any], value_bits: int | None) -> tuple[NDArray[Any], int]:
    """Return a matrix and the bits of a value, or raise InputError."""
    if not isinstance(values, np.ndarray) or values.ndim != 2:
        shape = values.shape if isinstance(values, np.ndarray) else type(values).__name__
        raise InputError(f"a format stores a matrix (fibers, coordinates), not {shape}")
    bits = 8 * values.dtype.itemsize if value_bits is None else value_bits
    if bits < 0:
        raise InputError(f"value_bits {value_bits}: must be at least 0")
    return values, bits


def width(choices: int) -> int:
    """Bits that tell `choices` >= 1 possibilities apart: ceil(log2 choices)."""
    return (choices - 1).bit_length()
