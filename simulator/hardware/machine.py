"""A machine: everything a description says, typed.

What all machines share is here; the sections `datapath`, `components` and `mapping` belong to the machine's organisation,
a subclass each in :mod:`simulator.hardware.organisations`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, field_validator

from simulator.energy import Table, load
from simulator.hardware.components.dram import Dram
from simulator.hardware.datapath import Datapath
from simulator.hardware.quantity import Bits, Hertz, Quantity
from simulator.hardware.specification import Specification, obey

DEFAULT = "stationary"
"""The organisation of a description that names none."""

_WORDS = frozenset({"name", "description", "reference", "fidelity"})
Statements = Annotated[tuple[str, ...], Field(strict=False)]


class Fidelity(Specification):
    """What of the real machine is modelled, approximated and left out."""

    modelled: Statements
    approximated: Statements
    left_out: Statements


class ValueBits(Specification):
    """Width of a value of each tensor."""

    weights: Bits
    inputs: Bits
    outputs: Bits


class Machine(Specification):
    """A machine description; the base of every organisation.

    Attributes
    ----------
    name, description, reference : str
    fidelity : Fidelity
    organisation : str
        Name of what `datapath`, `components` and `mapping` are, and of the lowering.
    clock : Hertz
    energy_table : str
        Name of a table of :mod:`simulator.energy`, or the path of one.
    value_bits : ValueBits
    datapath : Datapath
    components : Specification
    mapping : Specification
    """

    name: str
    description: str
    reference: str
    fidelity: Fidelity
    organisation: str = DEFAULT
    clock: Hertz
    energy_table: str
    value_bits: ValueBits
    datapath: Datapath
    components: Specification
    mapping: Specification

    @field_validator("energy_table")
    @classmethod
    def _readable(cls, energy_table: str) -> str:
        obey(lambda: load(energy_table))
        return energy_table

    @field_validator("name", "description", "reference")
    @classmethod
    def _said(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must not be empty")
        return text

    @cached_property
    def table(self) -> Table:
        """Energy per action: its table, and what parts of it bring along for actions the table has no row for."""
        dram = getattr(self.components, "dram", None)
        return load(self.energy_table).with_rows(dram.energy_rows if isinstance(dram, Dram) else {})

    def check_accumulator(self, bits: int) -> Self:
        """This machine, if ``components.array.accumulator`` of so many bits holds a product; ValueError otherwise."""
        product = self.value_bits.weights.value + self.value_bits.inputs.value
        if bits < product:
            raise ValueError(
                f"components.array.accumulator is {bits} b, a product of weights and inputs (value_bits) needs {product} b"
            )
        return self

    def __repr__(self) -> str:
        return f"<Machine {self.name!r}: {self.description}>"

    __str__ = __repr__

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the values that decide a run: not names, notes, sources, or the unit a value was written in."""
        body = {name: _plain(getattr(self, name)) for name in type(self).model_fields if name not in _WORDS}
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Quantity):
        return str(type(value).parse(value.text))
    if isinstance(value, Specification):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    return value
