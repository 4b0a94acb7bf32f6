"""Hierarchical intersection of two sparse operands: elements that skip ahead through compressed fibers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.hardware.components import Drain, Dram
from simulator.hardware.components.skip_ahead import Elements, Llb
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import AUTO, Tile
from simulator.hardware.specification import Specification


class Intersection(Datapath):
    """Both operands are compressed fibers; a coordinate that only one of them has is skipped."""

    kind: Literal["skip_ahead"]
    inputs: Annotated[tuple[Literal["coordinate_payload"], ...], Field(strict=False, min_length=1)]


class Components(Specification):
    """The components."""

    dram: Dram
    llb: Llb
    elements: Elements
    drain: Drain


class Strips(Specification):
    """Loops, outermost first: strips of inputs that stay in the buffer, rows of tiles, columns of tiles, blocks of K.

    Attributes
    ----------
    tile : Tile
        Columns (N) of inputs in a strip, or ``auto``; M and K are ``auto``.
    """

    tile: Tile

    @model_validator(mode="after")
    def _all_of_m_and_k(self) -> Self:
        if self.tile.M is not None or self.tile.K is not None:
            raise ValueError(f"tile.M and tile.K must be {AUTO!r}: elements.tile_rows and .depth cut those")
        return self


class SkipAhead(Machine):
    """A machine of intersection units."""

    datapath: Intersection
    components: Components
    mapping: Strips

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        product = self.value_bits.weights.value + self.value_bits.inputs.value
        held = self.components.elements.accumulator.value
        if held < product:
            raise ValueError(
                f"components.elements.accumulator is {held} b, a product of weights and inputs (value_bits) needs {product} b"
            )
        return self
