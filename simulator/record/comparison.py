"""An estimate beside the truth: the rungs between them, what each step costs, and every figure both tell.

truth - estimate = sum of steps          a step is what one assumption costs, in cycles with sign
error            = estimate - truth      relative to the truth
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

SCHEMA_VERSION = 1
RUNGS = ("M0", "M1", "M2", "S0", "S1", "S2", "S3", "S4")
"""The estimate as given; with the actual densities; with joint actual data; totals, balance, order, buffers, truth."""
CAUSES: dict[str, str] = {
    "M1": "assumed occupancy",
    "M2": "independence",
    "S0": "description",
    "S1": "balance",
    "S2": "order",
    "S3": "buffers",
    "S4": "contention",
}
"""What the step that ends in a rung is the cost of."""


@dataclass(frozen=True)
class Step:
    """What lies between two rungs that are both known.

    Attributes
    ----------
    cause : str
        One of :data:`CAUSES`, or several joined by `` + `` where rungs between are not known.
    start, end : str
    cycles : int
        End minus start.
    """

    cause: str
    start: str
    end: str
    cycles: int


@dataclass(frozen=True)
class Figure:
    """One quantity that the estimate and the simulation both tell.

    Attributes
    ----------
    component, tensor : str
        `tensor` is empty for what is of no tensor.
    quantity, unit : str
    estimate, truth : float or int
    """

    component: str
    tensor: str
    quantity: str
    unit: str
    estimate: float
    truth: float

    @property
    def error(self) -> float:
        """Estimate minus truth."""
        return self.estimate - self.truth

    @property
    def relative(self) -> float | None:
        """Error as a share of the truth; None where that is 0."""
        return self.error / self.truth if self.truth else None


@dataclass(frozen=True)
class LayerComparison:
    """One layer.

    Attributes
    ----------
    name : str
    cycles : dict of str to int
        By rung, those known of :data:`RUNGS`, in that order; ``M0`` and ``S4`` always.
    figures : tuple of Figure
    notes : tuple of str
        What the estimate leaves out of this layer, and what it assumes.
    """

    name: str
    cycles: dict[str, int]
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """From the estimate to the truth."""
        return steps(self.cycles)

    @property
    def error(self) -> int:
        """Estimate minus truth, in cycles."""
        return self.cycles["M0"] - self.cycles["S4"]

    @property
    def relative(self) -> float:
        """Error as a share of the truth; 0 where both are 0."""
        return self.error / self.cycles["S4"] if self.cycles["S4"] else float(bool(self.error))


@dataclass(frozen=True)
class Comparison:
    """A trace on a machine, or a design point.

    Attributes
    ----------
    hardware, workload : str
    model : str
        Who estimated, or the file the estimate was read from.
    seed : int
    layers : tuple of LayerComparison
    versions : dict of str to str
    """

    hardware: str
    workload: str
    model: str
    seed: int
    layers: tuple[LayerComparison, ...]
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> LayerComparison:
        """All layers one after the other, at the rungs that all of them know."""
        known = [rung for rung in RUNGS if all(rung in layer.cycles for layer in self.layers)]
        cycles = {rung: sum(layer.cycles[rung] for layer in self.layers) for rung in known}
        notes = dict.fromkeys(note for layer in self.layers for note in layer.notes)
        return LayerComparison("total", cycles, _added(self.layers), tuple(notes))

    def outside(self, tolerance: Fraction) -> tuple[LayerComparison, ...]:
        """Layers whose relative error is larger than a tolerance."""
        return tuple(layer for layer in self.layers if abs(layer.error) > tolerance * layer.cycles["S4"])

    def summary(self) -> dict[str, Any]:
        """JSON-ready; every number under a name that carries its unit."""
        return {
            "schema_version": SCHEMA_VERSION,
            "hardware": self.hardware,
            "workload": self.workload,
            "model": self.model,
            "seed": self.seed,
            "total": _summary(self.total),
            "layers": [_summary(layer) for layer in self.layers],
            "versions": self.versions,
        }


def steps(cycles: Mapping[str, int]) -> tuple[Step, ...]:
    """Differences of consecutive rungs; what lies between them is named by all causes on the way."""
    found: list[Step] = []
    start, causes = RUNGS[0], list[str]()
    for rung in RUNGS[1:]:
        causes.append(CAUSES[rung])
        if rung in cycles:
            found.append(Step(" + ".join(causes), start, rung, cycles[rung] - cycles[start]))
            start, causes = rung, []
    return tuple(found)


def _added(layers: Iterable[LayerComparison]) -> tuple[Figure, ...]:
    """Figures of equal name, summed over the layers."""
    sums: dict[tuple[str, str, str, str], list[float]] = {}
    for layer in layers:
        for figure in layer.figures:
            key = (figure.component, figure.tensor, figure.quantity, figure.unit)
            both = sums.setdefault(key, [0, 0])
            both[0] += figure.estimate
            both[1] += figure.truth
    return tuple(Figure(*key, *both) for key, both in sums.items())


def _summary(layer: LayerComparison) -> dict[str, Any]:
    return {
        "name": layer.name,
        "rungs_cycles": layer.cycles,
        "steps": [
            {"cause": step.cause, "from": step.start, "to": step.end, "difference_cycles": step.cycles}
            for step in layer.steps
        ],
        "error_cycles": layer.error,
        "error_ratio": layer.relative,
        "figures": [_figure(figure) for figure in layer.figures],
        "notes": list(layer.notes),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    unit = figure.unit
    return {
        "component": figure.component,
        "tensor": figure.tensor,
        "quantity": figure.quantity,
        f"estimate_{unit}": figure.estimate,
        f"truth_{unit}": figure.truth,
        f"error_{unit}": figure.error,
        "error_ratio": figure.relative,
    }
