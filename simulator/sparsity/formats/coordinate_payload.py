"""Coordinate-payload: each non-empty position says which coordinate of its block it is.

Fibers are cut into windows of prod H elements (a ragged last one is padded with zeros), a window into
nested ranks C_{n-1} .. C_0 of lengths H. A position of rank 0 is an element; one of rank r is a block of
H_{r-1} positions below.

Variable occupancy (`slots` None) stores what is there. With n_r the non-empty positions of rank r, in bits:

    data      n_0 * value_bits
    offset_r  n_r * ceil(log2 H_r)                                  coordinate of the position in its block
    end_r     n_r * ceil(log2(H_{n-1} * .. * H_{r-1} + 1))          r >= 1: where its positions below end,
    in its window count     windows * ceil(log2(H_{n-1} + 1))                     non-empty positions of the
    highest rank

so two ranks (H1, H0) have per window a count of blocks, per block an offset and an end address up to H1*H0,
per value an offset. Fixed occupancy stores `slots` = (G_{n-1}, .., G_0) positions per block, padded with
zeros at offset 0:

    data      windows * prod G * value_bits
    offset_r  windows * G_{n-1} * .. * G_r * ceil(log2 H_r)

and no metadata at all when G = H at every rank, where values sit at their own coordinates. A rank of length
1 costs no offset bits. Source: the three parts of the variable form and the offsets of the fixed form are
HighLight's (Wu et al., MICRO 2023, arXiv 2305.12718) as far as public; the exact widths are derived here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.fibers import block_counts, check_mask, fiber_chunks, fiber_counts
from simulator.sparsity.formats.format import Encoded, FormatBits, MetadataArray, check_matrix, width
from simulator.sparsity.formats.lists import lists, places
from simulator.sparsity.patterns.hss import MAX_LENGTH, Hss
from simulator.sparsity.spans import occupied, stored

Indices = NDArray[np.int64]

_LARGEST = 2**31


@dataclass(frozen=True)
class _Rank:
    """Non-empty positions of a rank, in order: flat coordinate, which parent, slot in the parent."""

    position: Indices
    parent: Indices
    slot: Indices


@dataclass(frozen=True)
class CoordinatePayload:
    """Values with coordinates, over one or more ranks.

    Parameters
    ----------
    lengths : tuple of int
        H of each rank, highest first; ``(L,)`` is a flat list per L coordinates.
    slots : tuple of int or None
        G of each rank for fixed occupancy; None for variable occupancy.

    Raises
    ------
    InputError
        No rank, a length outside 1..65,536, windows over 2**31 elements, or slots that are not 1 <= G <= H
        per rank.
    """

    lengths: tuple[int, ...]
    slots: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.lengths or not all(1 <= length <= MAX_LENGTH for length in self.lengths):
            raise InputError(f"lengths {self.lengths}: each must be between 1 and {MAX_LENGTH}, at least one")
        if self.block > _LARGEST:
            raise InputError(f"lengths {self.lengths}: a window must have at most 2**31 elements")
        if self.slots is None:
            return
        fits = len(self.slots) == len(self.lengths)
        if not fits or not all(1 <= g <= h for g, h in zip(self.slots, self.lengths, strict=True)):
            raise InputError(f"slots {self.slots}: must be 1 <= G <= H for each of lengths {self.lengths}")

    @property
    def block(self) -> int:
        """Elements of a window."""
        return math.prod(self.lengths)

    @property
    def positional(self) -> bool:
        """Whether every coordinate has its slot, so that no metadata is stored."""
        return self.slots == self.lengths

    def bits(self, mask: NDArray[np.bool_], value_bits: int) -> FormatBits:
        """See :class:`simulator.sparsity.formats.Format`."""
        check_matrix(check_mask(mask), value_bits)
        windows = np.full(mask.shape[0], -(-mask.shape[1] // self.block), dtype=np.int64)
        if self.slots is not None:
            self._check_slots(mask)
            parts = {} if self.positional else {name: windows * n * w for name, n, w in self._slot_arrays()}
            return FormatBits(windows * math.prod(self.slots) * value_bits, parts)
        occupied = np.concatenate(
            [self._occupied(mask[part]) for part in fiber_chunks(*mask.shape)]
            or [np.zeros((0, len(self.lengths)), dtype=np.int64)]
        )
        parts = {"count": windows * width(self.lengths[0] + 1)}
        for rank in range(len(self.lengths)):
            parts[f"offset{rank}"] = occupied[:, rank] * width(self._length(rank))
            if rank:
                parts[f"end{rank}"] = occupied[:, rank] * self._end_width(rank)
        return FormatBits(occupied[:, 0] * value_bits, parts)

    def columns(
        self, mask: NDArray[np.bool_], edges: NDArray[np.int64], value_bits: int
    ) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """(Data, metadata) bits of fibers that run down spans of rows, shape (spans, N); variable occupancy of two ranks.

        They are int32 where they fit, else int64.

        Parameters
        ----------
        mask : ndarray of bool, shape (K, N)
        edges : ndarray of int64, shape (spans + 1,)
            First row of every span, and the one after the last.
        value_bits : int
        """
        assert self.slots is None
        assert len(self.lengths) == 2
        long = edges[1:] - edges[:-1]
        block, element = width(self.lengths[0]) + self._end_width(1), width(self.lengths[1])
        rest = -(-long // self.block) * width(self.lengths[0] + 1)
        most = int(long.max(initial=0)) * max(value_bits, block + element) + int(rest.max(initial=0))
        if most < 1 << 30:  # the sum of both fits too
            bits = value_bits, element, block
            return stored(mask, edges, self.lengths[1], bits, rest.astype(np.int32))
        elements, blocks = (part.astype(np.int64) for part in occupied(mask, edges, self.lengths[1]))
        return elements * value_bits, blocks * block + elements * element + rest[:, None]

    def encode(self, values: NDArray[Any], value_bits: int | None = None) -> Encoded:
        """See :class:`simulator.sparsity.formats.Format`."""
        values, bits = check_matrix(values, value_bits)
        if self.slots is None:
            return self._encode_lists(values, bits)
        self._check_slots(values != 0)
        return self._encode_slots(values, bits, self.slots)

    def decode(self, encoded: Encoded) -> NDArray[Any]:
        """See :class:`simulator.sparsity.formats.Format`."""
        fibers, coords = encoded.shape
        windows = -(-coords // self.block)
        place = self._list_places(encoded) if self.slots is None else self._slot_places(encoded, self.slots)
        padded = np.zeros(fibers * windows * self.block, dtype=encoded.data.dtype)
        stored = encoded.data != 0
        if stored.all():  # no slot is empty
            padded[place] = encoded.data
        else:
            padded[place[stored]] = encoded.data[stored]
        return padded.reshape(fibers, windows * self.block)[:, :coords]

    def _length(self, rank: int) -> int:
        return self.lengths[-1 - rank]

    def _end_width(self, rank: int) -> int:
        return width(math.prod(self.lengths[: len(self.lengths) - rank + 1]) + 1)

    def _slot_arrays(self) -> list[tuple[str, int, int]]:
        """(Name, entries per window, width) of each offset array of the fixed form, highest rank first."""
        assert self.slots is not None
        ranks = reversed(range(len(self.lengths)))
        return [
            (f"offset{rank}", math.prod(self.slots[: i + 1]), width(self.lengths[i]))
            for i, rank in enumerate(ranks)
        ]

    def _check_slots(self, mask: NDArray[np.bool_]) -> None:
        assert self.slots is not None
        found = Hss(tuple(zip(self.slots, self.lengths, strict=True))).violation(mask)
        if found is not None:
            raise InputError(f"values do not fit slots {self.slots} of lengths {self.lengths}: {found}")

    def _occupied(self, mask: NDArray[np.bool_]) -> Indices:
        """Non-empty positions per fiber and rank, lowest rank first, shape (fibers, ranks)."""
        found = [fiber_counts(mask)]
        for length in self.lengths[:0:-1]:
            mask = block_counts(mask, length) != 0
            found.append(fiber_counts(mask))
        return np.stack(found, axis=1)

    def _ranks(self, mask: NDArray[np.bool_], windows: int) -> list[_Rank]:
        """Non-empty positions of each rank, lowest first, and last the windows themselves."""
        fiber, coordinate = np.nonzero(mask)
        position = fiber * (windows * self.block) + coordinate
        ranks = []
        for length in reversed(self.lengths):
            above = position // length
            first = np.ones(len(above), dtype=np.bool_)
            first[1:] = above[1:] != above[:-1]
            parent = np.cumsum(first) - 1
            start = np.flatnonzero(first)
            ranks.append(_Rank(position, parent, np.arange(len(above)) - start[parent]))
            position = above[start]
        none = np.zeros(0, dtype=np.int64)
        return [*ranks, _Rank(position, none, none)]

    def _encode_lists(self, values: NDArray[Any], value_bits: int) -> Encoded:
        (fibers, coords), mask = values.shape, values != 0
        if len(self.lengths) == 2:
            return self._encode_two(values, mask, value_bits)
        windows = -(-coords // self.block)
        ranks = self._ranks(mask, windows)
        top = ranks[-2].position // self.lengths[0]
        count = np.bincount(top, minlength=fibers * windows)
        metadata = {"count": _array(self.lengths[0] + 1, count, np.full(fibers, windows))}
        per_window = self.block
        for rank, here in enumerate(ranks[:-1]):
            length = self._length(rank)
            per_fiber = np.bincount(here.position // max(1, windows * per_window), minlength=fibers)
            metadata[f"offset{rank}"] = _array(length, here.position % length, per_fiber)
            if rank:
                end = _ends(ranks[rank - 1], here.position // per_window, per_window * self._length(rank - 1))
                metadata[f"end{rank}"] = MetadataArray(
                    self._end_width(rank), end.astype(np.uint32), per_fiber
                )
            per_window //= length
        return Encoded((fibers, coords), value_bits, values[mask], fiber_counts(mask), metadata)

    def _encode_two(self, values: NDArray[Any], mask: NDArray[np.bool_], value_bits: int) -> Encoded:
        """Two ranks, the most common, in one pass."""
        (fibers, coords), (high, low) = values.shape, self.lengths
        found = lists(mask, (high, low))
        windows = np.full(fibers, -(-coords // self.block), dtype=np.int64)
        metadata = {
            "count": MetadataArray(width(high + 1), found.count, windows),
            "offset0": MetadataArray(width(low), found.offset0, found.elements),
            "offset1": MetadataArray(width(high), found.offset1, found.blocks),
            "end1": MetadataArray(self._end_width(1), found.end1, found.blocks),
        }
        data = values.reshape(-1).take(np.flatnonzero(mask))  # quicker than by a mask
        return Encoded((fibers, coords), value_bits, data, found.elements, metadata)

    def _list_places(self, encoded: Encoded) -> Indices:
        """Flat padded coordinate of each stored value of the variable form."""
        counts = encoded.metadata["count"].entries
        if len(self.lengths) == 2:
            block, end, place = (encoded.metadata[name].entries for name in ("offset1", "end1", "offset0"))
            return places(counts, block, end, place, (self.lengths[0], self.lengths[1]))
        position = np.repeat(np.arange(len(counts)), counts)
        per_window = 1
        for rank in reversed(range(len(self.lengths))):
            length = self._length(rank)
            position = position * length + encoded.metadata[f"offset{rank}"].entries
            per_window *= length
            if rank:
                end = encoded.metadata[f"end{rank}"].entries.astype(np.int64)
                begin = np.zeros_like(end)
                begin[1:] = end[:-1]
                window = position // per_window
                begin[1:][window[1:] != window[:-1]] = 0
                position = np.repeat(position, end - begin)
        return position

    def _encode_slots(self, values: NDArray[Any], value_bits: int, slots: tuple[int, ...]) -> Encoded:
        (fibers, coords), mask = values.shape, values != 0
        windows = -(-coords // self.block)
        ranks = self._ranks(mask, windows)
        place, metadata, size = ranks[-1].position, {}, fibers * windows
        for i, here in enumerate(reversed(ranks[:-1])):
            offset = here.position % self.lengths[i]
            place = place[here.parent] * slots[i] + (offset if self.positional else here.slot)
            size *= slots[i]
            if not self.positional:
                entries = np.zeros(size, dtype=np.int64)
                entries[place] = offset
                metadata[f"offset{len(slots) - 1 - i}"] = _array(
                    self.lengths[i], entries, np.full(fibers, windows * math.prod(slots[: i + 1]))
                )
        data = np.zeros(size, dtype=values.dtype)
        data[place] = values[mask]
        per_fiber = np.full(fibers, windows * math.prod(slots), dtype=np.int64)
        return Encoded((fibers, coords), value_bits, data, per_fiber, metadata)

    def _slot_places(self, encoded: Encoded, slots: tuple[int, ...]) -> Indices:
        """Flat padded coordinate of each slot of the fixed form."""
        place = np.arange(encoded.data.size // math.prod(slots))
        if self.positional:
            return np.arange(encoded.data.size)
        for i, (kept, length) in enumerate(zip(slots, self.lengths, strict=True)):
            offset = encoded.metadata[f"offset{len(slots) - 1 - i}"].entries
            place = np.repeat(place, kept) * length + offset
        return place


def _array(choices: int, entries: NDArray[Any], per_fiber: NDArray[Any]) -> MetadataArray:
    return MetadataArray(width(choices), entries.astype(np.uint32), per_fiber.astype(np.int64))


def _ends(below: _Rank, window: Indices, below_per_window: int) -> Indices:
    """End address in its window of each parent's run of positions `below`."""
    last = np.flatnonzero(np.diff(below.parent, append=-1)) + 1
    begin = np.searchsorted(below.position // below_per_window, window)
    return np.asarray(last - begin, dtype=np.int64)
