"""Bitmask: a bit per coordinate says whether its value is stored.

data = non-zeros * value_bits          metadata = coordinates * 1 bit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.fibers import check_mask, fiber_counts
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix
from simulator.sparsity.spans import MOST, occupied


@dataclass(frozen=True)
class Bitmask:
    """Non-zero values in order; metadata array ``mask``."""

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        metadata = np.full(mask.shape[0], mask.shape[1], dtype=np.int64)
        return FormatBits(fiber_counts(mask) * value_bits, {"mask": metadata})

    def columns(
        self, mask: NDArray[np.bool_], edges: NDArray[np.int64], value_bits: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(Data, metadata) bits of fibers that run down spans of rows, int64, shape (spans, N).

        Parameters
        ----------
        mask : ndarray of bool, shape (K, N)
        edges : ndarray of int64, shape (spans + 1,)
            First row of every span, and the one after the last.
        value_bits : int
        """
        elements, _ = occupied(mask, edges, MOST)
        metadata = np.broadcast_to(np.diff(edges)[:, None], elements.shape)
        return elements * np.int64(value_bits), metadata

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        fibers, coords = values.shape
        mask = values != 0
        entries = mask.ravel().astype(np.uint32)
        metadata = {"mask": MetadataArray(1, entries, np.full(fibers, coords, dtype=np.int64))}
        return Encoded((fibers, coords), bits, values[mask], fiber_counts(mask), metadata)

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        values = np.zeros(encoded.shape, dtype=encoded.data.dtype)
        values[encoded.metadata["mask"].entries.reshape(encoded.shape) == 1] = encoded.data
        return values
