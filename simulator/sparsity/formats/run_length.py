"""Run-length: before each stored value the number of zeros since the one before it.

Values are stored in order, each with the run of zeros in front of it, 0 .. L = 2**run_bits - 1. A longer run stores a
zero of its own after every L zeros. Variable occupancy (`slots` None) runs along the whole fiber::

    data = stored * value_bits          runs = stored * run_bits

Fixed occupancy cuts the fiber in blocks of H = `length` coordinates (a ragged last one is padded with zeros)
that store N = `slots` values each, what is missing as zeros with run 0; a block that needs more, its own zeros included,
cannot be held::

    data = blocks * N * value_bits          runs = blocks * N * run_bits

When L = H - N - 1 the only run of N values that is too long is that of all H - N zeros at one value i. It is written as run
L at i, L - 1 at the value after i (the first after the last) and 0 elsewhere: for H > 2 N + 1 that would lead beyond the block,
so no other block is written so, and 2 b suffice for 2 of 6. Source: Eyeriss (Chen et al., ISSCC 2016; 5-bit runs) for the
variable form; the fixed form is derived.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.jit import kernel
from simulator.sparsity.fibers import check_mask
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix

MAX_RUN_BITS = 16
_SHORT = (4, 8, 16)
"""Lengths of blocks whose bits are looked up instead of looked at one by one."""


@dataclass(frozen=True)
class RunLength:
    """Values with the runs of zeros before them.

    Parameters
    ----------
    run_bits : int
        Bits of a run, 1 to 16.
    length, slots : int or None
        Coordinates and stored values of a block for fixed occupancy; None for variable occupancy.

    Raises
    ------
    InputError
        `run_bits` out of range, or not 1 <= slots <= length.
    """

    run_bits: int = 5
    length: int | None = None
    slots: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.run_bits <= MAX_RUN_BITS:
            raise InputError(f"run_bits {self.run_bits}: must be between 1 and {MAX_RUN_BITS}")
        fixed = None not in (self.length, self.slots)
        if fixed != (self.length is not None or self.slots is not None) or (
            self.length is not None and self.slots is not None and not 1 <= self.slots <= self.length
        ):
            raise InputError(
                f"slots {self.slots} of length {self.length}: both or none, 1 <= slots <= length"
            )

    @property
    def longest(self) -> int:
        """Longest run."""
        return (1 << self.run_bits) - 1

    @property
    def _escape(self) -> int:
        """The one run too long that is written otherwise, 0 when there is none."""
        if self.length is None or self.slots is None or self.slots < 2:
            return 0
        zeros = self.length - self.slots
        return zeros if zeros == self.longest + 1 and self.length > 2 * self.slots + 1 else 0

    def places(self, runs: NDArray[Any]) -> NDArray[np.int64]:
        """Coordinates in their blocks of the values with these runs, int64, shape (blocks, slots).

        Of padding they may lie beyond the block.
        """
        steps = runs.astype(np.int64)
        if self._escape:
            escaped = np.flatnonzero(np.cumsum(steps + 1, axis=1).max(axis=1, initial=0) > (self.length or 0))
            long = steps[escaped].argmax(axis=1)
            steps[escaped] = 0
            steps[escaped, long] = self._escape
        found: NDArray[np.int64] = np.cumsum(steps + 1, axis=1) - 1
        return found

    def holds(self, mask: NDArray[np.bool_]) -> bool:
        """Whether every block of `mask`, shape (fibers, coordinates), can be stored."""
        return self.slots is None or int(self._stored(mask).max(initial=0)) <= self.slots

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        counts = self._counts(mask)
        return FormatBits(counts * value_bits, {"run": counts * self.run_bits})

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        mask = values != 0
        per_fiber = self._counts(mask)
        blocks = self._blocks(values.shape[1])
        starts = np.cumsum(per_fiber) - per_fiber
        length, slots = self.length or max(1, mask.shape[1]), self.slots or 0
        place = np.full(int(per_fiber.sum()), -1, dtype=np.int64)
        runs = np.zeros(len(place), dtype=np.uint32)
        _place(mask, blocks, length, slots, self.longest, self._escape, starts, place, runs)
        data = np.zeros(len(place), dtype=values.dtype)
        data[place >= 0] = values.ravel()[place[place >= 0]]
        return Encoded(
            values.shape, bits, data, per_fiber, {"run": MetadataArray(self.run_bits, runs, per_fiber)}
        )

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        fibers, coords = encoded.shape
        length, blocks = self.length or max(1, coords), self._blocks(coords)
        runs, stored = encoded.metadata["run"].entries, encoded.data != 0
        values = np.zeros((fibers * blocks, length), dtype=encoded.data.dtype)
        if self.slots is not None:
            place = self.places(runs.reshape(-1, self.slots)).ravel()
            block = np.arange(len(place)) // self.slots
        else:
            ends = np.cumsum(runs.astype(np.int64) + 1)
            first = np.cumsum(encoded.per_fiber) - encoded.per_fiber
            block = np.repeat(np.arange(fibers), encoded.per_fiber)
            place = ends - np.concatenate([[0], ends])[first][block] - 1
        values[block[stored], place[stored]] = encoded.data[stored]
        return values.reshape(fibers, blocks * length)[:, :coords]

    def _blocks(self, coords: int) -> int:
        return -(-coords // self.length) if self.length else 1

    def _stored(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Values each block stores, shape (fibers, blocks)."""
        length, coords = self.length or max(1, mask.shape[1]), mask.shape[1]
        if length in _SHORT and coords % max(8, length) == 0:
            octets, table = np.packbits(mask, axis=1), _table(length, self.longest, self._escape)
            bits: NDArray[Any] = octets.view(">u2") if length == 16 else octets
            if length == 4:
                bits = np.stack([octets >> 4, octets & 15], axis=-1).reshape(len(mask), -1)
            found: NDArray[np.int64] = table[bits]
            return found
        counts = np.zeros((mask.shape[0], self._blocks(coords)), dtype=np.int64)
        _count(mask, length, self.longest, self._escape, counts)
        return counts

    def _counts(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Values each fiber stores, or InputError."""
        stored = self._stored(mask)
        if self.slots is None:
            return stored[:, 0]
        if (over := stored > self.slots).any():
            fiber, block = np.argwhere(over)[0]
            raise InputError(
                f"block {block} of fiber ({fiber}) needs {stored[fiber, block]} values with runs up to {self.longest}, "
                f"blocks have {self.slots}"
            )
        return np.full(mask.shape[0], stored.shape[1] * self.slots, dtype=np.int64)


@lru_cache(maxsize=64)
def _table(length: int, longest: int, escape: int) -> NDArray[np.int64]:
    """Values stored by every block there is of so many coordinates, by its bits, the first coordinate's the highest."""
    places = np.arange(length - 1, -1, -1)
    blocks = (np.arange(1 << length)[:, None] >> places & 1).astype(np.bool_)
    counts = np.zeros((len(blocks), 1), dtype=np.int64)
    _count(blocks, length, longest, escape, counts)
    return counts[:, 0]


@kernel
def _count(
    mask: NDArray[np.bool_], length: int, longest: int, escape: int, counts: NDArray[np.int64]
) -> None:
    """Values stored by every block; a run of `escape` zeros needs none of its own.

    Whether an element is zero is no branch: it could not be foreseen, but a run that is too long mostly is none.
    """
    for f in range(mask.shape[0]):
        row = mask[f]
        for block in range(counts.shape[1]):
            run = count = np.int64(0)
            for k in range(block * length, min(len(row), (block + 1) * length)):
                one = np.int64(row[k])
                if one & (run > longest) and (run != escape or not _whole(row, k, length, escape)):
                    count += run // (longest + 1)
                count += one
                run = (run + 1) * (1 - one)
            counts[f, block] += count


@kernel
def _whole(fiber: NDArray[np.bool_], k: int, length: int, zeros: int) -> bool:
    """Whether the block of k has no zeros but the run before k."""
    start = k // length * length
    found = 0
    for j in range(start, start + length):
        if j >= len(fiber) or not fiber[j]:
            found += 1
    return found == zeros


@kernel
def _place(
    mask: NDArray[np.bool_],
    blocks: int,
    length: int,
    slots: int,
    longest: int,
    escape: int,
    starts: NDArray[np.int64],
    place: NDArray[np.int64],
    runs: NDArray[np.uint32],
) -> None:
    """Flat coordinate of every stored value (-1: a zero of its own or padding) and its run."""
    fibers, coords = mask.shape
    for f in range(fibers):
        at = starts[f]
        for b in range(blocks):
            if slots > 0:
                at = starts[f] + b * slots
            run = 0
            escaped = -1
            for k in range(b * length, min(coords, (b + 1) * length)):
                if mask[f, k]:
                    if escape > 0 and run == escape and _whole(mask[f], k, length, escape):
                        escaped = at - starts[f] - b * slots
                        run = 0
                    while run > longest:
                        runs[at] = longest
                        run -= longest + 1
                        at += 1
                    runs[at] = run
                    place[at] = f * coords + k
                    at += 1
                    run = 0
                else:
                    run += 1
            if escaped >= 0:
                first = starts[f] + b * slots
                runs[first + escaped] = longest
                runs[first + (escaped + 1) % slots] = longest - 1
