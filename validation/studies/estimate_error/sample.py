"""One comparison, and what many of them say together."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.record.comparison import LayerComparison

MODELS = ("sparseloop", "maestro", "roofline")


@dataclass(frozen=True)
class Sample:
    """A model's estimate of a layer on a machine beside its simulation.

    Attributes
    ----------
    machine, case, layer, model : str
    found : LayerComparison
    """

    machine: str
    case: str
    layer: str
    model: str
    found: LayerComparison

    @property
    def error(self) -> float:
        """Estimate over truth minus 1."""
        return self.found.relative


@dataclass(frozen=True)
class Spread:
    """Of errors: median, mean absolute, least and most, as shares; how many."""

    median: float
    absolute: float
    low: float
    high: float
    many: int


def spread(samples: Iterable[Sample]) -> Spread:
    """Of at least one sample."""
    errors = [sample.error for sample in samples]
    return Spread(
        statistics.median(errors),
        statistics.fmean(abs(error) for error in errors),
        min(errors),
        max(errors),
        len(errors),
    )


def costs(samples: Iterable[Sample]) -> dict[str, float]:
    """What every assumption costs on average, as a share of the true cycles, with sign."""
    sums: dict[str, list[float]] = {}
    for sample in samples:
        for step in sample.found.steps:
            sums.setdefault(step.cause, []).append(step.cycles / sample.found.cycles["S4"])
    return {cause: statistics.fmean(shares) for cause, shares in sums.items()}
