"""Which datapath the arrays are, and what it supports."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from simulator.errors import suggest
from simulator.hardware.specification import Specification, obey
from simulator.registry import names
from simulator.sparsity.patterns import parse


class Datapath(Specification):
    """Sparse acceleration features; an organisation says which kinds it has.

    Attributes
    ----------
    kind : str
        Name of the datapath.
    weights : str
        Pattern, or family of patterns, of the weights it supports, e.g. ``C1(4:{4..8})->C0(2:{2..4})`` or ``dense``.
    gating : bool
        Whether a zero streamed operand gates its multiplier.
    inputs : tuple of str
        Formats the streamed operand may be stored in.
    """

    kind: str
    weights: str
    gating: bool
    inputs: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]

    @field_validator("weights")
    @classmethod
    def _pattern(cls, weights: str) -> str:
        obey(lambda: parse(weights))
        return weights

    @field_validator("inputs")
    @classmethod
    def _formats(cls, inputs: tuple[str, ...]) -> tuple[str, ...]:
        for name in inputs:
            choose(name, "format")
        if len(set(inputs)) != len(inputs):
            raise ValueError("names a format twice")
        return inputs


def choose(name: str, kind: str) -> str:
    """`name` if it is registered under `kind`; ValueError, with the choices, otherwise."""
    if name not in names(kind):
        raise ValueError(f"unknown {kind} {name!r}; {suggest(name, names(kind))}")
    return name
