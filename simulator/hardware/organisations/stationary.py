"""Stationary weights, streamed windows: arrays of dot-product rows behind a fetch unit."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import field_validator, model_validator

from simulator.hardware.components import Array, Compress, Distribute, Drain, Dram, Fetch, Glb, Select, Tasd
from simulator.hardware.datapath import Datapath, choose
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import Mapping
from simulator.hardware.numbers import Rates, Scales
from simulator.hardware.offsets import Offsets
from simulator.hardware.quantity import Count
from simulator.hardware.specification import Specification, obey
from simulator.sparsity.patterns import parse


class Kernel(Datapath):
    """A registered datapath: how it lays out the weights decides the windows.

    Attributes
    ----------
    offsets : Offsets or None
        How the places of N of M weights are stored; None where the datapath has a form of its own.
    streamed : str or None
        Pattern or family of patterns of the inputs along K that saves steps or cycles; None: zeros of the inputs save none.
    window : Count or None
        Coordinates of K of a step, where rows take different numbers of multipliers; None: they follow from the pattern.
    rates : Rates or None
        Number formats the multipliers take; None: they take integers of `value_bits`.
    scales : Scales or None
        Scales of vectors of quantised operands; None: there are none.
    schedule : str or None
        Of a sum of products: ``in_turn``, all windows of a term before those of the next; ``interleaved``, windows in the order
        in which the coordinates of K that they cover end. None: there are no such sums.
    rows : str or None
        Where rows may take different numbers of multipliers: ``each`` (or None) takes its own, ``alike`` all take those of the
        fullest row of the layer.
    terms : Count or None
        Most terms of a series that weights or inputs are decomposed into; None: it runs none.
    """

    offsets: Offsets | None = None
    streamed: str | None = None
    window: Count | None = None
    rates: Rates | None = None
    scales: Scales | None = None
    schedule: Literal["in_turn", "interleaved"] | None = None
    rows: Literal["each", "alike"] | None = None
    terms: Count | None = None

    @field_validator("streamed")
    @classmethod
    def _readable(cls, streamed: str | None) -> str | None:
        if streamed is not None:
            obey(lambda: parse(streamed))
        return streamed

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        return choose(kind, "datapath")


class Components(Specification):
    """The components; `select`, `compress` and `tasd` are optional."""

    dram: Dram
    glb: Glb
    fetch: Fetch
    distribute: Distribute
    select: Select | None = None
    array: Array
    drain: Drain
    compress: Compress | None = None
    tasd: Tasd | None = None


class Stationary(Machine):
    """A machine that keeps weights in its multipliers and streams windows of inputs past them."""

    datapath: Kernel
    components: Components
    mapping: Mapping

    @model_validator(mode="after")
    def _product_fits(self) -> Self:
        return self.check_accumulator(self.components.array.accumulator.value)
