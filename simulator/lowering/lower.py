"""The door to every organisation's lowering."""

from __future__ import annotations

from typing import cast

from simulator.hardware.machine import Machine
from simulator.lowering.lowered import Lowered
from simulator.registry import resolve
from simulator.workload.layer import SERIES, Layer


def lower(machine: Machine, layer: Layer) -> Lowered:
    """Lower `layer` onto `machine`, as its organisation does.

    Raises
    ------
    InputError
        The layer's pattern is unsupported or its weights do not satisfy it.
    InfeasibleError
        No mapping fits the machine.
    """
    if any(name in layer.attrs for name in SERIES):
        return cast(Lowered, resolve("lowering", "series")(machine, layer))
    return cast(Lowered, resolve("lowering", machine.organisation)(machine, layer))
