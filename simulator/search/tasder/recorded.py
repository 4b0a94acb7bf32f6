"""A recorded trace as a subject of search: nothing is known of its task, so quality is how much of its outputs is left.

    quality = product over layers of  1 - |Z - Z'|^2 / |Z|^2

with Z the products of the recorded operands and Z' those of the sums of terms, each layer by itself, on up to :data:`COLUMNS`
columns. A stand-in for the quality of a task, and said to be one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.terms.view import Recorded
from simulator.search.tasder.greedy import Choice, Choices
from simulator.transform.tasd import decompose
from simulator.workload.layer import Layer
from simulator.workload.model import Trace

COLUMNS = 1024


class RecordedSubject:
    """A trace; see :class:`simulator.search.tasder.subject.Subject`."""

    measure = "share of the outputs' energy that is left, a stand-in for the quality of a task"

    def __init__(self, trace: Trace) -> None:
        self.name, self.layers, self._digest = trace.name, trace.layers, trace.digest
        self._views = {layer.name: Recorded(layer) for layer in trace.layers}
        self.searched = tuple(self._views)
        self._left: dict[tuple[str, Choice], float] = {}

    @property
    def state(self) -> dict[str, Any]:
        """See :class:`Subject`."""
        return {"trace": self._digest, "columns": COLUMNS}

    def tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """See :class:`Subject`."""
        parts = [self._operands(name, group) for group in range(self._views[name].groups)]
        return {
            "weights": np.concatenate([weights for weights, _ in parts]),
            "inputs": np.concatenate([inputs.T for _, inputs in parts]),
        }

    def quality(self, choices: Choices) -> float:
        """See :class:`Subject`."""
        found = 1.0
        for name, choice in choices.items():
            if (name, choice) not in self._left:
                self._left[name, choice] = self._measured(name, *choice)
            found *= self._left[name, choice]
        return found

    def unseen(self, choices: Choices) -> float:
        """See :class:`Subject`."""
        return self.quality(choices)

    def _operands(self, name: str, group: int) -> tuple[NDArray[Any], NDArray[Any]]:
        view = self._views[name]
        step = -(-view.N // COLUMNS)
        weights = view.weights(group)
        return weights, np.ascontiguousarray(view.inputs(group, 0, view.K, 0, view.N)[:, ::step])

    def _measured(self, name: str, side: str, series: str) -> float:
        lost = whole = 0.0
        for group in range(self._views[name].groups):
            a, b = self._operands(name, group)
            z = a.astype(np.float64) @ b.astype(np.float64)
            if side == "weights":
                a = decompose(a, series, axis=1, pad=True).approximation
            else:
                b = decompose(b, series, axis=0, pad=True).approximation
            lost += float(((z - a.astype(np.float64) @ b.astype(np.float64)) ** 2).sum())
            whole += float((z**2).sum())
        return max(0.0, 1 - lost / whole) if whole else 1.0


def of(trace: Trace, layers: tuple[Layer, ...] | None = None) -> RecordedSubject:
    """A trace, or some layers of it."""
    return RecordedSubject(trace if layers is None else Trace(trace.name, layers, trace.attrs))
