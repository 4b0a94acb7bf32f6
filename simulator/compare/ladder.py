"""The ladder from an estimate to the truth.

    M0 the estimate as given            S0 totals: no order, no channels
    M1 the actual densities             S1 balance: the slowest instance, step by step
    M2 the actual non-zeros             S2 order: latencies and dependences, buffers without end
                                        S3 buffers    S4 truth: arbiters, banks, rows

M1 is the same model (that of Sparseloop, where the estimate was read from a file) told the density of every actual tensor; M2
counts exactly on the actual tensors (:mod:`simulator.analytical.joint`). What the estimate's description leaves out of the machine shows
between M2 and S0, and is nothing when both see one design point. Differences telescope to truth - estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.analytical import joint
from simulator.compare.figures import Truth, figures
from simulator.engine.contract import Engine, Progress
from simulator.mapping.design_point import DesignPoint
from simulator.plan.network import Plan
from simulator.plan.rung import Rung
from simulator.record.comparison import RUNGS, LayerComparison
from simulator.record.estimate import Estimate
from simulator.record.outcome import Outcome
from simulator.workload.occupancy import Occupancy

Model = Callable[[DesignPoint], Estimate]
Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Subject:
    """What is estimated and simulated.

    Attributes
    ----------
    name : str
        Of the layer.
    plan : Plan
        What is simulated.
    truth : callable
        Figures of the simulation, given its outcome at S4.
    point : DesignPoint or None
        What the estimate sees; None when the machine cannot be told as one.
    tensors : mapping of str to ndarray, or None
        The actual operands of `point`, and the output where its non-zeros are known.
    """

    name: str
    plan: Plan
    truth: Callable[[Outcome], Truth]
    point: DesignPoint | None = None
    tensors: Tensors | None = None


def compare(
    subject: Subject,
    engine: Engine,
    model: Model,
    given: Estimate | None = None,
    progress: Progress | None = None,
) -> LayerComparison:
    """One layer, at all rungs that can be told.

    Parameters
    ----------
    subject : Subject
    engine : Engine
    model : callable
        Estimates M1, and M0 unless `given`.
    given : Estimate or None
        An estimate made elsewhere.
    progress : callable or None
    """
    estimates = _estimates(subject, model, given)
    outcomes = {str(rung): engine(subject.plan, rung, progress=progress) for rung in Rung}
    cycles = {name: found.cycles for name, found in (estimates | outcomes).items()}
    first = estimates["M0"]
    notes = () if subject.point is None else subject.point.unmodelled
    return LayerComparison(
        subject.name,
        {rung: cycles[rung] for rung in RUNGS if rung in cycles},
        figures(first, subject.truth(outcomes["S4"]), subject.point),
        (*notes, *first.assumptions),
    )


def _estimates(subject: Subject, model: Model, given: Estimate | None) -> dict[str, Estimate]:
    if subject.point is None:
        assert given is not None, "without a design point the estimate is given"
        return {"M0": given}
    found = {"M0": model(subject.point) if given is None else given}
    if subject.tensors is not None:
        found["M1"] = model(measured(subject.point, subject.tensors))
        found["M2"] = joint.estimate(subject.point, subject.tensors)
    return found


def measured(point: DesignPoint, tensors: Tensors) -> DesignPoint:
    """A design point that is told the density of every actual tensor; how non-zeros are said to lie stays as declared, and is
    hypergeometric where that was a band or the data themselves.
    """
    masks = joint.masks_of(point, tensors)
    told = {name: _told(point.occupancy_of(name), mask) for name, mask in masks.items()}
    return replace(point, occupancy=told)


def _told(declared: Occupancy, mask: NDArray[np.bool_]) -> Occupancy:
    density = Fraction(int(np.count_nonzero(mask)), mask.size)
    kept = declared.distribution in ("fixed-structured", "hypergeometric") and declared.density != 1
    return Occupancy(declared.distribution if kept else "hypergeometric", density)
