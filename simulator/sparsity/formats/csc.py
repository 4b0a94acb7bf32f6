"""Compressed sparse column (CSC): per fiber its non-zeros, the zeros in front of each, and where the fiber ends.

::

    data       stored values, `word` of them side by side in a word; the last word of a fiber is filled up with zeros
    run        zeros in front of each stored value, `run_bits`; a longer gap stores a zero after every 2**run_bits - 1
    address    words up to the end of each fiber, modulo 2**address_bits: a place in a ring of so many words

so with s_f the values a fiber stores, rounded up to whole words, in bits

    data  s_f * value_bits        run  s_f * run_bits        address  address_bits

A fiber's words are the distance from the end of the fiber before it; a fiber of 2**address_bits words would look
empty and is refused. Source: Eyeriss v2 (Chen et al., JETCAS 2019, arXiv 1807.07928) stores both operands of a PE
so, with 4 b runs and, as the public Sparseloop MICRO 2022 artifact describes it, 4 b and 7 b addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import check_mask, fiber_chunks
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix

Indices = NDArray[np.int64]

_WIDEST = 31


@dataclass(frozen=True)
class Csc:
    """Values, runs and end addresses; metadata arrays ``run`` and ``address``.

    Parameters
    ----------
    run_bits, address_bits : int
        Bits of a run and of an address.
    word : int
        Values of a word.

    Raises
    ------
    InputError
        A width outside 0..31 (runs) or 1..31 (addresses), or a word without values.
    """

    run_bits: int = 4
    address_bits: int = 7
    word: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.run_bits <= _WIDEST and 1 <= self.address_bits <= _WIDEST and self.word >= 1):
            raise InputError(
                f"CSC with runs of {self.run_bits} b, addresses of {self.address_bits} b and {self.word} values per "
                f"word: runs must have 0..{_WIDEST} b, addresses 1..{_WIDEST} b, words at least a value"
            )

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        stored = np.zeros(mask.shape[0], dtype=np.int64)
        for part in fiber_chunks(*mask.shape):
            stored[part] = self._aligned(self._gaps(mask[part])[2])
        self._check_reach(stored)
        address = np.full(mask.shape[0], self.address_bits, dtype=np.int64)
        return FormatBits(stored * value_bits, {"run": stored * self.run_bits, "address": address})

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        mask = values != 0
        fiber, zeros, entries = self._gaps(mask)
        stored = self._aligned(entries)
        self._check_reach(stored)
        ends = np.cumsum(stored)
        steps = (zeros >> self.run_bits) + 1
        place = np.cumsum(steps) - 1 + (ends - stored - np.cumsum(entries) + entries)[fiber]
        data = np.zeros(int(stored.sum()), dtype=values.dtype)
        data[place] = values[mask]
        run = np.zeros(data.size, dtype=np.uint32)
        run[place] = zeros & self._longest
        run[_before(place, steps - 1)] = self._longest
        address = (ends // self.word) % (1 << self.address_bits)
        metadata = {
            "run": MetadataArray(self.run_bits, run, stored),
            "address": MetadataArray(self.address_bits, address.astype(np.uint32), np.ones_like(stored)),
        }
        return Encoded((values.shape[0], values.shape[1]), bits, data, stored, metadata)

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        out = np.zeros(encoded.shape, dtype=encoded.data.dtype)
        stored = self.lengths(encoded)
        fiber = np.repeat(np.arange(len(stored)), stored)
        steps = np.cumsum(encoded.metadata["run"].entries.astype(np.int64) + 1)
        before = np.concatenate([np.zeros(1, dtype=np.int64), steps])[np.cumsum(stored) - stored]
        coordinate = steps - 1 - before[fiber]
        kept = encoded.data != 0
        out[fiber[kept], coordinate[kept]] = encoded.data[kept]
        return out

    def lengths(self, encoded: Encoded) -> Indices:
        """Stored values of each fiber as its address tells them, int64, shape (fibers,)."""
        ends = encoded.metadata["address"].entries.astype(np.int64)
        return (np.diff(ends, prepend=0) % (1 << self.address_bits)) * self.word

    @property
    def _longest(self) -> int:
        return (1 << self.run_bits) - 1

    def _gaps(self, mask: NDArray[np.bool_]) -> tuple[Indices, Indices, Indices]:
        """(Fiber of each non-zero, zeros in front of it, entries of each fiber before alignment)."""
        fiber, coordinate = np.nonzero(mask)
        zeros = np.diff(coordinate, prepend=-1) - 1
        first = np.diff(fiber, prepend=-1) != 0
        zeros[first] = coordinate[first]
        entries = np.bincount(fiber, weights=(zeros >> self.run_bits) + 1, minlength=mask.shape[0])
        return fiber, zeros, entries.astype(np.int64)

    def _aligned(self, entries: NDArray[np.integer[Any]]) -> Indices:
        return (-(-entries // self.word) * self.word).astype(np.int64)

    def _check_reach(self, stored: Indices) -> None:
        words = int(stored.max(initial=0)) // self.word
        if words >= 1 << self.address_bits:
            raise InputError(
                f"a fiber of {words} words: addresses of {self.address_bits} b tell at most "
                f"{(1 << self.address_bits) - 1} apart"
            )


def _before(place: Indices, counts: Indices) -> Indices:
    """The `counts[i]` places in front of each place[i]."""
    total = int(counts.sum())
    offset = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(place - counts, counts) + offset
