"""Terms in number formats of their own, worked by hand; what is computed on both engines; what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import simulator
from simulator import InputError, Layer
from simulator.datapath.code import Code
from simulator.datapath.decomposed import Decomposed
from simulator.datapath.verify import Box
from simulator.lowering import lower
from simulator.sparsity.formats import Scaled
from simulator.sparsity.patterns import parse
from simulator.transform import sdq
from validation.oracles import sdq as oracle

FORM = Scaled(4, 8)
OUTLIERS = Code(
    "1:2 int8",
    4,
    2,
    2,
    0,
    2,
    padded=True,
    operand=FORM,
    inputs=("scaled", FORM),
    cycles=1,
    rate=2,
    widths=(8, 8),
)
INLIERS = replace(OUTLIERS, pattern="2:2 fp4", slots=4, metadata_bits=0, choices=1, cycles=2, widths=(4, 4))
NEAR = {"dram.bandwidth": "unlimited", "glb.read_bandwidth": "unlimited", "glb.write_bandwidth": "unlimited"}


def made(name: str, m: int = 24, k: int = 256, n: int = 20) -> tuple[sdq.Decomposition, np.ndarray, Layer]:
    rng = np.random.default_rng(2)
    weights, activations = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    found = sdq.decompose(weights, name, activations.T)
    return found, activations, found.layer(activations)


def test_terms_meet_in_the_accumulator() -> None:
    both = replace(INLIERS, terms=(OUTLIERS, INLIERS))
    weights = np.array([[0, 90, 60, 0, 2, 4, 0, 6]])  # scales 30 and 2
    inputs = np.array([[1, 7, 5, 1, 3, 6, 9, 12]]).T
    expected = 90 * 7 + 60 * 5 + 2 * 3 + 4 * 6 + 6 * 12
    assert Decomposed().outputs(both, weights, inputs).tolist() == [[expected]]


def test_a_window_beyond_the_end() -> None:
    weights, inputs = np.array([[0, 90, 60]]), np.array([[1, 7, 5]]).T
    assert Decomposed().outputs(OUTLIERS, weights, inputs).tolist() == [[930]]


@pytest.mark.parametrize("schedule", ["in_turn", "interleaved"])
@pytest.mark.parametrize("name", ["SDQ-W7:8-1:8int8-6:8fp4", "SDQ-S3:4-1:4fp8-2:4int4", "Q-W8A8"])
def test_the_machine_computes_the_sum_of_the_terms_bit_for_bit(name: str, schedule: str) -> None:
    found, activations, layer = made(name, 6, 64, 5)
    machine = simulator.load_machine("sdq_tc", overrides={"datapath.schedule": schedule})
    result = simulator.simulate(machine, layer, verify=True)
    check = result.layers[0].verification
    assert (check.mode, check.outputs, check.operands) == ("full", 30, "recorded integers")
    inputs = found.inputs(activations)
    exact = np.array(oracle.outputs(found.weights, inputs))
    lowered = lower(machine, layer)
    assert (lowered.computed(lowered.view, Box(0, 0, 6, 0, 5)) == exact).all()
    assert (exact * found.weights[0].coarse[:, None] * inputs[0].coarse == found.outputs(activations)).all()
    assert simulator.simulate(machine, layer, engine="reference").digest == result.digest


def test_busy_cycles_are_the_formulas() -> None:
    dense = simulator.simulate("sdq_tc", made("dense")[2], verify=False).busy["array"]
    for name in ("Q-W8A8", "Q-Wfp4Afp4", "Q-W4A16", "SDQ-W7:8-1:8int8-6:8fp4", "SDQ-W6:8-1:8int8-5:8fp4"):
        found, _, layer = made(name)
        busy = simulator.simulate("sdq_tc", layer, verify=False).busy["array"]
        assert dense / busy == pytest.approx(found.config.effective_throughput())


def test_rates_are_the_machines() -> None:
    found, _, layer = made("SDQ-W7:8-1:8int8-6:8fp4")
    slower = {"datapath.rates.fp4": "8"}
    machine = simulator.load_machine("sdq_tc", overrides=slower)
    dense = simulator.simulate(machine, made("dense")[2], verify=False).busy["array"]
    busy = simulator.simulate(machine, layer, verify=False).busy["array"]
    throughput = found.config.effective_throughput(machine.datapath.rates.numbers)
    assert dense / busy == pytest.approx(throughput)
    assert throughput < 2.5


def test_orders_do_the_same_work() -> None:
    layer = made("SDQ-W7:8-1:8int8-6:8fp4", 140, 512, 150)[2]
    found = [
        simulator.simulate("sdq_tc", layer, verify=False, overrides={"datapath.schedule": order})
        for order in ("in_turn", "interleaved")
    ]
    assert found[0].busy["array"] == found[1].busy["array"]
    assert found[0].actions["array"] == found[1].actions["array"]
    assert found[0].cycles != found[1].cycles


def test_partial_sums_stay_in_place() -> None:
    layer = made("SDQ-W7:8-1:8int8-6:8fp4", 24, 256, 20)[2]
    actions = simulator.simulate("sdq_tc", layer, verify=False).actions
    assert (
        actions["array"]["psum_write"] - actions["array"]["psum_read"]
        == actions["drain"]["drain_word"]
        == 480
    )


def test_integers_without_declared_formats_run_as_the_machines_own() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-9, 10, (5, 40)) * parse("3:8").generate((5, 40))
    layer = simulator.gemm(weights.astype(np.int8), rng.integers(-9, 10, (40, 6)).astype(np.int8))
    found = simulator.simulate("sdq_tc", layer, verify=True).layers[0]
    assert (found.choices["weights_pattern"], found.choices["inputs_format"]) == ("3:8", "uncompressed")


LAYER = made("SDQ-W7:8-1:8int8-6:8fp4", 4, 32, 4)[2]
WIDE = np.ones((4, 64), dtype=np.int8)


@pytest.mark.parametrize(
    ("layer", "overrides", "why"),
    [
        (simulator.gemm(WIDE, WIDE.T, pattern="8:8 int8 + 8:8 int4"), {}, None),
        (
            simulator.gemm(WIDE[:, :40], WIDE.T[:40], pattern="8:8 int8"),
            {},
            "K = 40 of a term is not a multiple of 16",
        ),
        (
            simulator.gemm(WIDE, WIDE.T, pattern="16:16 int8"),
            {},
            "16 must divide|does not support weights 16:16 int8",
        ),
        (simulator.gemm(WIDE, WIDE.T, pattern="8:8 fp16 + 8:8 fp4"), {}, "must all be quantised"),
        (
            simulator.gemm(WIDE, WIDE.T, pattern="1:8 int8 + 6:8 fp4"),
            {},
            "do not satisfy the declared pattern",
        ),
        (LAYER, {"datapath.scales.vector": "12"}, "whole number of blocks of 8"),
    ],
)
def test_what_is_refused(layer: Layer, overrides: dict[str, str], why: str | None) -> None:
    machine = simulator.load_machine("sdq_tc", overrides=overrides)
    if why is None:
        lower(machine, layer)
        return
    with pytest.raises(InputError, match=why):
        lower(machine, layer)


def test_values_that_are_no_codes_are_refused() -> None:
    weights = np.zeros((1, 32), dtype=np.int16)
    weights[0, 16:18] = [5, 1]  # 5 halves are no fp4, and no scale makes them
    layer = simulator.gemm(weights, np.ones((32, 2), dtype=np.int8), pattern="1:8 int8 + 6:8 fp4")
    with pytest.raises(
        InputError, match=r"weights of term 6:8 fp4: row 0, coordinates from 0 .* not codes of fp4"
    ):
        lower(simulator.load_machine("sdq_tc"), layer)


def test_terms_of_a_convolution_are_refused() -> None:
    weights = np.ones((2, 32, 1, 1), dtype=np.int8)
    layer = simulator.conv2d(weights, np.ones((1, 32, 3, 3), dtype=np.int8), pattern="8:8 int8 + 8:8 int8")
    with pytest.raises(InputError, match="not of a convolution"):
        lower(simulator.load_machine("sdq_tc"), layer)


def test_other_machines_refuse_terms() -> None:
    with pytest.raises(InputError, match="machine 'stc' does not support weights 1:8 int8"):
        lower(simulator.load_machine("stc"), LAYER)
