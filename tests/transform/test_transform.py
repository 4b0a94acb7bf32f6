"""Transformations keep what they say they keep: products are permuted, not changed; patterns hold; boxes are boxes."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import transform
from simulator.errors import InputError
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.matrix import GemmView
from simulator.workload.model import Trace

RNG = np.random.default_rng(4)


def product() -> Layer:
    weights = RNG.integers(-9, 10, (8, 16)).astype(np.int8) * (RNG.random((8, 16)) < 0.6)
    inputs = RNG.integers(-9, 10, (16, 6)).astype(np.int8) * (RNG.random((16, 6)) < 0.6)
    layer = gemm(weights.astype(np.int8), inputs.astype(np.int8), "fc", "16:16")
    return layer.with_outputs(outputs(layer) > 0)


def convolution(groups: int = 1) -> Layer:
    filters = RNG.integers(-9, 10, (4, 6 // groups, 3, 3)).astype(np.int8)
    images = RNG.integers(0, 3, (3, 6, 5, 5)).astype(np.int8)
    layer = conv2d(filters, images, 2, 1, 1, groups, "conv")
    return layer.with_outputs(outputs(layer) > 0)


def outputs(layer: Layer) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    view = GemmView(layer)
    flat = np.concatenate([view.reference(g, 0, view.M, 0, view.N) for g in range(view.groups)])
    if layer.einsum.operation == "gemm":
        return flat
    n, m, p, q = layer.einsum.shape("outputs")
    return flat.reshape(m, n, p, q).swapaxes(0, 1)


@pytest.mark.parametrize("order", transform.ORDERS)
@pytest.mark.parametrize("rank", ["m", "k", "n"])
def test_a_permutation_moves_outputs_and_changes_none(rank: str, order: str) -> None:
    for layer in (product(), convolution()):
        before = outputs(layer)
        (after,) = transform.permute(Trace("t", (layer,)), rank, order, seed=3).layers
        found = outputs(after)
        assert after.outputs_mask is not None
        assert np.array_equal(found > 0, after.outputs_mask.mask)
        axis = {"gemm": {"m": 0, "n": 1}, "conv2d": {"m": 1, "n": 0}}[layer.einsum.operation].get(rank)
        if axis is None:
            assert np.array_equal(found, before)
            assert after.pattern is None
        else:
            key = [tuple(part.ravel()) for part in np.moveaxis(found, axis, 0)]
            assert sorted(key) == sorted(tuple(part.ravel()) for part in np.moveaxis(before, axis, 0))
            assert after.pattern == layer.pattern or rank == "k"


def test_orders_are_by_non_zeros() -> None:
    trace = Trace("t", (product(),))
    counts = transform.permute(trace, "m", "ascending").layers[0].weights.mask.sum(axis=1)
    assert (np.diff(counts) >= 0).all()
    counts = transform.permute(trace, "n", "descending").layers[0].inputs.mask.sum(axis=0)
    assert (np.diff(counts) <= 0).all()


@pytest.mark.parametrize("pattern", ["2:4", "C1(1:2)->C0(2:4)", "unstructured(0.25)", "dense"])
def test_pruned_weights_satisfy_what_is_declared(pattern: str) -> None:
    trace = transform.prune(Trace("t", (product(), convolution())), pattern)
    for before, after in zip((product(), convolution()), trace.layers, strict=True):
        after.check_pattern()
        assert after.weights.dtype == before.weights.dtype
        assert after.outputs_mask is None


def test_pruning_keeps_the_largest() -> None:
    layer = gemm(np.array([[1, -4, 3, 2]], np.int8), np.ones((4, 1), np.int8), "x")
    (after,) = transform.prune(Trace("t", (layer,)), "2:4").layers
    assert after.weights.values is not None
    assert after.weights.values.tolist() == [[0, -4, 3, 0]]
    (mask,) = transform.prune(
        Trace("t", (gemm(np.ones((1, 4), bool), np.ones((4, 1), bool), "x"),)), "2:4"
    ).layers
    assert mask.weights.mask.tolist() == [[True, True, False, False]]


def test_quantised_values_are_within_half_a_step() -> None:
    values = RNG.standard_normal((5, 8)).astype(np.float32)
    layer = gemm(values, np.zeros((8, 2), np.float32), "x")
    (after,) = transform.quantise(Trace("t", (layer,))).layers
    assert after.weights.dtype == after.inputs.dtype == "int8"
    scale = after.attrs["weights_scale"]
    assert after.weights.values is not None
    assert np.abs(after.weights.values * scale - values).max() <= scale / 2 * (1 + 1e-6)
    assert np.abs(after.weights.values).max() == 127
    assert after.attrs["inputs_scale"] == 1.0
    trace = Trace("t", (product(),))
    assert transform.quantise(trace).layers[0] is trace.layers[0]


def test_boxes_and_choices() -> None:
    trace = Trace("t", (product(), convolution()))
    cut = transform.crop(trace, {"m": 4, "n": 2, "k": 3}, seed=1)
    assert cut.layers[0].einsum.ranks == (("m", 4), ("n", 2), ("k", 3))
    assert cut.layers[1].einsum.shape("inputs") == (2, 3, 5, 5)
    whole = transform.crop(trace, {"m": 4})
    start = int(whole.layers[0].attrs["cropped_m"].partition("..")[0])
    assert start in (0, 4)
    assert np.array_equal(outputs(whole.layers[0]), outputs(trace.layers[0])[start : start + 4])
    assert [layer.name for layer in transform.choose(trace, "*", 2).layers] == ["fc"]
    assert [layer.name for layer in transform.choose(trace, "c*").layers] == ["conv"]


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda t: transform.prune(t, "{1,2}:4"), "must be one pattern"),
        (lambda t: transform.prune(t, "2:4", "none*"), "match no layer"),
        (lambda t: transform.quantise(t, "int3"), "choices: int8, int16"),
        (lambda t: transform.permute(t, "z", "random"), "rank 'z': choices"),
        (lambda t: transform.permute(t, "m", "up"), "choices: ascending"),
        (lambda t: transform.crop(t, {"m": 0}), "must be at least 1"),
        (lambda t: transform.choose(t, "*", 0), "must be at least 1"),
        (lambda t: transform.permute(t, "m", "random"), "its groups must stay apart"),
    ],
)
def test_refusals(call: object, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        call(Trace("t", (convolution(2),)))
