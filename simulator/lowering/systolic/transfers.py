"""Transfers between DRAM and a systolic machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from simulator.hardware.components import Dram
from simulator.lowering.addresses import Regions, Transfer, bursts
from simulator.lowering.systolic.array import Flow
from simulator.lowering.systolic.pieces import Operand


def regions(dram: Dram, operands: dict[str, Operand], flow: Flow) -> Regions:
    """Where the pieces of a layer lie: by group, coordinates of M or N (of outputs: both), coordinates of K."""
    burst = dram.burst.value

    def loads(operand: Operand) -> Iterator[Transfer]:
        for piece, size in zip(operand.fetched, operand.sizes, strict=True):
            slab = piece.slab
            yield Transfer((slab.group, *slab.x, *slab.k), bursts(size, burst))

    def stores() -> Iterator[Transfer]:
        done = (fold for fold in flow.folds if fold.end)
        for fold, size in zip(done, flow.tile_bytes(), strict=True):
            yield Transfer((fold.west.group, *fold.m, *fold.n), bursts(size, burst))

    told = {tensor: partial(loads, operand) for tensor, operand in operands.items()}
    return Regions(dram, {**told, "outputs": stores})
