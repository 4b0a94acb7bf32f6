"""The estimator of samples against populations whose totals are known, and its file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from simulator import InputError
from simulator.record.sample import Moments, Sampled, SampledLayer, interval, load, moments
from simulator.record.student import quantile, within


@pytest.mark.parametrize(
    ("confidence", "freedom", "t"),
    [
        (0.95, 1, 12.7062), (0.95, 2, 4.3027), (0.95, 3, 3.1824), (0.95, 7, 2.3646), (0.99, 4, 4.6041), (0.9, 30, 1.6973),
        (0.95, 200, 1.9719),
    ],
)  # fmt: skip
def test_quantiles_are_those_of_the_tables(confidence: float, freedom: int, t: float) -> None:
    assert quantile(confidence, freedom) == pytest.approx(t, abs=5e-5)
    assert within(quantile(confidence, freedom), freedom) == pytest.approx(confidence, abs=1e-12)


def drawn(costs: np.ndarray, once: float, groups: int, each: int, rng: np.random.Generator) -> Moments:
    """A sample of a layer whose tiles cost so much, and `once` besides."""
    some = rng.permutation(len(costs))[: groups * each].reshape(groups, each)
    counts = [once + costs[group].sum() for group in some]
    return moments(counts, once + 2 * costs[some[0]].sum(), [each] * groups, len(costs))


def test_equal_tiles_are_told_exactly() -> None:
    found = drawn(np.full(40, 7.0), 100.0, 4, 3, np.random.default_rng(1))
    assert found.value == pytest.approx(100 + 40 * 7, abs=1e-9)
    assert found.variance == pytest.approx(0, abs=1e-9)


def test_everything_drawn_is_exact_whatever_the_tiles_cost() -> None:
    costs = np.random.default_rng(2).random(24) * 100
    found = drawn(costs, 50.0, 6, 4, np.random.default_rng(3))
    assert found.value == pytest.approx(50 + costs.sum())
    assert found.variance == 0


@pytest.mark.parametrize(("groups", "each", "tiles"), [(4, 2, 32), (6, 4, 64), (8, 6, 256)])
def test_intervals_hold_as_often_as_they_say(groups: int, each: int, tiles: int) -> None:
    rng = np.random.default_rng(groups)
    held, values, runs = 0, [], 4000
    for _ in range(runs):
        costs = 1000 * rng.gamma(4.0, 1.0, tiles)
        told = drawn(costs, 3000.0, groups, each, rng)
        truth = 3000 + costs.sum()
        half = quantile(0.95, groups - 1) * math.sqrt(told.variance)
        held += abs(told.value - truth) <= half
        values.append(told.value / truth - 1)
    assert abs(held / runs - 0.95) < 0.02
    assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(runs)


def test_strata_add_up_with_the_degrees_of_freedom_of_their_sum() -> None:
    def layer(value: float, variance: float, freedom: int) -> SampledLayer:
        told = {"cycles": Moments(value, variance)}
        return SampledLayer("l", {}, 1, 1, "", "M", 1, 9, (), freedom, told, "", {}, ())

    both = interval([layer(100, 9, 3), layer(200, 16, 5), layer(50, 0, 0)], "cycles", 0.95)
    freedom = math.floor((9 + 16) ** 2 / (81 / 3 + 256 / 5))
    assert both.value == 350
    assert both.high - both.value == pytest.approx(quantile(0.95, freedom) * 5)
    exact = interval([layer(50, 0, 0)], "cycles", 0.95)
    assert (exact.low, exact.value, exact.high) == (50, 50, 50)
    assert interval([layer(1, 1, 1)], "energy_pj", 0.95).value == 0


def test_files_that_are_no_samples(tmp_path: Path) -> None:
    path = tmp_path / "sample.json"
    for text in ("", "[]", "{}", '{"kind": "result"}', '{"kind": "sample", "schema_version": 9}'):
        path.write_text(text)
        with pytest.raises(InputError, match=r"sample.json: (cannot be read as|is not) a sample"):
            load(path)
    with pytest.raises(InputError, match="cannot be read as a sample"):
        load(tmp_path / "none.json")


def test_a_sample_of_nothing_has_no_cycles() -> None:
    empty = Sampled("m", "t", "", "", "S4", 0, "fast", 0.1, 0.95, ())
    assert (empty.cycles.value, empty.simulated) == (0, 0)
