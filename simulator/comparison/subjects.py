"""What is compared: a layer on a machine of the zoo, or a design point on its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.comparison.figures import Truth
from simulator.comparison.ladder import Subject
from simulator.energy.table import Table
from simulator.lowering.lowered import Lowered, outputs_mask
from simulator.lowering.nest import lower
from simulator.lowering.nest.result import energy
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Counts
from simulator.record.outcome import Outcome
from simulator.workload.matrix import GemmView


def layer_subject(name: str, lowered: Lowered, table: Table, point: DesignPoint | None) -> Subject:
    """A layer on a machine.

    Parameters
    ----------
    name : str
    lowered : Lowered
    table : Table
        Energies of the machine.
    point : DesignPoint or None
        The layer as an estimate sees it: the product of its matrices, called weights, inputs and outputs.
    """

    def truth(outcome: Outcome) -> Truth:
        actions: dict[str, int] = {}
        for part in outcome.components:
            for action, count in part.actions.items():
                actions[action] = actions.get(action, 0) + count
        computes = {"computed": actions.get("mac", 0), "gated": actions.get("mac_gated", 0)}
        energy = sum(sum(table.energy_pj(part.actions).values()) for part in outcome.components)
        return Truth(computes, {}, lowered.traffic, energy)

    return Subject(name, lowered.plan, truth, point, None if point is None else matrices(lowered.view, point))


def matrices(view: GemmView, point: DesignPoint) -> dict[str, NDArray[np.bool_]]:
    """Non-zeros of a layer's matrices in the shapes of a design point's tensors; outputs that were not recorded are all written."""
    shapes = {tensor.name: tensor.shape for tensor in point.product.tensors}
    groups = range(view.groups)
    outputs, _ = outputs_mask(view)
    return {
        "weights": np.stack([view.weights_mask(g) for g in groups]).reshape(shapes["weights"]),
        "inputs": np.stack([view.inputs_mask(g, 0, view.K, 0, view.N) for g in groups]).reshape(
            shapes["inputs"]
        ),
        "outputs": np.ones(shapes["outputs"], np.bool_)
        if outputs is None
        else outputs.reshape(shapes["outputs"]),
    }


def point_subject(
    point: DesignPoint, tensors: Mapping[str, NDArray[Any]], name: str = "", seed: int = 0
) -> Subject:
    """A design point, simulated as it is estimated.

    Parameters
    ----------
    point : DesignPoint
    tensors : mapping of str to ndarray
        Operands, and the output where its non-zeros are known.
    name : str
        Of the layer; that of the point when empty.
    seed : int
        Of integers that stand for operands without values.

    Raises
    ------
    InputError
        Tensors that do not fit, or a rule that leaves out a product that counts.
    """
    lowered = lower(point, tensors, seed)
    lowered.verify()
    computed, gated, skipped = lowered.counted.computes()
    accesses = {
        level: {
            tensor: {access: Counts(0, *told) for access, told in counts.items()}
            for tensor, counts in by_tensor.items()
        }
        for level, by_tensor in lowered.counted.counts().items()
    }
    spent = sum(sum(actions.values()) for actions in energy(lowered).values())

    def truth(outcome: Outcome) -> Truth:
        computes = {"computed": computed, "gated": gated, "skipped": skipped}
        return Truth(computes, accesses, {}, spent)

    return Subject(name or point.name, lowered.plan, truth, point, tensors)
