"""Systolic arrays: operands enter at two edges, skewed, and move from neighbour to neighbour."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.hardware.components import Drain, Dram, OperandSrams, SystolicArray
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.specification import Specification


class Multipliers(Datapath):
    """Every pair of operands meets in some multiplier; nothing is skipped."""

    kind: Literal["systolic"]
    weights: Literal["dense"]
    inputs: Annotated[tuple[Literal["uncompressed"]], Field(strict=False)]


class Components(Specification):
    """Memories around an array; sums leave through the drain."""

    dram: Dram
    sram: OperandSrams
    array: SystolicArray
    drain: Drain


class Folds(Specification):
    """Order of the folds, the pieces of a layer that fill the array once.

    Attributes
    ----------
    outer : str
        Outermost loop: tiles along the ``columns`` of the array, or the ``others`` (along its rows when sums stay, along
        the stream when an operand stays).
    """

    outer: Literal["columns", "others"]


class Systolic(Machine):
    """A machine around one systolic array."""

    datapath: Multipliers
    components: Components
    mapping: Folds

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        return self.check_accumulator(self.components.array.accumulator.value)
