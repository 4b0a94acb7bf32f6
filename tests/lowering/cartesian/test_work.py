"""Demand, actions and traffic of random layers against the oracle that counts element by element."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import simulator
from simulator import Layer, Machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.cartesian.layer import CartesianLayer
from simulator.plan.check import field_sums
from simulator.plan.runs import DEMAND, PORTS, WORK
from validation.oracles.cartesian_layer import Oracle


def layer(seed: int) -> Layer:
    rng = np.random.default_rng(seed)
    densities = rng.choice([0.0, 0.1, 0.5, 1.0], 2, p=[0.1, 0.2, 0.5, 0.2])
    if seed % 4 == 0:
        m, k, n = (int(x) for x in rng.integers(1, (20, 12, 40)))
        made = simulator.gemm(rng.random((m, k)) < densities[0], rng.random((k, n)) < densities[1])
    else:
        groups, batch, m, c = (int(x) for x in rng.integers(1, (3, 3, 7, 4)))
        r, s = (int(x) for x in rng.integers(1, 4, 2))
        height, width = (int(x) for x in rng.integers(7, 11, 2))
        weights = rng.random((m * groups, c, r, s)) < densities[0]
        inputs = rng.random((batch, c * groups, height, width)) < densities[1]
        stride, padding, dilation = (
            (int(x[0]), int(x[1])) for x in rng.integers((1, 0, 1), (3, 3, 4), (2, 3)).T
        )
        made = simulator.conv2d(weights, inputs, stride, padding, dilation, groups)
    return made if seed % 3 == 0 else made.with_outputs(rng.random(made.einsum.shape("outputs")) < 0.4)


def small(seed: int) -> Machine:
    """Few elements, short FIFOs and shallow accumulators, so that a layer takes several parts and groups of filters."""
    rng = np.random.default_rng([seed, 1])
    choices = {
        "pes.rows": [1, 2, 3],
        "pes.columns": [1, 3, 10],
        "pes.weights": [1, 3, 4],
        "pes.inputs": [2, 4],
        "weights.entries": [1, 4, 50],
        "weights.run": ["2 b", "4 b"],
        "inputs.run": ["2 b", "4 b"],
        "inputs.capacity": ["24 B", "10 KiB"],
        "ppu.run": ["2 b", "4 b"],
        "crossbar.entries": [1, 2, 8],
        "accumulators.banks": [4, 32],
        "accumulators.entries": [8, 32],
        "dram.burst": ["16 B", "128 B"],
        "datapath.gating": ["true", "false"],
    }
    return override(
        simulator.load("scnn"), {name: str(rng.choice(values)) for name, values in choices.items()}
    )


def lowered(seed: int) -> CartesianLayer:
    try:
        found = lower(small(seed), layer(seed))
    except simulator.InfeasibleError:  # its inputs do not fit 24 B: all of them do in 10 KiB
        found = lower(override(small(seed), {"inputs.capacity": "10 KiB"}), layer(seed))
    assert isinstance(found, CartesianLayer)
    return found


def told(found: CartesianLayer) -> tuple[Counter, Counter]:
    """Actions and demand of the plan, by component."""
    actions: Counter[tuple[str, str]] = Counter()
    demand: Counter[str] = Counter()
    for component in found.plan.components:
        for program in component.programs:
            first = PORTS + 2 * len(program.inputs) + len(program.outputs)
            for chunk in program.chunks():
                sums = field_sums(chunk).sum(axis=0)
                demand[component.name] += int(sums[DEMAND])
                for i, action in enumerate(program.actions):
                    actions[component.name, action] += int(sums[first + i])
    return actions, demand


def oracle(found: CartesianLayer, seed: int) -> Oracle:
    context = found.context
    dealt = [
        (*(range(span.first, span.last) for span in part.outputs), (len(part.rows), len(part.columns)))
        for part in context.parts
    ]
    return Oracle(context.machine, layer(seed), context.element, context.filters_held, dealt)


@pytest.mark.parametrize("seed", range(60))
def test_work_is_what_the_oracle_counts(seed: int) -> None:
    found = lowered(seed)
    expected, (actions, demand) = oracle(found, seed).count(), told(found)
    assert +actions == +expected.actions
    assert demand == expected.demand
    assert found.traffic["dram"] == {
        tensor: expected.traffic[tensor] for tensor in ("weights", "inputs", "outputs")
    }


def test_the_cases_cut_planes_and_filters_and_send_halos() -> None:
    parts = filters = halos = far = wasted = 0
    for seed in range(60):
        found = lowered(seed)
        context = found.context
        parts += len(context.parts) > 1
        filters += len(context.filters[0]) > 1
        halos += bool(found.outputs.senders)
        columns = context.machine.components.pes.columns.value
        far += any(
            abs(n % columns - owner % columns) > 1
            for n, owners in found.outputs.senders.items()
            for owner in owners
        )
        wasted += any(
            (context.service(at, 0, n).products < context.service(at, 0, n).multiplied).any()
            for at in context.passes
            for n in context.work(at)
        )
    assert min(parts, filters, halos, far, wasted) > 3, (parts, filters, halos, far, wasted)


def test_work_of_a_pass_never_exceeds_what_the_lanes_can_do() -> None:
    for seed in range(10):
        for component in lowered(seed).plan.components:
            for program in component.programs:
                for chunk in program.chunks():
                    sums = field_sums(chunk)
                    assert (sums[:, WORK] <= sums[:, DEMAND] * component.lanes).all()


def test_a_layer_that_cannot_be_held_says_what_to_change() -> None:
    machine = override(simulator.load("scnn"), {"accumulators.entries": "1", "accumulators.banks": "1"})
    weights, inputs = np.ones((2, 1, 3, 3), bool), np.ones((1, 1, 6, 6), bool)
    with pytest.raises(
        simulator.InfeasibleError, match=r"do not fit; raise inputs\.capacity or accumulators\.entries"
    ):
        lower(override(machine, {"mapping.tile.M": "2"}), simulator.conv2d(weights, inputs))


def test_only_filters_are_chosen() -> None:
    with pytest.raises(simulator.InputError, match=r"tile\.N must be 'auto'"):
        override(simulator.load("scnn"), {"mapping.tile.N": "8"})
