"""Elements that intersect compressed fibers, and the buffer above them."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from simulator.hardware.quantity import Bits, Bytes, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification

MAX_ELEMENTS = 1024


class Llb(Specification):
    """The last-level buffer: tiles of both operands as compressed fibers, coordinates and payloads together.

    Attributes
    ----------
    capacity : Bytes
    row : Bytes
        One access of the buffer.
    read_bandwidth, write_bandwidth : BytesPerCycle
    read_latency : Cycles
    tile_buffers : Count
        Strips of an operand in flight; 2 is double buffering.
    coordinate, payload : Bits
        Of a coordinate, and of what a coordinate above the values leads to.
    """

    capacity: Bytes
    row: Bytes
    read_bandwidth: BytesPerCycle
    write_bandwidth: BytesPerCycle
    read_latency: Cycles
    tile_buffers: Count
    coordinate: Bits
    payload: Bits


class Elements(Specification):
    """Processing elements, a tile of outputs each: an intersection unit and a multiplier.

    Attributes
    ----------
    count : Count
    tile_rows, tile_columns, depth : Count
        Outputs of a tile, and coordinates of K of the blocks that are intersected above the elements.
    window : Count
        Coordinates a fiber skips at most in a cycle, at every level.
    buffer : Bytes
        Of an element: its pairs of tiles in flight and its tiles of outputs must fit.
    operand_buffers : Count
        Pairs of tiles of operands an element holds.
    output_buffers : Count
        Tiles of outputs from their first pair to the end of their drain.
    accumulator : Bits
    latency : Cycles
        From the last cycle of a tile to its sums.
    queue : Count
        Tiles of outputs whose blocks are intersected ahead of their reads.
    """

    count: Count
    tile_rows: Count
    tile_columns: Count
    depth: Count
    window: Count
    buffer: Bytes
    operand_buffers: Count
    output_buffers: Count
    accumulator: Bits
    latency: Cycles
    queue: Count

    @model_validator(mode="after")
    def _few(self) -> Self:
        if self.count.value > MAX_ELEMENTS:
            raise ValueError(f"count is {self.count.value}: at most {MAX_ELEMENTS} elements")
        return self
