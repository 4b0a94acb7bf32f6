"""A lowered layer as a design point, with the densities an estimate is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from simulator.errors import InputError
from simulator.hardware.machine import Machine
from simulator.lowering.lowered import Lowered
from simulator.mapping.design_point import DesignPoint
from simulator.registry import names, resolve
from simulator.workload.layer import Layer


def view(machine: Machine, lowered: Lowered, average: Mapping[str, Fraction] | None = None) -> DesignPoint:
    """A layer on a machine of the zoo as a design point, in the mapping the simulator runs.

    Parameters
    ----------
    machine : Machine
    lowered : Lowered
        The layer on it.
    average : mapping of str to Fraction
        Densities to take instead of the layer's own, for tensors without a structure.

    Raises
    ------
    InputError
        The machine's organisation, or its datapath, cannot be told as a loop nest.
    """
    told = names("design_point")
    if machine.organisation not in told:
        raise InputError(
            f"machine {machine.name!r}: its organisation {machine.organisation!r} cannot be told as a design point; "
            f"those that can: {', '.join(told)}"
        )
    point: DesignPoint = resolve("design_point", machine.organisation)(lowered)
    loose = {name: each for name, each in point.occupancy.items() if each.distribution == "hypergeometric"}
    known = average or {}
    taken = {name: replace(each, density=known[name]) for name, each in loose.items() if name in known}
    return replace(point, occupancy=point.occupancy | taken)


def average_density(layers: Sequence[Layer]) -> dict[str, Fraction]:
    """Density of weights and inputs over all layers: what is declared of a trace; nothing of a single layer."""
    found = {}
    for name in ("weights", "inputs") if len(layers) > 1 else ():
        tensors = [getattr(layer, name) for layer in layers]
        found[name] = Fraction(sum(t.nonzeros for t in tensors), sum(t.size for t in tensors))
    return found
