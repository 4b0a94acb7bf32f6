"""Uncompressed: every coordinate has its slot, zero or not.

data = coordinates * value_bits          metadata = 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.fibers import check_mask
from simulator.sparsity.formats.format import Encoded, FormatBits, check_matrix


@dataclass(frozen=True)
class Uncompressed:
    """All values in order."""

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        return FormatBits(np.full(mask.shape[0], mask.shape[1] * value_bits, dtype=np.int64), {})

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        fibers, coords = values.shape
        return Encoded((fibers, coords), bits, values.ravel(), np.full(fibers, coords, dtype=np.int64), {})

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        return encoded.data.reshape(encoded.shape)
