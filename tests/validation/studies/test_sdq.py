"""The study of SDQ: what is measured, what is told of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.transform import sdq
from simulator.workload.networks.transformer import perplexity
from simulator.workload.networks.transformer_file import load
from validation.studies.sdq import drawing, measure, page

NAME = "SDQ-M7:8-1:8int8-6:8fp4"


@pytest.fixture(scope="module")
def trained():
    return load(measure.networks()[0])


def test_networks_of_several_seeds_differ() -> None:
    found = measure.networks()
    assert list(found) == [0, 1, 2]
    assert {load(path).network.shape for path in found.values()} == {load(found[0]).network.shape}
    assert len({load(path).network.weight("head").tobytes() for path in found.values()}) == len(found)


def test_calibration_is_the_inputs_of_every_product(trained) -> None:
    found = measure.activations(trained)
    assert list(found) == [f"blocks.{i}.{name}" for i in range(2) for name in ("qkv", "proj", "fc1", "fc2")]
    assert found["blocks.1.fc2"].shape == (trained.calibration.size, 384)


def test_decomposed_products_are_the_numpy_model(trained) -> None:
    known = {name: sdq.Calibration.of(some) for name, some in measure.activations(trained).items()}
    made = measure.decomposed(trained.network, "Q-W8A8", known)
    near = measure.quality(trained, made, 400)
    plain = perplexity(trained.network, trained.held_out[:400])
    assert near == pytest.approx(plain, rel=0.01)
    assert near != plain
    name = "blocks.0.qkv"
    x = measure.activations(trained)[name][:64].astype(np.float32)
    shape = (1, x.shape[1], len(x))
    told = []

    class Spied(dict):
        def __getitem__(self, key):
            told.append(key)
            return super().__getitem__(key)

    measure.quality(trained, Spied(made), 100)
    assert set(told) == set(made)
    assert made[name].outputs(x.T.reshape(shape)[0].astype(np.float64)).shape == (288, 64)


def test_tables_and_picture(trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TOKENS", 32)
    monkeypatch.setattr(measure, "LLAMA", (64, 256))
    measure.projection.cache_clear()
    told: list[str] = []
    rows = measure.measure([NAME], {0: measure.networks()[0]}, told.append, 200)
    measure.projection.cache_clear()
    assert told == ["seed 0, dense", f"seed 0, {NAME}"]
    assert rows[0].rise == (0.0,)
    assert set(rows[0].speedup.values()) == {1.0}
    assert 1 < rows[1].speedup["LLaMA-7B, wide"] <= 4
    assert page.reached(rows).config.name in ("dense", NAME)
    text = page.tables(rows)
    assert f"| `{NAME}` | 4.00x | 6.38 |" in text
    drawing.draw(rows, tmp_path / "sdq.png")
    assert (tmp_path / "sdq.png").stat().st_size > 10_000


def test_the_frontier_is_the_largest_throughput_below_the_limit() -> None:
    def row(name: str, rise: float) -> measure.Row:
        return measure.Row(sdq.parse(name), (1 + rise,), (rise,), {})

    rows = [row("dense", 0.0), row("Q-W8A8", 0.001), row(NAME, 0.009), row("Q-W4A4", 0.011)]
    assert page.reached(rows).config.name == NAME
    assert page.reached(rows[:2]).config.name == "Q-W8A8"
