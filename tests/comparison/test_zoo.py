"""A layer on a machine of the zoo, its estimate beside its simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import simulator
from simulator.api import compare, estimate
from simulator.errors import InputError
from simulator.record.comparison import RUNGS, Comparison
from simulator.record.estimate import Counts, Estimate
from simulator.workload.model import Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    rng = np.random.default_rng(0)
    layers = []
    for name, density in (("thin", 0.2), ("thick", 0.7)):
        weights = rng.integers(1, 8, (16, 64)) * (np.arange(64) % 4 < 2)
        inputs = rng.integers(1, 8, (64, 24)) * (rng.random((64, 24)) < density)
        layers.append(replace(simulator.gemm(weights, inputs), name=name))
    return Trace("pair", tuple(layers))


@pytest.fixture(scope="module")
def found(trace: Trace) -> Comparison:
    return compare("dstc", trace)


def test_every_rung_is_told_and_ends_are_those_of_the_verbs(found: Comparison, trace: Trace) -> None:
    truth = simulator.simulate("dstc", trace)
    told = estimate("dstc", trace)
    for layer, run, guess in zip(found.layers, truth.layers, told, strict=True):
        assert tuple(layer.cycles) == RUNGS
        assert layer.cycles["S4"] == run.cycles
        assert layer.cycles["M0"] == guess.cycles
        assert sum(step.cycles for step in layer.steps) == run.cycles - guess.cycles
        assert layer.cycles["S0"] == simulator.simulate("dstc", trace.layer(layer.name), rung="S0").cycles


def test_the_average_density_of_a_trace_is_what_was_assumed(found: Comparison, trace: Trace) -> None:
    first = {layer.name: layer.steps[0].cycles for layer in found.layers}
    assert first["thin"] < 0 < first["thick"]
    alone = compare("dstc", trace.layer("thin"))
    assert alone.layers[0].steps[0].cycles == 0


def test_multiplications_of_joint_data_are_those_simulated(found: Comparison, trace: Trace) -> None:
    for layer in found.layers:
        figures = {(f.component, f.quantity): f for f in layer.figures}
        source = trace.layer(layer.name)
        pairs = (
            np.asarray(source.weights.mask).astype(int) @ np.asarray(source.inputs.mask).astype(int)
        ).sum()
        assert figures["compute", "computed"].truth == pairs


def test_an_estimate_made_elsewhere_is_taken_as_it_is(trace: Trace) -> None:
    given = Estimate("file", "thin", 123, 100, Counts(1, 1))
    found = compare("dstc", trace.layer("thin"), against=given)
    assert found.layers[0].cycles["M0"] == 123
    assert found.model == "file"
    with pytest.raises(InputError, match="is an estimate of one layer; pair has 2"):
        compare("dstc", trace, against=given)


def test_a_machine_without_a_design_point_says_so(trace: Trace) -> None:
    with pytest.raises(InputError, match="cannot be told as a design point"):
        compare("systolic", trace)
    with pytest.raises(InputError, match="needs a layer or a trace"):
        compare("dstc")
