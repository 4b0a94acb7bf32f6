"""A design point's estimate beside its simulation: on given tensors, on layers of a trace, and on drawn ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simulator
from simulator.api import compare, load
from simulator.errors import InputError
from simulator.mapping.design_point import DesignPoint
from simulator.workload.drawing import draw
from simulator.workload.model import Trace


@pytest.fixture
def point() -> DesignPoint:
    loaded = load("spmspm")
    assert isinstance(loaded, DesignPoint)
    return loaded


def test_the_truth_is_that_of_the_simulation(point: DesignPoint) -> None:
    found = compare(point, seed=3)
    ran = simulator.simulate(point, seed=3)
    layer = found.layers[0]
    assert layer.cycles["S4"] == ran.cycles
    energy = next(figure for figure in layer.figures if figure.quantity == "energy")
    assert energy.truth == pytest.approx(ran.energy)
    assert found.workload == point.product.text


def test_drawn_tensors_are_those_that_are_given(point: DesignPoint) -> None:
    given = draw(point.product, point.occupancy, 3)
    assert compare(point, tensors=given).layers == compare(point, seed=3).layers


def test_layers_that_fit_are_compared_one_by_one() -> None:
    stc = load("sparse_tensor_core")
    assert isinstance(stc, DesignPoint)
    rng = np.random.default_rng(0)
    shapes = [tensor.shape for tensor in stc.product.operands]
    layers = []
    for name, density in (("thin", 0.1), ("thick", 0.9)):
        weights = rng.integers(1, 8, shapes[0]) * (np.arange(shapes[0][1]) % 4 < 2)
        inputs = rng.integers(1, 8, shapes[1]) * (rng.random(shapes[1]) < density)
        layers.append(simulator.gemm(weights, inputs, name))
    found = compare(stc, Trace("pair", tuple(layers)))
    assert [layer.name for layer in found.layers] == ["thin", "thick"]
    assert found.workload == "pair"
    assert all(layer.cycles["M2"] == layer.cycles["S0"] for layer in found.layers)


def test_measured_densities_replace_declared_ones(point: DesignPoint) -> None:
    dense = {name: np.ones_like(values) for name, values in draw(point.product, point.occupancy).items()}
    steps = {step.cause: step.cycles for step in compare(point, tensors=dense).layers[0].steps}
    assert steps["assumed occupancy"] > 0
    assert steps["independence"] == steps["description"] == 0


def test_one_error(point: DesignPoint) -> None:
    with pytest.raises(InputError, match="takes no overrides"):
        compare(point, overrides={"glb.read_bandwidth": "64 B/cycle"})
    with pytest.raises(InputError, match="no data for B"):
        compare(point, tensors={"A": np.ones((16, 16))})
    with pytest.raises(InputError, match="A"):
        compare(point, tensors={"A": np.ones((3, 3)), "B": np.ones((16, 16))})


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from simulator.cli.main import main

    loaded = load("spmspm")
    assert isinstance(loaded, DesignPoint)
    np.savez(tmp_path / "given.npz", **draw(loaded.product, loaded.occupancy, 3))
    documents = []
    for arguments in (["spmspm", str(tmp_path / "given.npz")], ["spmspm", "--seed", "3"]):
        with pytest.raises(SystemExit) as stop:
            main(["compare", *arguments, "--json"])
        assert not stop.value.code
        documents.append(json.loads(capsys.readouterr().out)["layers"])
    assert documents[0] == documents[1]
