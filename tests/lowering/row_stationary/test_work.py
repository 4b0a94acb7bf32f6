"""Actions, traffic and cycles of random layers against the oracle that visits every multiplication of every element."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import numpy as np
import pytest

import simulator
from simulator import Layer, Machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.row_stationary.layer import RowStationaryLayer
from simulator.plan.check import field_sums
from simulator.plan.runs import DEMAND, PORTS
from validation.oracles.row_stationary import Blocks, Oracle


def layer(seed: int) -> Layer:
    rng = np.random.default_rng(seed)
    densities = rng.choice([0.0, 0.2, 0.6, 1.0], 2, p=[0.1, 0.3, 0.4, 0.2])
    if seed % 4 == 0:
        m, k, n = (int(x) for x in rng.integers(1, (12, 12, 20)))
        made = simulator.gemm(rng.random((m, k)) < densities[0], rng.random((k, n)) < densities[1])
    else:
        groups, batch, m, c = (int(x) for x in rng.integers(1, (3, 3, 7, 6)))
        r, s = (int(x) for x in rng.integers(1, 4, 2))
        height, width = (int(x) for x in rng.integers(5, 9, 2))
        weights = rng.random((m * groups, c, r, s)) < densities[0]
        inputs = rng.random((batch, c * groups, height, width)) < densities[1]
        stride, padding, dilation = (
            (int(x[0]), int(x[1])) for x in rng.integers((1, 0, 1), (4, 3, 3), (2, 3)).T
        )
        made = simulator.conv2d(weights, inputs, stride, padding, dilation, groups)
    return made if seed % 3 == 0 else made.with_outputs(rng.random(made.einsum.shape("outputs")) < 0.4)


def small(seed: int) -> Machine:
    rng = np.random.default_rng([seed, 1])
    choices = {
        "array.rows": [3, 4, 12],
        "array.columns": [1, 2, 3],
        "array.inputs": [3, 4],
        "array.weights": [6, 224],
        "array.psums": [1, 4],
        "glb.capacity": ["400 B", "700 B", "102400 B"],
        "mapping.inputs": ["auto", "streamed"],
        "coding.run": ["2 b", "5 b"],
        "dram.burst": ["16 B", "64 B"],
        "datapath.zero_inputs": ["gated", "multiplied"],
    }
    return override(
        simulator.load("eyeriss"), {name: str(rng.choice(values)) for name, values in choices.items()}
    )


def lowered(seed: int) -> RowStationaryLayer:
    try:
        found = lower(small(seed), layer(seed))
    except simulator.InfeasibleError:  # a band of one strip does not fit the small buffer
        found = lower(override(small(seed), {"glb.capacity": "102400 B"}), layer(seed))
    assert isinstance(found, RowStationaryLayer)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_work_is_what_the_oracle_counts(seed: int) -> None:
    found = lowered(seed)
    context, blocking = found.context, found.context.blocking
    blocks = Blocks(**{field.name: getattr(blocking, field.name) for field in fields(Blocks)})
    expected = Oracle(context.machine, layer(seed), blocks).count()
    actions: Counter[tuple[str, str]] = Counter()
    cycles = 0
    for component in found.plan.components:
        for program in component.programs:
            first = PORTS + 2 * len(program.inputs) + len(program.outputs)
            for chunk in program.chunks():
                sums = field_sums(chunk).sum(axis=0)
                cycles += int(sums[DEMAND]) if component.name == "array" else 0
                for i, action in enumerate(program.actions):
                    actions[component.name, action] += int(sums[first + i])
    assert +actions == +expected.actions
    assert cycles == expected.cycles
    assert found.traffic["dram"] == {
        tensor: expected.traffic[tensor] for tensor in ("weights", "inputs", "outputs")
    }


def test_the_cases_have_bands_streamed_inputs_and_partial_sums() -> None:
    found = [lowered(seed).context.blocking for seed in range(60)]
    seen = {
        "bands": sum(len(each.spans[2]) > 1 for each in found),
        "streamed": sum(not each.kept and len(each.spans[0]) > 1 for each in found),
        "kept": sum(each.kept and len(each.spans[0]) > 1 for each in found),
        "partial sums": sum(len(each.spans[1]) > 1 for each in found),
        "sets": sum(each.filter_sets > 1 for each in found),
    }
    assert min(seen.values()) > 3, seen


def test_zeros_never_save_a_cycle_of_the_array() -> None:
    rng = np.random.default_rng(0)
    weights, inputs = np.ones((6, 5, 3, 3), bool), np.ones((1, 5, 9, 9), bool)
    dense = simulator.simulate("eyeriss", simulator.conv2d(weights, inputs), verify=False)
    sparse = simulator.simulate(
        "eyeriss", simulator.conv2d(weights, inputs & (rng.random(inputs.shape) < 0.3)), verify=False
    )
    assert sparse.busy["array"] == dense.busy["array"]
    assert sparse.actions["array"]["mac"] < dense.actions["array"]["mac"]


def test_filters_larger_than_the_array_are_refused() -> None:
    weights, inputs = np.ones((1, 1, 13, 1), bool), np.ones((1, 1, 14, 4), bool)
    with pytest.raises(
        simulator.InfeasibleError, match=r"a filter of 13 x 1 needs as many array\.rows \(have 12\)"
    ):
        lower(simulator.load("eyeriss"), simulator.conv2d(weights, inputs))


def test_a_buffer_too_small_is_refused() -> None:
    machine = override(simulator.load("eyeriss"), {"glb.capacity": "100 B"})
    with pytest.raises(simulator.InfeasibleError, match=r"a strip of 14 output rows"):
        lower(machine, simulator.conv2d(np.ones((4, 4, 3, 3), bool), np.ones((1, 4, 20, 20), bool)))
