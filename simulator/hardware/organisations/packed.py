"""Packed stationary operands: the non-zeros of the weights fill the multipliers, columns of inputs stream past."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.hardware.components import Drain, Dram
from simulator.hardware.components.packed import Distribution, MaskedGlb, PackedArray, Reduction
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import AUTO, Tile
from simulator.hardware.specification import Specification


class Packing(Datapath):
    """Both operands are bitmasks; zeros of the weights take no multiplier.

    Attributes
    ----------
    zeros : str
        Zeros of the inputs are ``skipped`` by the distribution network, or ``sent`` to the multipliers that await them.
    unmatched : str
        Weights that meet no non-zero of the columns streamed are ``dropped`` before they are packed, or ``kept``.
    rows : str
        A row of weights may be ``split`` between two rounds, or only begins a round ``whole`` if the multipliers left over
        do not hold it (one longer than all multipliers is split even so).
    """

    kind: Literal["packed"]
    inputs: Annotated[tuple[Literal["bitmask"], ...], Field(strict=False, min_length=1)]
    zeros: Literal["skipped", "sent"]
    unmatched: Literal["dropped", "kept"]
    rows: Literal["split", "whole"]


class Components(Specification):
    """The components."""

    dram: Dram
    glb: MaskedGlb
    distribution: Distribution
    array: PackedArray
    reduction: Reduction
    drain: Drain


class Columns(Specification):
    """Loops, outermost first: columns of inputs that stay in the global buffer, rounds of weights, columns.

    Attributes
    ----------
    tile : Tile
        Columns (N) of inputs held, or ``auto``; M and K are ``auto``, which is all of them.
    """

    tile: Tile

    @model_validator(mode="after")
    def _all_of_m_and_k(self) -> Self:
        if self.tile.M is not None or self.tile.K is not None:
            raise ValueError(
                f"tile.M and tile.K must be {AUTO!r}: rounds take the non-zeros in their order, over all of M and K"
            )
        return self


class Packed(Machine):
    """A machine whose multipliers are filled with non-zeros."""

    datapath: Packing
    components: Components
    mapping: Columns

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        product = self.value_bits.weights.value + self.value_bits.inputs.value
        held = self.components.reduction.accumulator.value
        if held < product:
            raise ValueError(
                f"components.reduction.accumulator is {held} b, a product of weights and inputs (value_bits) needs {product} b"
            )
        return self
