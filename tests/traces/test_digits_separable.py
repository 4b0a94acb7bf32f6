"""The committed depthwise-separable network: what it says of itself holds, recomputed from its integers."""

from __future__ import annotations

from collections.abc import Iterator

import committed
import numpy as np
import pytest

from simulator.paths import data_path
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView
from simulator.workload.model import Trace
from simulator.workload.recipes.digits_separable import DEGREES, LAYERS

SHARE = {"dense": 1, "s50": 1 / 2, "s75": 1 / 4, "u75": 1 / 4}


@pytest.fixture(scope="module")
def trace() -> Iterator[Trace]:
    with committed.opened("digits_separable") as found:
        yield found


def test_it_is_small_and_what_the_recipe_makes(trace: Trace) -> None:
    assert data_path("traces", "digits_separable.h5").stat().st_size <= 900_000
    assert [layer.name for layer in trace.layers] == [f"{d}/{spec.name}" for d in DEGREES for spec in LAYERS]
    assert {layer.weights.dtype for layer in trace.layers} == {"int8"}
    assert trace.attrs["data_licence"] == "CC BY 4.0"
    assert trace.attrs["patterns"] == list(DEGREES.values())
    for layer, spec in zip(trace.layers, LAYERS * len(DEGREES), strict=True):
        assert layer.weights.shape == spec.shape
        assert layer.einsum.parameters.get("groups", [1]) == [spec.groups]


def test_accuracies(trace: Trace) -> None:
    committed.check_accuracies(trace)


def test_the_documented_accuracies_are_the_files(trace: Trace) -> None:
    committed.check_documented(trace, "accuracy_{}_percent", 1)


def test_patterns(trace: Trace) -> None:
    for layer, spec in zip(trace.layers, LAYERS * len(DEGREES), strict=True):
        degree = layer.name.split("/")[0]
        assert layer.pattern == (DEGREES[degree] if spec.pruned else "dense")
        layer.check_pattern()
        share, wanted = layer.weights.nonzeros / layer.weights.size, SHARE[degree] if spec.pruned else 1
        assert wanted - 0.05 < share <= wanted


def outputs(layer: Layer) -> np.ndarray:
    """A layer's int8 outputs, images first."""
    view = GemmView(layer)
    sums = np.concatenate([view.reference(g, 0, view.M, 0, view.N) for g in range(view.groups)])
    scaled = np.rint((sums + np.array(layer.attrs["bias"])[:, None]) * layer.attrs["multiplier"])
    found = np.clip(scaled, layer.attrs["outputs_low"], 127)
    shape = layer.einsum.shape("outputs")
    return found.T if len(shape) == 2 else found.reshape(shape[1], shape[0], *shape[2:]).swapaxes(0, 1)


@pytest.mark.parametrize("degree", DEGREES)
def test_every_layer_gives_the_next_ones_inputs(trace: Trace, degree: str) -> None:
    layers = [trace.layer(f"{degree}/{spec.name}") for spec in LAYERS]
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        found, mask = outputs(layer), layer.outputs_mask.mask
        np.testing.assert_array_equal(found != 0, mask if found.ndim == 4 else mask.T)
        if following is None:
            assert layer.outputs_provenance == "recorded"
            continue
        assert layer.outputs_provenance == "next layer's input"
        read = following.inputs.values
        read = read if read.ndim == 4 else read.T
        np.testing.assert_array_equal(found.reshape(len(found), -1), read.reshape(len(read), -1))


def test_the_images_are_the_data_sets(trace: Trace) -> None:
    committed.check_images(trace, DEGREES)
