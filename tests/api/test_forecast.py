"""What a run will take: told from counts, for every machine, within bounds that were measured."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.api.forecast import CHECK, RUN, counts, forecast, table
from simulator.cli.progress import span, told
from simulator.hardware import load, names
from validation.benchmarks.forecast import fitted, layer, not_negative


def product(m: int, k: int, n: int) -> simulator.Layer:
    return simulator.gemm(np.ones((m, k), bool), np.eye(k, n, dtype=bool), f"{m}x{k}x{n}")


def test_counts_are_those_of_the_layer() -> None:
    found = counts(product(8, 4, 6))
    assert found == {
        "1": 1, "W": 32, "X": 24, "Z": 48, "W'": 32, "X'": 4, "D": 192, "E": 192 * 4 / 24, "D'": 192,
    }  # fmt: skip
    conv = simulator.conv2d(np.ones((4, 2, 3, 3), bool), np.ones((1, 2, 6, 6), bool))
    assert counts(conv)["Z"] == 4 * 4 * 4
    assert counts(conv)["D"] == 4 * 16 * 18
    large = product(1024, 256, 128)
    assert (counts(large)["D'"], counts(large, full=True)["D'"]) == (1 << 24, 1 << 25)


def test_every_organisation_was_measured() -> None:
    assert {load(name).organisation for name in names()} <= set(table()["organisations"])


@pytest.mark.parametrize("name", table()["machines"])
def test_what_was_measured_is_sound(name: str) -> None:
    fit = table()["machines"][name]
    assert name in names()
    for engine in ("fast", "reference"):
        run = fit[f"run_{engine}"]
        assert run["layers"] >= 6
        assert 0 < run["range"][0] < 1 < run["range"][1] < 16
        assert set(run["seconds"]) <= set(RUN)
        assert all(value > 0 for value in run["seconds"].values())
    assert set(fit["check"]["seconds"]) <= set(CHECK)


def test_more_work_is_forecast_to_take_longer() -> None:
    for name in names():
        machine = load(name)
        small, large = (forecast(machine, [product(*size)]) for size in ((32, 32, 32), (512, 512, 512)))
        assert small.seconds.low < small.seconds.value < small.seconds.high
        assert large.seconds.value > small.seconds.value
        assert large.memory_bytes.value > small.memory_bytes.value
        reference = forecast(machine, [product(512, 512, 512)], engine="reference")
        assert reference.seconds.value > large.seconds.value


def test_the_check_of_outputs_takes_its_time() -> None:
    machine, some = load("highlight"), [product(1024, 256, 256)]
    off, auto, full = (forecast(machine, some, verify=how).seconds.value for how in (False, "auto", True))
    assert off < auto < full


def test_processes_share_layers_but_not_one_layer() -> None:
    machine = load("tc")
    even = [product(512, 512, 512)] * 8
    one, four, many = (forecast(machine, even, jobs=jobs) for jobs in (1, 4, 100))
    start = table()["start_seconds"]
    assert four.seconds.value - 2 * start == pytest.approx((one.seconds.value - start) / 4)
    assert many.seconds.value - 2 * start == pytest.approx(one.by_layer[0])
    assert four.memory_bytes.value > 3 * one.memory_bytes.value - 1e9
    assert four.memory_bytes.value == pytest.approx(
        5 * table()["base_bytes"] + 4 * (one.memory_bytes.value - table()["base_bytes"])
    )


def test_machines_of_one_process_start_once() -> None:
    some = [product(512, 512, 512)]
    one, other = (forecast(load(name), some) for name in ("highlight", "tc"))
    seconds = one.seconds.value + other.seconds.value - table()["start_seconds"]
    assert told([one, other]).startswith(f"about {span(seconds)} (")
    assert told([one]).startswith(f"about {span(one.seconds.value)} (")


def test_a_machine_of_one_s_own_is_told_by_its_organisation() -> None:
    own = load("highlight").model_copy(update={"name": "mine"})
    some = [product(256, 256, 256)]
    slowest = max(
        forecast(load(name), some).seconds.value
        for name in names()
        if load(name).organisation == "stationary"
    )
    assert 0 < forecast(own, some).seconds.value <= slowest * 1.5


def test_coefficients_are_found_and_never_negative() -> None:
    rng = np.random.default_rng(1)
    a = rng.random((40, 4))
    assert not_negative(a, a @ [3.0, 0.0, 1.0, 0.5]) == pytest.approx([3.0, 0.0, 1.0, 0.5], abs=1e-6)
    assert not_negative(a, -a[:, 0]) == pytest.approx([0, 0, 0, 0])
    rows = [{"counts": {"1": 1.0, "D": 10.0**i}, "seconds": 0.5 + 2e-3 * 10.0**i} for i in range(6)]
    found = fitted(rows, "seconds", ("1", "D"), 1e-3)
    assert found["told"] == pytest.approx({"1": 0.5, "D": 2e-3})
    assert found["range"] == [1.0, 1.0]


def test_layers_that_are_measured_are_as_large_as_they_are_asked_to_be() -> None:
    machine = load("highlight")
    for seed in range(12):
        macs = 14 + seed / 2
        assert abs(np.log2(layer(machine, macs, seed).einsum.macs) - macs) < 1
