"""Density-bound blocks: so many values of every block, and a bit per coordinate saying which.

A fiber is cut in blocks of H = `length` coordinates (a ragged last one is padded with zeros) of which at most G = `slots` are
non-zero; G values are stored, the non-zeros in order and then zeros::

    data = blocks * G * value_bits          mask = blocks * H

Source: Liu et al., S2TA (HPCA 2022, arXiv 2107.07983), density-bound blocks, as far as public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import block_counts, check_mask
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix


@dataclass(frozen=True)
class DensityBound:
    """Values of blocks, and masks.

    Parameters
    ----------
    slots, length : int
        G of H.

    Raises
    ------
    InputError
        Not 1 <= slots <= length.
    """

    slots: int = 4
    length: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.slots <= self.length:
            raise InputError(f"density bound {self.slots} of {self.length}: must be 1 <= slots <= length")

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        self._check(mask)
        blocks = np.full(mask.shape[0], -(-mask.shape[1] // self.length), dtype=np.int64)
        return FormatBits(blocks * self.slots * value_bits, {"mask": blocks * self.length})

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        self._check(values != 0)
        fibers, blocks = values.shape[0], -(-values.shape[1] // self.length)
        padded = np.pad(values, ((0, 0), (0, blocks * self.length - values.shape[1])))
        cut = padded.reshape(-1, self.length)
        first = np.argsort(cut == 0, axis=1, kind="stable")[:, : self.slots]
        data = np.take_along_axis(cut, first, axis=1).ravel()
        entries = (cut != 0).ravel().astype(np.uint32)
        mask = MetadataArray(1, entries, np.full(fibers, blocks * self.length, dtype=np.int64))
        return Encoded(
            values.shape, bits, data, np.full(fibers, blocks * self.slots, dtype=np.int64), {"mask": mask}
        )

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        fibers, coords = encoded.shape
        mask = encoded.metadata["mask"].entries.reshape(-1, self.length) == 1
        stored = np.arange(self.slots) < mask.sum(axis=1)[:, None]
        values = np.zeros(mask.shape, dtype=encoded.data.dtype)
        values[mask] = encoded.data.reshape(-1, self.slots)[stored]
        return values.reshape(fibers, -(-coords // self.length) * self.length)[:, :coords]

    def _check(self, mask: NDArray[np.bool_]) -> None:
        counts = block_counts(mask, self.length)
        if (over := counts > self.slots).any():
            fiber, block = np.argwhere(over)[0]
            raise InputError(
                f"block {block} of fiber ({fiber}) has {counts[fiber, block]} non-zeros of {self.length}, the bound is {self.slots}"
            )
