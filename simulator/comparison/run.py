"""Comparisons of whole workloads: the layers of a trace on a machine, or a design point on its tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from simulator.comparison.ladder import Ladder, Subject
from simulator.comparison.subjects import layer_subject, point_subject
from simulator.engine.contract import Progress
from simulator.errors import InputError
from simulator.frontend.timeloop import read_results
from simulator.hardware.machine import Machine
from simulator.lowering.lowered import Lowered
from simulator.lowering.nest import drawn, of_layer
from simulator.lowering.views.view import average_density, view
from simulator.mapping.design_point import DesignPoint
from simulator.record.comparison import Comparison, LayerComparison
from simulator.record.estimate import Estimate
from simulator.registry import resolve
from simulator.workload.layer import Layer


@dataclass(frozen=True)
class Asked:
    """How to compare.

    Attributes
    ----------
    model : str
        Registered; estimates the rung of actual densities, and the first one unless `against` is given.
    against : str, Path, Estimate or None
        An estimate made elsewhere, or the file of one.
    engine : str
    seed : int
        Of drawn tensors.
    on_layer, progress : callable or None
    versions : dict of str to str
    """

    model: str
    against: str | Path | Estimate | None
    engine: str
    seed: int
    on_layer: Callable[[LayerComparison], None] | None = None
    progress: Progress | None = None
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """Who estimates, in words."""
        if self.against is None:
            return self.model
        return self.against.model if isinstance(self.against, Estimate) else str(self.against)

    def given(self, point: DesignPoint | None) -> Estimate | None:
        """The estimate made elsewhere, read when it is in a file."""
        return (
            self.against if isinstance(self.against, Estimate | None) else read_results(self.against, point)
        )


def of_machine(
    machine: Machine,
    name: str,
    layers: Sequence[Layer],
    lower: Callable[[Machine, Layer], Lowered],
    asked: Asked,
) -> Comparison:
    """Layers on a machine of the zoo.

    Raises
    ------
    InputError, InfeasibleError
        A layer the machine refuses, a machine that is no loop nest, or one estimate for several layers.
    """
    if asked.against is not None and len(layers) > 1:
        raise InputError(f"against {asked.said}: is an estimate of one layer; {name} has {len(layers)}")
    average = average_density(layers)

    def subjects() -> Iterable[Subject]:
        for layer in layers:
            lowered = lower(machine, layer)
            yield layer_subject(layer.name, lowered, machine.table, view(machine, lowered, average))

    return _all(machine.name, name, subjects(), asked)


def of_point(
    point: DesignPoint,
    name: str,
    layers: Sequence[Layer],
    tensors: Mapping[str, NDArray[Any]] | None,
    asked: Asked,
) -> Comparison:
    """A design point on recorded layers that fit it, on tensors, or without either on tensors drawn from what it declares."""
    if layers and tensors is not None:
        raise InputError(f"design point {point.name!r}: takes a trace or tensors, not both")
    if asked.against is not None and len(layers) > 1:
        raise InputError(f"against {asked.said}: is an estimate of one layer; {name} has {len(layers)}")

    def subjects() -> Iterable[Subject]:
        for layer in layers:
            yield point_subject(point, of_layer(point.product, layer), layer.name, asked.seed)
        if not layers:
            given = drawn(point, asked.seed)[0] if tensors is None else tensors
            yield point_subject(point, given, seed=asked.seed)

    return _all(point.name, name or point.product.text, subjects(), asked)


def _all(hardware: str, workload: str, subjects: Iterable[Subject], asked: Asked) -> Comparison:
    model, run = resolve("model", asked.model), resolve("engine", asked.engine)
    done: list[LayerComparison] = []
    for subject in subjects:
        done.append(Ladder(subject, run, asked.progress).compare(model, asked.given(subject.point)))
        if asked.on_layer is not None:
            asked.on_layer(done[-1])
    return Comparison(hardware, workload, asked.said, asked.seed, tuple(done), asked.versions)
