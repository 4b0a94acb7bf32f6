"""Estimate, and compare estimates with simulations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from simulator.api.arguments import overridden, seed_of
from simulator.api.loading import layers_of, load, machine_of
from simulator.api.simulation import lowered_layer, versions
from simulator.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.engine.contract import Progress
    from simulator.hardware.machine import Machine
    from simulator.mapping.design_point import DesignPoint
    from simulator.record.comparison import Comparison, LayerComparison
    from simulator.record.estimate import Estimate
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

_WHOLE = "design point {!r} has a product of its own: it takes no trace and no overrides"
DECLARED, MEASURED = "declared", "measured"
OCCUPANCIES = (DECLARED, MEASURED)
"""What an estimate knows of the zeros: what was declared (of a trace: the weights' pattern, and densities averaged over its
layers), or the density of every tensor of the layer."""


def estimate(
    hardware: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    model: str = "sparseloop",
    occupancy: str = DECLARED,
    overrides: Mapping[str, str] | None = None,
) -> tuple[Estimate, ...]:
    """Estimate a design point, or every layer of a trace on a machine, with an analytical model.

    Parameters
    ----------
    hardware : Machine or DesignPoint, or a name or path of one
    workload : Layer, Trace, or the path of a trace; None for a design point, which has a product of its own
    model : str
        A registered model, e.g. ``sparseloop``, ``roofline``, ``maestro``.
    occupancy : str
        ``declared`` or ``measured``: see :data:`OCCUPANCIES`.
    overrides : mapping of str to str
        Machine parameters by dotted path.

    Returns
    -------
    tuple of Estimate
        One per layer; one for a design point.

    Raises
    ------
    InputError, InfeasibleError
        See :mod:`simulator.errors`; also when the machine cannot be told as a design point.
    """
    from simulator.registry import resolve

    asked = resolve("model", model)
    if occupancy not in OCCUPANCIES:
        raise InputError(f"occupancy={occupancy!r}: choices: {', '.join(OCCUPANCIES)}")
    return tuple(asked(point) for point in design_points(hardware, workload, occupancy, overrides))


def compare(
    hardware: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    model: str = "sparseloop",
    against: str | Path | Estimate | None = None,
    tensors: Mapping[str, NDArray[Any]] | None = None,
    engine: str = "fast",
    overrides: Mapping[str, str] | None = None,
    seed: int = 0,
    on_layer: Callable[[LayerComparison], None] | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Lay an estimate beside the simulation of the same layers: the ladder between them, and every figure both tell.

    Parameters
    ----------
    hardware, workload, engine, overrides, on_layer, progress
        As in :func:`simulate`.
    model : str
        A registered model. It also tells the rung of actual densities when `against` is given.
    against : str, Path or Estimate, or None
        An estimate made elsewhere, for one layer or a design point; a file as the real tools write them is read.
    tensors : mapping of str to ndarray, or None
        Operands of a design point; None: drawn from the occupancies it declares, by `seed`.
    """
    from simulator.comparison.run import Asked, of_machine, of_point
    from simulator.mapping.design_point import DesignPoint as Point

    asked = Asked(model, against, engine, seed_of(seed), on_layer, progress, versions())
    loaded = load(hardware) if isinstance(hardware, (str, Path)) else hardware
    name, _, layers = ("", "", iter(())) if workload is None else layers_of(workload)
    if isinstance(loaded, Point):
        if overrides:
            raise InputError(f"design point {loaded.name!r}: takes no overrides; change its file")
        return of_point(loaded, name, list(layers), tensors, asked)
    machine = overridden(machine_of(cast("Machine", loaded)), overrides)
    if workload is None:
        raise InputError(f"a comparison on machine {machine.name!r} needs a layer or a trace")
    return of_machine(machine, name, list(layers), lowered_layer, asked)


def design_points(
    hardware: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    occupancy: str = DECLARED,
    overrides: Mapping[str, str] | None = None,
) -> Iterator[DesignPoint]:
    """What an analytical model sees of every layer; see :func:`estimate`."""
    from simulator.lowering.views.view import average_density
    from simulator.mapping.design_point import DesignPoint as Point

    if isinstance(hardware, (str, Path)):
        loaded = load(hardware)
        hardware = loaded if isinstance(loaded, Point) else machine_of(hardware)
    if isinstance(hardware, Point):
        if workload is not None or overrides:
            raise InputError(_WHOLE.format(hardware.name))
        yield hardware
        return
    machine = overridden(machine_of(hardware), overrides)
    if workload is None:
        raise InputError(f"an estimate of machine {machine.name!r} needs a layer or a trace")
    _, _, layers = layers_of(workload)
    known = list(layers)
    average = average_density(known) if occupancy == DECLARED else {}
    for layer in known:
        yield design_point(machine, layer, average)


def design_point(
    machine: Machine, layer: Layer, average: Mapping[str, Fraction] | None = None
) -> DesignPoint:
    """A layer on a machine of the zoo as a design point; see :func:`simulator.lowering.views.view`."""
    from simulator.lowering.views.view import view

    return view(machine, lowered_layer(machine, layer), average)
