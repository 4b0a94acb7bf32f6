"""The committed transformer: what its trace says of itself holds, recomputed with plain NumPy from the committed parameters."""

from __future__ import annotations

from collections.abc import Iterator

import committed
import numpy as np
import pytest

from simulator.paths import data_path
from simulator.workload.layer import Layer
from simulator.workload.model import Trace
from simulator.workload.networks.text import corpus
from simulator.workload.networks.transformer import activated, perplexity
from simulator.workload.networks.transformer_file import Trained, load
from simulator.workload.networks.transformer_int8 import Int8, calibrate, layers

DEGREES = {"dense": 1, "s50": 1 / 2, "s75": 1 / 4, "u75": 1 / 4}
ROLES = ("qkv", "scores", "context", "proj", "fc1", "fc2")


@pytest.fixture(scope="module")
def trace() -> Iterator[Trace]:
    with committed.opened("text_transformer") as found:
        yield found


@pytest.fixture(scope="module")
def trained() -> Trained:
    return load(data_path("traces", "text_transformer.npz"))


def test_they_are_small() -> None:
    assert data_path("traces", "text_transformer.h5").stat().st_size <= 1_600_000
    assert data_path("traces", "text_transformer.npz").stat().st_size <= 500_000


def test_layers(trace: Trace) -> None:
    block = [f"blocks.{i}.{role}" for i in range(2) for role in ROLES]
    assert [layer.name for layer in trace.layers] == [
        f"{d}/{name}" for d in DEGREES for name in (*block, "head")
    ]
    assert {layer.weights.dtype for layer in trace.layers} == {"int8"}
    assert {layer.inputs.dtype for layer in trace.layers} == {"int8"}


def test_what_the_file_says_of_itself(trace: Trace, trained: Trained) -> None:
    for told in (trace.attrs, trained.notes):
        assert told["data_licence"] == "Python Software Foundation License Version 2"
        assert told["degrees"] == list(DEGREES)
        assert any(text.startswith("torch ") for text in told["versions"])
    assert trace.attrs["held_out_characters"] == len(trained.held_out)


def test_the_held_out_text_is_the_manuals(trace: Trace, trained: Trained) -> None:
    found = corpus()
    if found.sha256 != trace.attrs["data_sha256"]:
        pytest.skip("this Python has another edition of the manual than the one that was trained on")
    np.testing.assert_array_equal(found.held_out, trained.held_out)


def test_perplexity_of_the_committed_parameters(trace: Trace, trained: Trained) -> None:
    """Recorded on all held-out text; here again, and int8 beside it on a part."""
    network, text = trained.network, trained.held_out
    assert perplexity(network, text) == pytest.approx(trace.attrs["perplexity_float"][0], rel=1e-4)
    int8 = Int8(calibrate(network, trained.calibration))
    assert perplexity(network, text[:4000], int8) == pytest.approx(perplexity(network, text[:4000]), rel=0.01)


def test_pruning_costs_what_it_may(trace: Trace) -> None:
    """No degree is worse than a quarter more, 2:4 than a twentieth; a text of 96 characters that nothing is known of has 96."""
    dense, half, structured, free = trace.attrs["perplexity_int8"]
    assert dense < 4
    assert dense < half < 1.05 * dense
    assert half < free < structured < 1.25 * dense
    for single, integer in zip(trace.attrs["perplexity_float"], trace.attrs["perplexity_int8"], strict=True):
        assert integer == pytest.approx(single, rel=0.01)


def test_the_documented_perplexities_are_the_files(trace: Trace) -> None:
    committed.check_documented(trace, "perplexity_{}", 2)


def test_dense_layers_are_those_of_the_committed_parameters(trace: Trace, trained: Trained) -> None:
    """Floating point between the products may round otherwise elsewhere: weights are equal, activations nearly."""
    tokens = trained.held_out[: trace.attrs["tokens"]]
    made = layers(trained.network, calibrate(trained.network, trained.calibration), tokens, "dense/")
    for layer in made:
        recorded = trace.layer(layer.name)
        if layer.einsum.operation == "gemm":
            np.testing.assert_array_equal(recorded.weights.values, layer.weights.values)
        apart = np.abs(recorded.inputs.values.astype(int) - layer.inputs.values.astype(int))
        assert apart.max() <= 3
        assert (apart > 0).mean() < 0.01


def test_patterns(trace: Trace) -> None:
    for layer in trace.layers:
        degree, _, name = layer.name.partition("/")
        layer.check_pattern()
        pruned = name != "head" and layer.einsum.operation == "gemm"
        assert layer.pattern == (trace.attrs["patterns"][list(DEGREES).index(degree)] if pruned else "dense")
        share = layer.weights.nonzeros / layer.weights.size
        if pruned:
            assert DEGREES[degree] - 0.05 < share <= DEGREES[degree]


def dequantised(layer: Layer) -> np.ndarray:
    """Sums with their scales and bias, of a matrix product."""
    sums = layer.weights.values.astype(np.int64) @ layer.inputs.values.astype(np.int64)
    return (
        sums * (layer.attrs["weights_scale"] * layer.attrs["inputs_scale"])
        + np.array(layer.attrs["bias"])[:, None]
    )


def quantised(values: np.ndarray, scale: float) -> np.ndarray:
    return np.clip(np.rint(values / scale), -127, 127)


@pytest.mark.parametrize("degree", DEGREES)
def test_layers_give_the_next_ones_operands(trace: Trace, degree: str) -> None:
    for i in range(2):
        qkv, scores, context, proj, fc1, fc2 = (trace.layer(f"{degree}/blocks.{i}.{role}") for role in ROLES)
        tokens = qkv.inputs.shape[1]
        q, k, v = dequantised(qkv).reshape(3, 3, 32, tokens)
        for values, layer, kind in (
            (q, scores, "inputs"),
            (k.swapaxes(1, 2), scores, "weights"),
            (v, context, "weights"),
        ):
            found = quantised(values, layer.attrs[f"{kind}_scale"])
            assert np.abs(found.ravel() - getattr(layer, kind).values.ravel()).max() <= 1
        probabilities = context.inputs.values.reshape(3, tokens, tokens)
        assert not np.tril(probabilities[0], -1).any()
        np.testing.assert_allclose(probabilities.sum(axis=1) * context.attrs["inputs_scale"], 1, atol=0.1)
        hidden = activated(dequantised(fc1).astype(np.float32), "gelu")
        apart = np.abs(quantised(hidden, fc2.attrs["inputs_scale"]) - fc2.inputs.values)
        assert apart.max() <= 1
        assert (apart > 0).mean() < 0.01
        for layer, following in ((scores, context), (context, proj), (fc1, fc2)):
            assert layer.outputs_provenance == "next layer's input"
            assert layer.outputs_mask is not None
            assert np.array_equal(layer.outputs_mask.mask.ravel(), following.inputs.mask.ravel())
