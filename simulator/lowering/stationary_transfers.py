"""Transfers between DRAM and a stationary machine: the pieces that its visits fetch and write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from simulator.lowering.addresses import TENSORS, Regions, Transfer, bursts
from simulator.lowering.context import Context
from simulator.lowering.output import Outputs, written


def regions(context: Context, outputs: Outputs) -> Regions:
    """Where the pieces of a layer lie: by group, accumulator tile along M or N (of outputs: both), first window of K."""
    told = {tensor: partial(transfers, context, outputs, tensor) for tensor in TENSORS}
    return Regions(context.machine.components.dram, told)


def transfers(context: Context, outputs: Outputs, tensor: str) -> Iterator[Transfer]:
    """Transfers of a tensor, in the order of visits."""
    burst, v = context.machine.components.dram.burst.value, context.visits
    if tensor == "outputs":
        sizes, moved = written(context, outputs), np.flatnonzero(v.end)
        names = [v.group, v.load * context.geometry.column_tiles + v.column, np.zeros_like(v.row)]
    else:
        which = TENSORS.index(tensor)
        moved = np.flatnonzero(v.fetch[which])
        sizes = context.pieces(tensor)[0][moved]
        names = [v.group, (v.row, v.column)[which], v.first_window]
    places = np.stack([name[moved] for name in names], axis=1).tolist()
    for place, size in zip(places, sizes.tolist(), strict=True):
        yield Transfer(tuple(place), bursts(size, burst))
