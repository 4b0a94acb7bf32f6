"""The committed trace: what it says of itself holds, recomputed with plain numpy."""

from __future__ import annotations

from collections.abc import Iterator

import committed
import numpy as np
import pytest

from simulator.paths import data_path
from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer
from simulator.workload.model import Trace

LAYERS = ("conv1", "conv2", "conv3", "fc1", "fc2")
DEGREES = {"dense": 1, "s50": 1 / 2, "s67": 1 / 3, "s75": 1 / 4}


@pytest.fixture(scope="module")
def trace() -> Iterator[Trace]:
    with committed.opened("digits_cnn") as found:
        yield found


def test_it_is_small() -> None:
    assert data_path("traces", "digits_cnn.h5").stat().st_size <= 1_000_000


def test_layers(trace: Trace) -> None:
    assert [layer.name for layer in trace.layers] == [f"{d}/{name}" for d in DEGREES for name in LAYERS]
    assert {layer.weights.dtype for layer in trace.layers} == {"int8"}
    assert {layer.inputs.dtype for layer in trace.layers} == {"int8"}
    assert max(layer.einsum.macs for layer in trace.layers) < 10**7


def test_what_the_file_says_of_itself(trace: Trace) -> None:
    assert trace.attrs["data_licence"] == "CC BY 4.0"
    assert "10.24432/C50P49" in trace.attrs["data"]
    assert any(text.startswith("torch ") for text in trace.attrs["versions"])
    assert trace.attrs["degrees"] == list(DEGREES)


def test_accuracies(trace: Trace) -> None:
    committed.check_accuracies(trace)


def test_the_documented_accuracies_are_the_files(trace: Trace) -> None:
    committed.check_documented(trace, "accuracy_{}_percent", 1)


def test_patterns(trace: Trace) -> None:
    for layer in trace.layers:
        degree, name = layer.name.split("/")
        first = name == "conv1"
        declared = trace.attrs["patterns"][trace.attrs["degrees"].index(degree)]
        assert layer.pattern == ("dense" if first else declared)
        layer.check_pattern()
        density = layer.weights.nonzeros / layer.weights.size
        ideal = 1 if first else DEGREES[degree]
        assert ideal - 0.03 < density
        blocks = (
            -(-layer.einsum.size("k") // parse(declared).block) if layer.einsum.operation == "gemm" else 0
        )
        ragged = blocks * parse(declared).block / layer.einsum.size("k") if blocks else 1
        assert density <= ideal * ragged


def sums(layer: Layer, values: np.ndarray) -> np.ndarray:
    """The integer einsum, images first, one shifted window at a time."""
    weights = layer.weights.values.astype(np.int64)
    if layer.einsum.operation == "gemm":
        return values.reshape(len(values), -1).astype(np.int64) @ weights.T
    stride, pad = layer.einsum.parameters["stride"][0], layer.einsum.parameters["padding"][0]
    padded = np.pad(values.astype(np.int64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(2, 3))
    return np.einsum("bcpqrs,mcrs->bmpq", windows[:, :, ::stride, ::stride], weights, optimize=True)


def outputs(layer: Layer, values: np.ndarray) -> np.ndarray:
    bias = np.array(layer.attrs["bias"])
    raw = sums(layer, values)
    raw = raw + bias.reshape(-1, *[1] * (raw.ndim - 2))
    return np.clip(np.rint(raw * layer.attrs["multiplier"]), layer.attrs["outputs_low"], 127).astype(np.int8)


def recorded(layer: Layer) -> np.ndarray:
    """A layer's inputs, images first."""
    values = layer.inputs.values
    return values if values.ndim == 4 else values.T


@pytest.mark.parametrize("degree", DEGREES)
def test_every_layer_gives_the_next_ones_inputs(trace: Trace, degree: str) -> None:
    layers = [trace.layer(f"{degree}/{name}") for name in LAYERS]
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        found = outputs(layer, recorded(layer))
        mask = layer.outputs_mask.mask if found.ndim == 4 else layer.outputs_mask.mask.T
        np.testing.assert_array_equal(found != 0, mask)
        if following is None:
            assert layer.outputs_provenance == "recorded"
        else:
            assert layer.outputs_provenance == "next layer's input"
            np.testing.assert_array_equal(
                found.reshape(len(found), -1), recorded(following).reshape(len(found), -1)
            )
            assert following.attrs["inputs_scale"] == layer.attrs["outputs_scale"]


def test_the_images_are_the_data_sets(trace: Trace) -> None:
    committed.check_images(trace, DEGREES)
