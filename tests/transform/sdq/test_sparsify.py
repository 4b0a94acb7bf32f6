"""N of M by magnitude, Wanda and SparseGPT."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.patterns import parse
from simulator.transform.sdq import Calibration, sparsify
from simulator.transform.sdq.calibration import DAMPING
from validation.oracles import sdq as oracle

RNG = np.random.default_rng(3)
WEIGHTS = RNG.standard_normal((12, 32))
ACTIVATIONS = RNG.standard_normal((200, 32)) @ (np.eye(32) + 0.3 * RNG.standard_normal((32, 32)))


@pytest.mark.parametrize("method", ["magnitude", "wanda", "sparsegpt"])
@pytest.mark.parametrize("rule", [(2, 4), (7, 8), (1, 8)])
def test_what_is_kept_is_n_of_m(method: str, rule: tuple[int, int]) -> None:
    kept = sparsify(WEIGHTS, rule, method, Calibration.of(ACTIVATIONS))
    assert parse(f"{rule[0]}:{rule[1]}").satisfied(kept != 0)
    assert np.count_nonzero(kept) == WEIGHTS.size * rule[0] // rule[1]


def test_wanda_weighs_by_the_norms_of_inputs() -> None:
    kept = sparsify(WEIGHTS, (2, 4), "wanda", Calibration.of(ACTIVATIONS)) != 0
    scores = np.abs(WEIGHTS) * np.sqrt((ACTIVATIONS**2).sum(axis=0))
    dropped = np.where(kept, np.inf, scores).reshape(-1, 4)
    assert (
        np.sort(np.where(kept, scores, 0).reshape(-1, 4))[:, 2] >= np.sort(scores.reshape(-1, 4))[:, 1]
    ).all()
    assert np.isinf(dropped).sum(axis=1).tolist() == [2] * len(dropped)


@pytest.mark.parametrize("rule", [(2, 4), (5, 8)])
def test_sparsegpt_is_the_inverse_of_what_is_left(rule: tuple[int, int]) -> None:
    gram = ACTIVATIONS.T @ ACTIVATIONS
    damped = gram + DAMPING * np.diagonal(gram).mean() * np.eye(32)
    found = sparsify(WEIGHTS, rule, "sparsegpt", Calibration.of(ACTIVATIONS))
    assert np.allclose(found, oracle.sparsegpt(WEIGHTS, rule, damped), rtol=1e-8, atol=1e-10)


def test_its_groups_of_columns_do_not_show() -> None:
    weights = RNG.standard_normal((3, 264))
    activations = RNG.standard_normal((400, 264))
    known = Calibration.of(activations)
    damped = known.gram + DAMPING * np.diagonal(known.gram).mean() * np.eye(264)
    found = sparsify(weights, (2, 4), "sparsegpt", known)
    assert np.allclose(found, oracle.sparsegpt(weights, (2, 4), damped), rtol=1e-7, atol=1e-9)


def test_the_better_method_loses_less_of_the_output() -> None:
    def lost(method: str) -> float:
        kept = sparsify(WEIGHTS, (2, 4), method, Calibration.of(ACTIVATIONS))
        return float(np.linalg.norm((WEIGHTS - kept) @ ACTIVATIONS.T))

    assert lost("sparsegpt") < lost("wanda") < lost("magnitude") * 1.05


def test_coordinates_that_never_fire_are_dropped() -> None:
    activations = ACTIVATIONS.copy()
    activations[:, 5] = 0.0
    kept = sparsify(WEIGHTS, (3, 4), "sparsegpt", Calibration.of(activations))
    assert not kept[:, 5].any()
    assert np.isfinite(kept).all()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"weights": WEIGHTS[:, :30]}, r"K = 30 is not a multiple of 4"),
        ({"weights": WEIGHTS[0]}, r"must be a matrix"),
        ({"weights": np.full((2, 8), np.nan)}, r"element \(0, 0\) is nan"),
        ({"weights": WEIGHTS > 0}, "real numbers"),
        ({"method": "random"}, "choices: magnitude, wanda, sparsegpt"),
        ({"calibration": None}, "needs calibration"),
        ({"calibration": Calibration.of(ACTIVATIONS[:, :16])}, "have 16 coordinates, the weights' K is 32"),
        (
            {"calibration": Calibration.of(ACTIVATIONS, gram=False), "method": "sparsegpt"},
            "needs the Gram matrix",
        ),
    ],
)
def test_bad_input_is_one_clear_error(change: dict, why: str) -> None:
    given = {
        "weights": WEIGHTS,
        "rule": (2, 4),
        "method": "wanda",
        "calibration": Calibration.of(ACTIVATIONS),
    }
    with pytest.raises(InputError, match=why):
        sparsify(**given | change)


def test_calibration_must_be_finite() -> None:
    with pytest.raises(InputError, match=r"calibration activations: element \(1, 2\) is inf"):
        Calibration.of(np.where(np.arange(12).reshape(3, 4) == 6, np.inf, 1.0))
