"""Block list: of every H consecutive blocks G are stored whole, each with its number.

A fiber is cut in groups of H = `length` blocks of L = `width` coordinates (a ragged last group is padded with zeros)
of which at most G = `slots` hold a non-zero; those are stored in order, then blocks of zeros with number 0::

    data = groups * G * L * value_bits          block = groups * G * ceil(log2 H), none when G = H

With G = H every block has its place. Source: the rank C1(G:H) above a dense rank C0 of hierarchical structured
sparsity (Wu et al., HighLight, MICRO 2023, arXiv 2305.12718); the layout is derived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import block_counts, check_mask
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix
from simulator.sparsity.formats.format import width as bits_of


@dataclass(frozen=True)
class BlockList:
    """Whole blocks and their numbers.

    Parameters
    ----------
    slots, length, width : int
        G of H blocks of L coordinates.

    Raises
    ------
    InputError
        Not 1 <= slots <= length, or no coordinates in a block.
    """

    slots: int = 2
    length: int = 4
    width: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.slots <= self.length or self.width < 1:
            raise InputError(
                f"{self.slots} of {self.length} blocks of {self.width}: must be 1 <= slots <= length, width at least 1"
            )

    @property
    def group(self) -> int:
        """Coordinates of a group."""
        return self.length * self.width

    @property
    def number_bits(self) -> int:
        """Bits of a block's number."""
        return bits_of(self.length) if self.slots < self.length else 0

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        self._occupied(mask)
        blocks = np.full(mask.shape[0], -(-mask.shape[1] // self.group) * self.slots, dtype=np.int64)
        return FormatBits(blocks * self.width * value_bits, {"block": blocks * self.number_bits})

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        empty = ~self._occupied(values != 0)
        fibers, groups = values.shape[0], -(-values.shape[1] // self.group)
        padded = np.pad(values, ((0, 0), (0, groups * self.group - values.shape[1])))
        cut = padded.reshape(-1, self.length, self.width)
        if self.slots < self.length:
            first = np.argsort(empty, axis=1, kind="stable")[:, : self.slots]
            cut = np.take_along_axis(cut, first[:, :, None], axis=1)
            numbers = np.where(np.take_along_axis(empty, first, axis=1), 0, first).ravel()
        else:
            numbers = np.zeros(empty.size, dtype=np.int64)
        stored = np.full(fibers, groups * self.slots, dtype=np.int64)
        part = MetadataArray(self.number_bits, numbers.astype(np.uint32), stored)
        return Encoded(values.shape, bits, cut.ravel(), stored * self.width, {"block": part})

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        fibers, coords = encoded.shape
        data = encoded.data.reshape(-1, self.slots, self.width)
        groups = -(-coords // self.group)
        if self.slots == self.length:
            return data.reshape(fibers, groups * self.group)[:, :coords]
        values = np.zeros((len(data), self.length, self.width), dtype=data.dtype)
        numbers = encoded.metadata["block"].entries.reshape(-1, self.slots).astype(np.int64)
        group, slot = np.nonzero((data != 0).any(axis=2))
        values[group, numbers[group, slot]] = data[group, slot]
        return values.reshape(fibers, groups * self.group)[:, :coords]

    def _occupied(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which blocks of each group hold a non-zero, shape (groups of all fibers, length)."""
        fibers, groups = mask.shape[0], -(-mask.shape[1] // self.group)
        found = np.zeros((fibers, groups * self.length), dtype=np.bool_)
        counts = block_counts(mask, self.width)
        found[:, : counts.shape[1]] = counts != 0
        occupied = found.reshape(-1, self.length)
        if (over := occupied.sum(axis=1) > self.slots).any():
            fiber, group = divmod(int(over.argmax()), groups)
            raise InputError(
                f"group {group} of fiber ({fiber}) has {occupied[over.argmax()].sum()} non-empty blocks of {self.length}, "
                f"there is room for {self.slots}"
            )
        return occupied
