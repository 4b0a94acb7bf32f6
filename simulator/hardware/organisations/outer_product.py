"""Outer products over bitmasks of both operands: units that scatter into banked accumulation buffers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import field_validator, model_validator

from simulator.hardware.components import Drain, Dram, Glb
from simulator.hardware.components.outer_product import Accumulation, Units
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import Mapping
from simulator.hardware.specification import Specification


class Bitmasks(Datapath):
    """Both operands are bitmasks, skipped by each other's zeros."""

    kind: Literal["outer_product"]

    @field_validator("inputs")
    @classmethod
    def _bitmask(cls, inputs: tuple[str, ...]) -> tuple[str, ...]:
        if inputs != ("bitmask",):
            raise ValueError(f"[{', '.join(inputs)}]: an outer-product unit reads [bitmask]")
        return inputs


class Components(Specification):
    """The components."""

    dram: Dram
    glb: Glb
    units: Units
    accumulation: Accumulation
    drain: Drain


class OuterProduct(Machine):
    """A machine whose units multiply condensed columns of A with condensed rows of B."""

    datapath: Bitmasks
    components: Components
    mapping: Mapping

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        product = self.value_bits.weights.value + self.value_bits.inputs.value
        held = self.components.accumulation.word.value
        if held < product:
            raise ValueError(
                f"components.accumulation.word is {held} b, a product of weights and inputs (value_bits) needs {product} b"
            )
        return self
