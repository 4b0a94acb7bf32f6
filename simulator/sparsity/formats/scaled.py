"""Vectors of codes that share a scale: every coordinate is stored, and a scale per vector.

    value = scale x code,   data = coordinates x value_bits,   scales = ceil(coordinates / vector) x scale_bits

`encode` takes the greatest common divisor of a vector as its scale, so that any integers go through and come back exactly; what
is left of codes of a number format are codes of it again. Source: Dai et al., VS-Quant (arXiv 2102.04503), per-vector scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import check_mask
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix


@dataclass(frozen=True)
class Scaled:
    """Codes and scales.

    Parameters
    ----------
    vector : int
        Coordinates that share a scale.
    scale_bits : int

    Raises
    ------
    InputError
        Either is less than 1.
    """

    vector: int = 16
    scale_bits: int = 8

    def __post_init__(self) -> None:
        if self.vector < 1 or self.scale_bits < 1:
            raise InputError(
                f"scales of {self.scale_bits} b per {self.vector} coordinates: both must be at least 1"
            )

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        data = np.full(mask.shape[0], mask.shape[1] * value_bits, dtype=np.int64)
        return FormatBits(data, {"scale": np.full_like(data, self._vectors(mask.shape[1]) * self.scale_bits)})

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        fibers, coordinates = values.shape
        codes, scales = self.factors(values)
        stored = np.full(fibers, coordinates, dtype=np.int64)
        vectors = np.full(fibers, self._vectors(coordinates), dtype=np.int64)
        scale = MetadataArray(self.scale_bits, scales.ravel().astype(np.uint32), vectors)
        return Encoded(values.shape, bits, codes.ravel(), stored, {"scale": scale})

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        fibers, coordinates = encoded.shape
        scales = encoded.metadata["scale"].entries.reshape(fibers, -1).astype(np.int64)
        spread = np.repeat(scales, self.vector, axis=1)[:, :coordinates]
        values: NDArray[Any] = (encoded.data.reshape(encoded.shape) * spread).astype(encoded.data.dtype)
        return values

    def factors(self, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """(Codes, scales) of integers, shapes (fibers, coordinates) and (fibers, vectors); a vector of zeros has scale 1."""
        fibers, coordinates = values.shape
        vectors = self._vectors(coordinates)
        padded = np.pad(np.abs(values.astype(np.int64)), ((0, 0), (0, vectors * self.vector - coordinates)))
        scales = np.maximum(1, np.gcd.reduce(padded.reshape(fibers, vectors, self.vector), axis=2))
        codes = values // np.repeat(scales, self.vector, axis=1)[:, :coordinates]
        return codes.astype(values.dtype), scales

    def _vectors(self, coordinates: int) -> int:
        return -(-coordinates // self.vector)
