"""Where pieces of tensors lie in main memory.

::

    weights, inputs, outputs, one after the other, each from a whole page on
    base(piece) = start of its tensor + sizes of the pieces before it, each rounded up to whole bursts

Pieces are ordered by group, accumulator tile, piece of K, whatever the order they are fetched in; a piece fetched again
lies where it lay. A transfer reads or writes consecutive bursts of one piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import ROWS
from simulator.lowering.context import Context
from simulator.lowering.memory import fetched
from simulator.lowering.output import Outputs, tile_bytes
from simulator.mapping import Tile

PAGE = 4096
"""Bytes; a tensor begins on a page."""

ASSUMPTION = "tensors lie in DRAM one after the other, their pieces contiguous and in order"
TENSORS = ("weights", "inputs", "outputs")
Piece = tuple[int, int, int]
"""Group, accumulator tile along M or N (of outputs: both, as one number), first window of K."""


@dataclass(frozen=True)
class Layout:
    """Places of all pieces of a layer.

    Attributes
    ----------
    context : Context
    outputs : Outputs
    """

    context: Context
    outputs: Outputs

    def transfers(self, tensor: str) -> Iterator[Tile]:
        """Visits that fetch, or for outputs write, a piece, in order."""
        which = TENSORS.index(tensor)
        return (tile for tile in self.context.tiles if (tile.end if which == 2 else tile.fetch[which]))

    def piece(self, tensor: str, tile: Tile) -> Piece:
        """Name of the piece a visit transfers."""
        if tensor == "outputs":
            return tile.group, tile.row * self.context.geometry.column_tiles + tile.column, 0
        return tile.group, tile.row if tensor == "weights" else tile.column, tile.first_window

    def bursts(self, tensor: str, tile: Tile) -> int:
        """Bursts of the piece a visit transfers."""
        burst = self.context.machine.components.dram.burst.value
        if tensor == "outputs":
            size = tile_bytes(self.context, self.outputs, tile)
        else:
            size = fetched(self.context, tile, tensor)[0]
        return max(1, -(-size // burst))

    @cached_property
    def bases(self) -> dict[str, dict[Piece, tuple[int, int]]]:
        """Address and bursts of each piece, per tensor."""
        burst, start = self.context.machine.components.dram.burst.value, 0
        found: dict[str, dict[Piece, tuple[int, int]]] = {}
        for tensor in TENSORS:
            sizes: dict[Piece, int] = {}
            for tile in self.transfers(tensor):
                key = self.piece(tensor, tile)
                if key not in sizes:
                    sizes[key] = self.bursts(tensor, tile)
            found[tensor] = {}
            for key in sorted(sizes):
                found[tensor][key] = (start, sizes[key])
                start += sizes[key] * burst
            start += -start % PAGE
        return found

    def runs(self, tensor: str) -> Iterator[NDArray[np.int64]]:
        """Addresses of the bursts of every transfer of a tensor, as runs; see :class:`simulator.plan.Access`."""
        burst, places = self.context.machine.components.dram.burst.value, self.bases[tensor]
        found = (places[self.piece(tensor, tile)] for tile in self.transfers(tensor))
        return _tables((count, base, burst) for base, count in found)


def _tables(runs: Iterable[tuple[int, int, int]]) -> Iterator[NDArray[np.int64]]:
    pending: list[tuple[int, int, int]] = []
    for run in runs:
        pending.append(run)
        if len(pending) == ROWS:
            yield np.array(pending, dtype=np.int64)
            pending = []
    if pending:
        yield np.array(pending, dtype=np.int64)
