"""Layers as series: counts equal the layer told block by block, both engines agree, outputs are the sums of the terms' products."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from differential.test_engines import differences
from lowering.layers import nest, other_nest, small

import simulator
from simulator import InfeasibleError, InputError, Layer, Machine
from simulator.datapath.verify import Box
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.terms.layer import SeriesLayer
from simulator.plan.check import flows, problems
from simulator.plan.rung import Rung
from simulator.registry import resolve
from simulator.transform.tasd import decompose, parse, with_series
from simulator.workload.matrix import GemmView
from validation.oracles.series import Oracle, Terms

MACHINES = ("ttc_stc_m4", "ttc_stc_m8", "ttc_vegeta_m4", "ttc_vegeta_m8")
SERIES = {
    "ttc_stc_m4": ("2:4", "2:4+2:4", "4:4"),
    "ttc_stc_m8": ("4:8", "4:8+4:8"),
    "ttc_vegeta_m4": ("1:4", "2:4+1:4", "1:4+1:4", "1:4+2:4"),
    "ttc_vegeta_m8": ("1:8", "4:8+1:8", "2:8+1:8", "1:8+4:8", "8:8", "4:8+4:8"),
}
COUNT = 10


def layer(machine: Machine, seed: int) -> Layer:
    """Ragged shapes, any density, weights or inputs decomposed, values or masks."""
    rng = np.random.default_rng([seed, 7])
    series = SERIES[machine.name]
    side = ("weights", "inputs")[seed % 2]
    densities = rng.choice([0.1, 0.5, 0.9, 1.0], 2)
    if rng.random() < 0.5:
        m, k, n = (int(x) for x in rng.integers(1, (40, 80, 24)))
        shapes, conv = [(m, k), (k, n)], {}
    else:
        groups, batch, r, s, c, m = (int(x) for x in rng.integers(1, (3, 3, 4, 4, 9, 9)))
        shapes = [(m * groups, c, r, s), (batch, c * groups, *(int(x) for x in rng.integers(4, 7, 2)))]
        conv = {"stride": int(rng.integers(1, 3)), "padding": int(rng.integers(0, 2)), "groups": groups}
    tensors = [
        (rng.integers(-9, 10, shape) * (rng.random(shape) < density)).astype(np.int8)
        for shape, density in zip(shapes, densities, strict=True)
    ]
    if seed % 5 == 4:
        tensors = [tensor != 0 for tensor in tensors]
    made = simulator.conv2d(*tensors, **conv) if conv else simulator.gemm(*tensors)
    return with_series(made, side, series[seed // 2 % len(series)])


@cache
def told(name: str, seed: int) -> SeriesLayer:
    """A layer on a small machine, under the loop nest it is given or any other."""
    machine = simulator.load_machine(name, simulator.hardware.organisations.stationary.Stationary)
    machine = override(small(machine, seed), {"tasd.units": str((1, 3, 16)[seed % 3])})
    found = lower(machine, layer(machine, seed))
    assert isinstance(found, SeriesLayer)
    return found if seed % 4 == 0 else other_nest(found, seed)


def oracle(found: SeriesLayer) -> Terms:
    g = found.context.geometry
    series, (_, length) = found.asked.series.terms, found.asked.series.terms[0]
    told = replace(nest(found), cuts=(), m=g.M)
    view = found.view.recorded
    return Oracle(found.context.machine, view, found.asked.side, [n for n, _ in series], length, told).count()


@pytest.mark.parametrize("seed", range(COUNT))
@pytest.mark.parametrize("name", MACHINES)
def test_work_equals_the_oracle(name: str, seed: int) -> None:
    found = told(name, seed)
    work = oracle(found)
    outcome = resolve("engine", "fast")(found.plan, Rung.S0)
    actions = Counter(
        {(part.name, action): n for part in outcome.components for action, n in part.actions.items()}
    )
    every = actions | work.actions
    assert {k: (actions[k], work.actions[k]) for k in every if actions[k] != work.actions[k]} == {}
    assert {part.name: part.demand for part in outcome.components} == dict(work.demand)
    called = {"weights": ("weights", "inputs"), "inputs": ("inputs", "weights")}[found.asked.side]
    names = dict(zip(called, ("still", "moving"), strict=True)) | {"outputs": "outputs"}
    assert found.traffic["dram"] == {tensor: work.traffic[name] for tensor, name in names.items()}
    assert found.macs["effectual"] == work.effectual
    assert found.macs["slots"] == found.lanes * work.demand["array"]
    units = [part for part in found.plan.components if part.name == "tasd"]
    if units:
        items = [item[:2] for chunk in units[0].programs[0].chunks() for item in chunk.items()]
        assert items == work.batches


@pytest.mark.parametrize("seed", range(COUNT))
@pytest.mark.parametrize("name", MACHINES)
def test_engines_agree_and_nothing_is_lost(name: str, seed: int) -> None:
    plan = told(name, seed).plan
    assert problems(plan) == []
    for rung in (Rung.S4, list(Rung)[seed % 4]):
        a, b = (resolve("engine", engine)(plan, rung) for engine in ("reference", "fast"))
        assert a.digest == b.digest, "\n".join(differences(a, b))
    for channel, flow in zip(plan.channels, flows(plan), strict=True):
        if channel.meaning != "space":
            assert flow.put == flow.taken == flow.released, channel.name
        else:
            assert flow.put == flow.taken, channel.name


@pytest.mark.parametrize("seed", range(COUNT))
@pytest.mark.parametrize("name", MACHINES)
def test_outputs_are_the_sum_of_the_exact_products_of_the_terms(name: str, seed: int) -> None:
    machine = simulator.load(name)
    case = layer(machine, seed)
    check = simulator.simulate(machine, case, rung="totals", verify=True).layers[0].verification
    assert check.mode == "full"
    found = lower(machine, case)
    view = GemmView(case, seed=3)
    side, series = next(
        (s, case.attrs[f"{s}_series"]) for s in ("weights", "inputs") if f"{s}_series" in case.attrs
    )
    for group in range(view.groups):
        a, b = view.weights(group).astype(np.int64), view.inputs(group, 0, view.K, 0, view.N).astype(np.int64)
        by = (case.weights if side == "weights" else case.inputs).values
        chosen = (a if side == "weights" else b) if by is not None else (a if side == "weights" else b) != 0
        terms = decompose(chosen, series, axis=1 if side == "weights" else 0, pad=True)
        expected = np.zeros((view.M, view.N), dtype=np.int64)
        for term in range(1, len(parse(series).terms) + 1):
            mask = terms.labels == term
            expected += (a * mask) @ b if side == "weights" else a @ (b * mask)
        np.testing.assert_array_equal(found.computed(view, Box(group, 0, view.M, 0, view.N)), expected)


def computed_wrong(found: SeriesLayer) -> SeriesLayer:
    """The layer with a term too few."""
    return replace(found, code=replace(found.code, terms=found.code.terms[:-1]))


def test_a_term_left_out_is_found() -> None:
    from simulator.datapath.verify import verify
    from simulator.errors import SimulatorError

    machine = simulator.load("ttc_vegeta_m8")
    rng = np.random.default_rng(0)
    a, b = (rng.integers(1, 9, shape).astype(np.int8) for shape in ((9, 64), (64, 5)))
    found = lower(machine, with_series(simulator.gemm(a, b), "weights", "4:8+1:8"))
    assert isinstance(found, SeriesLayer)
    verify(found.view.integers(0), found.computed, True, 0)
    with pytest.raises(SimulatorError, match="the datapath is wrong"):
        verify(found.view.integers(0), computed_wrong(found).computed, True, 0)


def gemm(m: int, k: int, n: int, side: str, series: str) -> Layer:
    rng = np.random.default_rng(1)
    a, b = (rng.integers(1, 9, shape).astype(np.int8) for shape in ((m, k), (k, n)))
    return with_series(simulator.gemm(a, b), side, series)


def test_inputs_move_once_and_sums_stay_between_terms() -> None:
    """One accumulator tile: a second term adds passes, and neither DRAM traffic of inputs nor drained words."""
    one, two = (
        simulator.simulate("ttc_vegeta_m8", gemm(64, 256, 128, "weights", series), verify=False)
        for series in ("4:8", "4:8+1:8")
    )
    assert one.layers[0].traffic["dram"]["inputs"] == two.layers[0].traffic["dram"]["inputs"] == 256 * 128
    assert one.actions["drain"] == two.actions["drain"]
    assert (
        two.busy["array"] == 2 * one.busy["array"]
    )  # of 64 rows, a pass of 1:8 takes as many steps as one of 4:8


@pytest.mark.parametrize(("units", "cycles"), [(8, 4 * 256 // 8), (16, 4 * 256 // 16), (300, 4)])
def test_units_take_a_non_zero_a_cycle_each(units: int, cycles: int) -> None:
    """64 columns of inputs by a window of 32: 256 blocks of 8, of which 4:8 takes 4 non-zeros each."""
    case = gemm(128, 32, 64, "inputs", "4:8")
    found = simulator.simulate("ttc_vegeta_m8", case, verify=False, overrides={"tasd.units": str(units)})
    assert found.busy["tasd"] == cycles
    assert found.actions["tasd"]["tasd_compare"] == 7 * 4 * 256


def test_layers_of_one_trace_may_differ() -> None:
    """A trace with a layer as it is, one with a series of weights and one of inputs: one result, written and read."""
    from simulator.workload.model import Trace

    plain = gemm(20, 64, 20, "weights", "2:8")
    layers = [
        replace(plain, name="a", attrs={}),
        replace(plain, name="b"),
        replace(gemm(20, 64, 20, "inputs", "4:8+1:8"), name="c"),
    ]
    result = simulator.simulate("ttc_vegeta_m8", Trace("three", tuple(layers), {}))
    assert [layer.choices.get("series") for layer in result.layers] == [None, "weights 2:8", "inputs 4:8+1:8"]
    assert result.busy["tasd"] > 0


@pytest.mark.parametrize(
    ("name", "side", "series", "changes", "kind", "message"),
    [
        ("tc", "weights", "2:4", {}, InputError, "it runs no series of terms"),
        ("dstc", "weights", "2:4", {}, InputError, "it runs no series of terms"),
        ("vegeta", "weights", "2:4", {}, InputError, "it runs no series of terms"),
        ("ttc_stc_m4", "weights", "1:4", {}, InputError, "has no term 1:4; choices: 2:4, 4:4"),
        ("ttc_vegeta_m8", "inputs", "2:4", {}, InputError, "has no term 2:4; choices: 1:8, 2:8, 4:8, 8:8"),
        ("ttc_vegeta_m8", "weights", "4:8+2:8+1:8", {}, InputError, "has 3 terms, datapath.terms is 2"),
        (
            "ttc_vegeta_m8",
            "inputs",
            "4:8+1:8",
            {"tasd.residual": "16 B"},
            InfeasibleError,
            "tasd.residual is 16 B",
        ),
        (
            "ttc_vegeta_m8",
            "weights",
            "8:8",
            {"array.rows": "1", "array.arrays": "1"},
            InfeasibleError,
            "a row of a term needs 32 multipliers",
        ),
    ],
)
def test_what_is_refused(
    name: str, side: str, series: str, changes: dict[str, str], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        simulator.simulate(name, gemm(20, 64, 20, side, series), overrides=changes)
    assert message in str(caught.value)
    assert "layer" in str(caught.value)


def test_a_layer_has_one_series() -> None:
    case = gemm(4, 8, 4, "weights", "2:4")
    both = replace(case, attrs={**case.attrs, "inputs_series": "2:4"})
    with pytest.raises(InputError, match="structured on one side"):
        simulator.simulate("ttc_stc_m4", both)
    bad = replace(case, attrs={"inputs_series": "2:x"})
    with pytest.raises(InputError, match="'2:x' is no term"):
        simulator.simulate("ttc_stc_m4", bad)
