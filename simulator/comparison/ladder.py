"""The ladder from an estimate to the truth.

    M0 the estimate as given            S0 totals: no order, no channels
    M1 the actual densities             S1 balance: the slowest instance, step by step
    M2 the actual non-zeros             S2 order: latencies and dependences, buffers without end
                                        S3 buffers    S4 truth: arbiters, banks, rows

M1 is the same model (that of Sparseloop, where the estimate was read from a file) told the density of every actual tensor; M2
counts exactly on the actual tensors (:mod:`simulator.analytical.joint`). What the estimate's description leaves out of the
machine shows between M2 and S0, and is nothing when both see one design point. Differences telescope to truth - estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.analytical import joint
from simulator.comparison.figures import Truth, figures
from simulator.engine.contract import Engine, Progress
from simulator.errors import InfeasibleError, InputError
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


class Ladder:
    """A subject's simulated rungs and exact counts, made once, for any number of estimates.

    Parameters
    ----------
    subject : Subject
    engine : Engine
    progress : callable or None
    """

    def __init__(self, subject: Subject, engine: Engine, progress: Progress | None = None) -> None:
        self.subject, self._engine, self._progress = subject, engine, progress

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """Of the rungs S0 to S4."""
        plan = self.subject.plan
        return {str(rung): self._engine(plan, rung, progress=self._progress) for rung in Rung}

    @cached_property
    def joint(self) -> Estimate | None:
        """Exact counts on the actual data, M2; None without a design point and its tensors."""
        if self.subject.point is None or self.subject.tensors is None:
            return None
        return joint.estimate(self.subject.point, self.subject.tensors, algorithmic=False)

    @cached_property
    def _measured(self) -> DesignPoint | None:
        if self.subject.point is None or self.subject.tensors is None:
            return None
        return measured(self.subject.point, self.subject.tensors)

    def compare(self, model: Model, given: Estimate | None = None) -> LayerComparison:
        """One estimate at all rungs that can be told.

        Parameters
        ----------
        model : callable
            Estimates M1, and M0 unless `given`.
        given : Estimate or None
            An estimate made elsewhere.
        """
        point = self.subject.point
        if given is None:
            if point is None:
                raise InputError(f"{self.subject.name}: has no design point to estimate")
            given = model(point)
        cycles = {"M0": given.cycles} | {name: found.cycles for name, found in self.outcomes.items()}
        notes = list(() if point is None else point.unmodelled)
        if self._measured is not None and self.joint is not None:
            cycles["M2"] = self.joint.cycles
            try:
                cycles["M1"] = model(self._measured).cycles
            except InfeasibleError as error:
                notes.append(f"with the actual densities the model refuses: {error}")
        return LayerComparison(
            self.subject.name,
            {rung: cycles[rung] for rung in RUNGS if rung in cycles},
            figures(given, self.subject.truth(self.outcomes["S4"]), point),
            (*notes, *given.assumptions),
        )


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
