"""Transfers between DRAM and a stationary machine: the pieces that its visits fetch and write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from simulator.lowering.addresses import TENSORS, Regions, Transfer, bursts
from simulator.lowering.context import Context
from simulator.lowering.memory import fetched
from simulator.lowering.output import Outputs, tile_bytes
from simulator.mapping import Tile


def regions(context: Context, outputs: Outputs) -> Regions:
    """Where the pieces of a layer lie: by group, accumulator tile along M or N (of outputs: both), first window of K."""
    told = {tensor: partial(transfers, context, outputs, tensor) for tensor in TENSORS}
    return Regions(context.machine.components.dram, told)


def transfers(context: Context, outputs: Outputs, tensor: str) -> Iterator[Transfer]:
    """Transfers of a tensor, in the order of visits."""
    which, burst = TENSORS.index(tensor), context.machine.components.dram.burst.value
    for tile in context.tiles:
        if tensor == "outputs" and tile.end:
            place = tile.row * context.geometry.column_tiles + tile.column
            yield Transfer((tile.group, place, 0), bursts(tile_bytes(context, outputs, tile), burst))
        elif tensor != "outputs" and tile.fetch[which]:
            yield Transfer(_piece(tensor, tile), bursts(fetched(context, tile, tensor)[0], burst))


def _piece(tensor: str, tile: Tile) -> tuple[int, int, int]:
    return tile.group, tile.row if tensor == "weights" else tile.column, tile.first_window
