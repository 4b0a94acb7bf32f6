"""Stationary weights, streamed windows: arrays of dot-product rows behind a fetch unit."""

from __future__ import annotations

from typing import Self

from pydantic import field_validator, model_validator

from simulator.hardware.components import Array, Compress, Distribute, Drain, Fetch, Glb, Select
from simulator.hardware.components.dram import TimedDram
from simulator.hardware.datapath import Datapath, choose
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import Mapping
from simulator.hardware.offsets import Offsets
from simulator.hardware.specification import Specification


class Kernel(Datapath):
    """A registered datapath: how it lays out the weights decides the windows.

    Attributes
    ----------
    offsets : Offsets or None
        How the places of N of M weights are stored; None where the datapath has a form of its own.
    """

    offsets: Offsets | None = None

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        return choose(kind, "datapath")


class Components(Specification):
    """The components; `select` and `compress` are optional."""

    dram: TimedDram
    glb: Glb
    fetch: Fetch
    distribute: Distribute
    select: Select | None = None
    array: Array
    drain: Drain
    compress: Compress | None = None


class Stationary(Machine):
    """A machine that keeps weights in its multipliers and streams windows of inputs past them."""

    datapath: Kernel
    components: Components
    mapping: Mapping

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        return self.check_accumulator(self.components.array.accumulator.value)
