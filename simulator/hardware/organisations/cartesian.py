"""Processing elements with a tile of the plane each, that multiply all weights with all inputs of a channel."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.hardware.components import Drain, Dram
from simulator.hardware.components.cartesian import (
    Accumulators,
    Crossbar,
    Elements,
    Exchange,
    InputRam,
    PostProcessing,
    WeightFifo,
)
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import AUTO, Tile
from simulator.hardware.specification import Specification
from simulator.sparsity.formats.run_length import MAX_RUN_BITS


class Products(Datapath):
    """Zeros of both operands are skipped wherever they are; with `gating`, products that belong to no output save energy."""

    kind: Literal["cartesian"]
    weights: Literal["unstructured(1)"]
    inputs: Annotated[tuple[Literal["run_length"], ...], Field(strict=False, min_length=1)]


class Components(Specification):
    """From DRAM to the elements and back."""

    dram: Dram
    weights: WeightFifo
    inputs: InputRam
    pes: Elements
    crossbar: Crossbar
    accumulators: Accumulators
    exchange: Exchange
    ppu: PostProcessing
    drain: Drain

    @model_validator(mode="after")
    def _runs_are_stored(self) -> Self:
        for name in ("weights", "inputs", "ppu"):
            run = getattr(self, name).run.value
            if run > MAX_RUN_BITS:
                raise ValueError(f"{name}.run is {run} b: runs have at most {MAX_RUN_BITS} b")
        return self


class Planar(Specification):
    """Loops, outermost first: groups, images, parts of the plane, groups of filters, channels.

    Attributes
    ----------
    tile : Tile
        M: filters whose sums an element holds at once, or ``auto`` for as many as fit. N and K are ``auto``: the plane is cut as
        far as the buffers ask for, and all channels of a tile stay.
    """

    tile: Tile

    @model_validator(mode="after")
    def _inputs_stay(self) -> Self:
        for rank in ("N", "K"):
            if self.tile[rank] is not None:
                raise ValueError(
                    f"tile.{rank} must be {AUTO!r}: the buffers decide how the plane is cut, and all channels stay"
                )
        return self


class Cartesian(Machine):
    """A machine of such elements."""

    datapath: Products
    components: Components
    mapping: Planar

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        product = self.value_bits.weights.value + self.value_bits.inputs.value
        held = self.components.accumulators.word.value
        if held < product:
            raise ValueError(
                f"components.accumulators.word is {held} b, a product of weights and inputs (value_bits) needs {product} b"
            )
        return self
