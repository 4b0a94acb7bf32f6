"""A processing element over compressed sparse columns of both operands, with its scratch pads."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.hardware.components import Dram
from simulator.hardware.components.spad import InputSpad, Links, Mac, PsumSpad, Stages, WeightSpad
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import AUTO, Tile
from simulator.hardware.specification import Specification


class Skipping(Datapath):
    """Zeros of either operand are skipped, wherever they are."""

    kind: Literal["csc"]
    weights: Literal["dense"]
    inputs: Annotated[tuple[Literal["csc"], ...], Field(strict=False, min_length=1)]


class Components(Specification):
    """From the store to the multiplier and back."""

    dram: Dram
    links: Links
    inputs: InputSpad
    weights: WeightSpad
    psums: PsumSpad
    stages: Stages
    mac: Mac

    @model_validator(mode="after")
    def _lanes_in_a_word(self) -> Self:
        lanes, word = self.mac.lanes.value, self.weights.word.value
        if lanes > word:
            raise ValueError(
                f"mac.lanes is {lanes}, weights.word {word}: the lanes are fed from one word, so at most that many"
            )
        return self


class Stationary(Specification):
    """Loops M, K, N, outermost first: a tile of weights stays for all of N, partial sums leave in between.

    Attributes
    ----------
    tile : Tile
        Rows (M) and columns (K) of the tile of weights in the scratch pad, or ``auto``; N is ``auto``, which is all of it.
    """

    tile: Tile

    @model_validator(mode="after")
    def _all_of_n(self) -> Self:
        if self.tile.N is not None:
            raise ValueError(
                f"tile.N must be {AUTO!r}: a tile of weights meets all of N, one position after the other"
            )
        return self


class Csc(Machine):
    """A machine of one processing element."""

    datapath: Skipping
    components: Components
    mapping: Stationary

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        product = self.value_bits.weights.value + self.value_bits.inputs.value
        held = self.components.psums.width.value
        if held < product:
            raise ValueError(
                f"components.psums.width is {held} b, a product of weights and inputs (value_bits) needs {product} b"
            )
        return self
