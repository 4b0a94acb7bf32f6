"""From weights to quantised terms, and what they compute."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import packages
from simulator.errors import InputError
from simulator.sparsity.numbers import resolve
from simulator.sparsity.patterns import parse
from simulator.transform.sdq import METRICS, Calibration, decompose, rounded, scaled, sparsify, split
from simulator.transform.sdq import parse as named
from simulator.workload.matrix import GemmView
from validation.oracles import sdq as oracle

RNG = np.random.default_rng(5)
WEIGHTS = RNG.standard_normal((10, 48)) * np.exp(RNG.standard_normal((10, 1)))
ACTIVATIONS = RNG.standard_normal((60, 48)) * np.exp(RNG.standard_normal(48))
NAMES = [
    "SDQ-W7:8-1:8int8-6:8fp4",
    "SDQ-S6:8-2:8int8-4:8int4",
    "SDQ-M3:4-1:4fp8-2:4fp4",
    "SDQ-W8:8-1:8fp8-7:8fp8",
    "Q-W8A8",
    "Q-Wfp4Afp8",
]


@pytest.mark.parametrize("name", NAMES)
def test_execution_equals_the_sum_over_vectors_bit_for_bit(name: str) -> None:
    made = decompose(WEIGHTS, name, ACTIVATIONS)
    streamed = ACTIVATIONS[:7].T
    inputs = made.inputs(streamed)
    exact = np.array(oracle.outputs(made.weights, inputs), dtype=np.int64)
    view = GemmView(made.layer(streamed))
    assert (view.reference(0, 0, 10, 0, 7) == exact).all()
    expected = exact.astype(np.float64) * made.weights[0].coarse[:, None] * inputs[0].coarse
    assert (made.outputs(streamed) == expected).all()
    close = made.values @ np.sum([x.values for x in inputs[:1]], axis=0).T
    if len(inputs) == 1:
        assert np.allclose(expected, close)


@pytest.mark.parametrize("name", NAMES)
def test_codes_scales_and_shifts_keep_their_widths(name: str) -> None:
    made = decompose(WEIGHTS, name, ACTIVATIONS)
    for term in (*made.weights, *made.inputs(ACTIVATIONS.T)):
        most = 15 if term.number.name == "fp8" else 255
        assert term.number.holds(term.codes).all()
        assert 1 <= term.scales.min() <= term.scales.max() <= most
        assert (np.abs(term.integers) < 1 << 31).all()
        wide = term.codes * np.repeat(term.scales, 16, axis=1) * 2 ** term.shifts[:, None]
        assert (term.integers == wide).all()


@pytest.mark.parametrize("name", NAMES)
def test_layers_obey_the_pattern_they_declare(name: str) -> None:
    made = decompose(WEIGHTS, name, ACTIVATIONS)
    layer = made.layer(ACTIVATIONS.T)
    layer.check_pattern()
    assert parse(layer.pattern or "").text == made.config.pattern
    assert layer.weights.shape == (10, 48 * len(made.config.terms))


@pytest.mark.parametrize("metric", METRICS)
def test_outliers_and_inliers_are_structured_and_add_up(metric: str) -> None:
    config, known = named(NAMES[0]), Calibration.of(ACTIVATIONS)
    kept = sparsify(WEIGHTS, config.sparsity, config.method, known)
    outliers, inliers = split(kept, config, metric, known)
    assert (outliers + inliers == kept).all()
    assert not ((outliers != 0) & (inliers != 0)).any()
    assert parse("1:8").satisfied(outliers != 0)
    assert parse("6:8").satisfied(inliers != 0)
    if metric == "magnitude":
        blocks = [np.abs(part).reshape(-1, 8).max(axis=1) for part in (outliers, inliers)]
        assert (blocks[0] >= blocks[1]).all()


def test_outliers_make_the_inliers_grid_finer() -> None:
    weights = RNG.standard_normal((8, 64))
    weights[:, ::8] *= 20.0
    error = [
        np.abs(decompose(weights, name).values - weights).mean()
        for name in ("Q-Wfp4Afp4", "SDQ-M8:8-1:8int8-7:8fp4")
    ]
    assert error[1] < error[0] / 4


def test_int8_is_half_a_step_away() -> None:
    made = decompose(WEIGHTS, "Q-W8A8")
    (term,) = made.weights
    step = np.repeat(term.scales, 16, axis=1) * term.coarse[:, None]
    inside = np.abs(term.codes) < 127
    assert (np.abs(term.values - WEIGHTS)[inside] <= step[inside] / 2 * (1 + 1e-12)).all()


def test_rounding_is_to_nearest_ties_to_even_and_saturates() -> None:
    fp4 = resolve("fp4")
    assert rounded(np.array([0.5, 1.5, 2.5, 5.0, 7.0, 10.0, 99.0, -11.0]), fp4).tolist() == [
        0,
        2,
        2,
        4,
        8,
        8,
        12,
        -12,
    ]
    assert rounded(np.array([0.5, 1.5, -130.0]), resolve("int8")).tolist() == [0, 2, -127]


def test_zeros_and_a_term_of_zeros_have_scales_too() -> None:
    zero, some = np.zeros((2, 16)), np.ones((2, 16))
    found = scaled([zero, some], [resolve("int8"), resolve("fp4")], 16)
    assert not found[0].codes.any()
    assert np.allclose(found[1].values, some)


def test_fp16_configurations_compute_in_fp16_values() -> None:
    made = decompose(WEIGHTS, "S-W4:8", ACTIVATIONS)
    assert np.allclose(made.outputs(ACTIVATIONS.T), made.parts[0] @ ACTIVATIONS.T, rtol=2e-2, atol=2e-1)
    assert made.layer(ACTIVATIONS.T).weights.dtype == "float16"
    weight_only = decompose(WEIGHTS, "Q-W4A16")
    assert weight_only.layer(ACTIVATIONS.T).pattern == "8:8 int4*fp16"


@pytest.mark.parametrize(
    ("weights", "name", "why"),
    [
        (WEIGHTS[:, :40], "Q-W8A8", "K = 40 is not a multiple of 16"),
        (WEIGHTS[:, :42], NAMES[2], "K = 42 is not a multiple of 4"),
        (np.full((2, 16), np.inf), NAMES[2], r"element \(0, 0\) is inf"),
        (WEIGHTS, "SDQ-M7:8-1:8int8-6:8fp3", "number format 'fp3'"),
        (WEIGHTS, NAMES[0], "needs calibration activations"),
    ],
)
def test_bad_input_is_one_clear_error(weights: np.ndarray, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        decompose(weights, name)


def test_activations_must_fit_and_be_finite() -> None:
    made = decompose(WEIGHTS, "Q-W8A8")
    with pytest.raises(InputError, match=r"must be \(K, N\) with K = 48"):
        made.outputs(ACTIVATIONS)
    with pytest.raises(InputError, match="activations: element"):
        made.outputs(np.full((48, 2), np.nan))


def test_metrics_are_told() -> None:
    with pytest.raises(InputError, match="outliers by 'size': choices: magnitude, product, error"):
        decompose(WEIGHTS, "SDQ-M7:8-1:8int8-6:8fp4", metric="size")


def test_the_package_of_the_formats_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(packages, "import_module", missing)
    with pytest.raises(InputError, match=r"needs the package ml_dtypes.*sparsecycle\[models\]"):
        decompose(WEIGHTS, "Q-Wfp4Afp4")
