"""Where pieces of tensors lie in the global buffer.

::

    weights in slots of one size, then inputs in slots of one size
    slot of the i-th piece fetched = i mod slots

A piece is its data rows, then its metadata words. It is filled from its first byte on, as its bursts arrive; its data and
its metadata are read row by row. A piece used again is where it was put.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.addresses import tables
from simulator.lowering.context import Context
from simulator.lowering.streams import spread
from simulator.mapping import Tile

ASSUMPTION = "a piece in the GLB is its data rows, then its metadata; pieces take their slots in turn"
TENSORS = ("weights", "inputs")
Run = tuple[int, int, int]
"""Count, base, stride."""
Runs = Iterator[NDArray[np.int64]]


class Slots:
    """Places of all pieces of a layer in the buffer."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Bytes of a slot of either tensor."""
        windows = self.context.tiling.windows
        return {tensor: sum(self.context.operands.piece(tensor, windows)) for tensor in TENSORS}

    @cached_property
    def starts(self) -> dict[str, int]:
        """Where the slots of either tensor begin."""
        return {"weights": 0, "inputs": self.context.slots("weights") * self.sizes["weights"]}

    def uses(self, tensor: str) -> Iterator[tuple[Tile, int]]:
        """Every visit, and where the piece of a tensor it uses begins; -1 where it reads none of it any more."""
        which, slots = TENSORS.index(tensor), self.context.slots(tensor)
        held: dict[tuple[int, int, int], int] = {}
        pieces = 0
        for tile in self.context.tiles:
            key = tile.group, (tile.row, tile.column)[which], self.context.begins(tile)
            if tile.fetch[which]:
                held[key] = self.starts[tensor] + pieces % slots * self.sizes[tensor]
                pieces += 1
            yield tile, held.get(key, -1)
            if tile.last[which]:
                del held[key]

    def fills(self, tensor: str) -> Runs:
        """Addresses of :func:`simulator.lowering.memory.glb_fills`."""
        context, glb = self.context, self.context.machine.components.glb
        row, word = glb.row.value, glb.metadata_word.value
        which, burst = TENSORS.index(tensor), context.machine.components.dram.burst.value

        def runs(size: int, rows: int, metadata: int, base: int) -> list[Run]:
            bursts = max(1, -(-size // burst))
            moved = spread(rows, bursts) * row + spread(-(-metadata // word), bursts) * word
            places = base + np.cumsum(moved, dtype=np.int64) - moved
            return [(1, place, 0) for place in places.tolist()]

        pieces = zip(*(part.tolist() for part in context.pieces(tensor)), strict=True)
        uses = zip(self.uses(tensor), pieces, strict=True)
        fetched = ((piece, base) for (tile, base), piece in uses if tile.fetch[which])
        return tables(run for (size, rows, more), base in fetched for run in runs(size, rows, more, base))

    def weight_reads(self) -> Runs:
        """Addresses of :func:`simulator.lowering.memory.weight_reads`."""
        context, glb = self.context, self.context.machine.components.glb
        row, word = glb.row.value, glb.metadata_word.value

        def runs(tile: Tile, base: int) -> Iterator[Run]:
            base += context.weights_at(tile)
            for p in range(tile.windows):
                data, metadata = context.operands.weight_bits(tile.load, tile.first_window + p)
                count, size = (
                    max(1, -(-data // context.widths.row)),
                    -(-metadata // context.widths.word) * word,
                )
                yield count + -(-size // row), base, row
                base += count * row + size

        return self._each("weights", runs)

    def input_reads(self, metadata: bool) -> Runs:
        """Addresses of :func:`simulator.lowering.memory.input_reads`."""
        context, row = self.context, self.context.machine.components.glb.row.value

        def runs(tile: Tile, base: int) -> Iterator[Run]:
            base += context.inputs_at(tile)
            data, words = context.streams(tile)
            if not metadata:
                yield data.rows, base, row
            elif words is not None:
                yield words.rows, base + data.rows * row, row

        return self._each("inputs", runs)

    def _each(self, tensor: str, runs: Callable[[Tile, int], Iterator[Run]]) -> Runs:
        reads = self.context.visits.reads.tolist() if tensor == "weights" else repeat(True)
        uses = zip(self.uses(tensor), reads, strict=False)
        return tables(run for (tile, base), read in uses if read for run in runs(tile, base))
