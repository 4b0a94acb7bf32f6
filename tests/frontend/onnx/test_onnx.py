"""ONNX graphs: layers compute what their nodes compute, activations are those of a run, unknown operators are told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.frontend.onnx import read, trace_of
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
RNG = np.random.default_rng(11)


def small(*shape: int) -> np.ndarray[Any, Any]:
    """Whole numbers as floating point: every sum is exact, and a trace's integers can be compared with the graph's."""
    return RNG.integers(-3, 4, shape).astype(np.float32)


def model(
    tmp_path: Path,
    nodes: Sequence[Any],
    constants: dict[str, np.ndarray[Any, Any]],
    shape: Sequence[Any],
    outputs: dict[str, int],
) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [f"{n}{i}" for i in range(rank)])
            for n, rank in outputs.items()
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    onnx.save(made, str(tmp_path / "m.onnx"))
    return tmp_path / "m.onnx"


def outputs_of(layer: Layer) -> np.ndarray[Any, Any]:
    """The layer's outputs from its recorded integers, in the order of its outputs."""
    weights, inputs = layer.weights.values, layer.inputs.values
    assert weights is not None
    assert inputs is not None
    from dataclasses import replace

    from simulator.workload.tensor import recorded

    whole = replace(
        layer,
        weights=recorded("w", weights.astype(np.int32)),
        inputs=recorded("x", inputs.astype(np.int32)),
        outputs_mask=None,
        outputs_provenance="declared dense",
    )
    view = GemmView(whole)
    groups = [view.reference(g, 0, view.M, 0, view.N) for g in range(view.groups)]
    stacked = np.concatenate(groups)
    if layer.einsum.operation == "gemm":
        return stacked
    n, m, p, q = layer.einsum.shape("outputs")
    return stacked.reshape(m, n, p, q).swapaxes(0, 1)


CONVOLUTIONS: list[tuple[dict[str, Any], tuple[int, ...], tuple[int, ...]]] = [
    ({"strides": [2, 1], "pads": [1, 0, 1, 0]}, (4, 3, 3, 3), (2, 3, 9, 8)),
    ({"pads": [0, 1, 2, 0], "dilations": [2, 1]}, (4, 3, 3, 2), (1, 3, 9, 8)),
    ({"group": 3}, (6, 1, 3, 3), (1, 3, 7, 7)),
    ({"group": 2, "auto_pad": "SAME_UPPER", "strides": [2, 2]}, (4, 2, 3, 3), (1, 4, 8, 7)),
    ({"auto_pad": "SAME_LOWER"}, (4, 3, 2, 2), (1, 3, 6, 6)),
    ({"auto_pad": "VALID"}, (4, 3, 2, 2), (1, 3, 6, 6)),
    ({"strides": [2], "pads": [1, 2]}, (4, 3, 3), (2, 3, 11)),
]


@pytest.mark.parametrize(("attributes", "filters", "images"), CONVOLUTIONS)
def test_convolutions_compute_what_the_node_computes(
    tmp_path: Path, attributes: dict[str, Any], filters: tuple[int, ...], images: tuple[int, ...]
) -> None:
    weights, x = small(*filters), small(*images)
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", **attributes)
    path = model(tmp_path, [node], {"w": weights}, images, {"y": len(images)})
    (layer,) = trace_of(read(path), "m", {"x": x}).trace.layers
    (expected,) = onnx.reference.ReferenceEvaluator(str(path)).run(None, {"x": x})
    found = outputs_of(layer)
    assert np.array_equal(found.reshape(expected.shape), expected)
    assert layer.outputs_mask is not None
    assert np.array_equal(layer.outputs_mask.mask, found != 0)


@pytest.mark.parametrize("transposed", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_general_products(tmp_path: Path, transposed: tuple[int, int]) -> None:
    a, b = transposed
    w, x = small(*((5, 7) if not b else (7, 5))), small(*((4, 5) if not a else (5, 4)))
    node = helper.make_node("Gemm", ["x", "w", "c"], ["y"], name="fc", transA=a, transB=b)
    after = helper.make_node("Relu", ["y"], ["z"])
    path = model(tmp_path, [node, after], {"w": w, "c": small(7)}, x.shape, {"z": 2})
    (layer,) = trace_of(read(path), "m", {"x": x}).trace.layers
    left, right = (x.T if a else x), (w.T if b else w)
    assert layer.weights.shape == (7, 5)
    assert np.array_equal(outputs_of(layer), (left @ right).T)
    (z,) = onnx.reference.ReferenceEvaluator(str(path)).run(None, {"x": x})
    assert layer.outputs_mask is not None
    assert np.array_equal(layer.outputs_mask.mask, (z != 0).T)
    assert layer.attrs["outputs_after"] == "Relu"


def test_attention_is_a_layer_per_matrix(tmp_path: Path) -> None:
    q, k = small(6, 6), small(6, 6)
    nodes = [
        helper.make_node("MatMul", ["x", "q"], ["xq"], name="queries"),
        helper.make_node("MatMul", ["x", "k"], ["xk"], name="keys"),
        helper.make_node("Transpose", ["xk"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["xq", "kt"], ["s"], name="scores"),
    ]
    path = model(tmp_path, nodes, {"q": q, "k": k}, (2, 5, 6), {"s": 3})
    x = small(2, 5, 6)
    found = trace_of(read(path), "m", {"x": x})
    names = [layer.name for layer in found.trace.layers]
    assert names == ["queries", "keys", "scores[0]", "scores[1]"]
    scores = (x @ q) @ (x @ k).swapaxes(1, 2)
    for i in (0, 1):
        layer = found.trace.layers[2 + i]
        assert np.array_equal(outputs_of(layer), scores[i])
        assert layer.outputs_mask is not None
        assert np.array_equal(layer.outputs_mask.mask, scores[i] != 0)
    assert np.array_equal(outputs_of(found.trace.layers[0]), (x @ q).reshape(10, 6).T)
    assert any("1 Transpose" in note for note in found.notes)


def test_operators_that_are_not_read_are_named_by_node(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ConvTranspose", ["x", "w"], ["u"], name="upsample"),
        helper.make_node("Conv", ["u", "v"], ["y"]),
    ]
    path = model(tmp_path, nodes, {"w": small(3, 4, 2, 2), "v": small(2, 4, 1, 1)}, ("N", 3, 4, 4), {"y": 4})
    found = trace_of(read(path, {"N": 1}), "m")
    assert [layer.name for layer in found.trace.layers] == ["Conv_1"]
    assert any("node 'upsample': operator ConvTranspose is not read" in note for note in found.notes)
    assert "drawn with density 0.5" in found.notes[0]
    assert found.trace.layers[0].inputs.mask_only


def test_sizes_that_are_not_known_are_asked_for(tmp_path: Path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c")
    path = model(tmp_path, [node], {"w": small(2, 3, 1, 1)}, ("N", 3, 4, 4), {"y": 4})
    with pytest.raises(InputError, match=r"node 'c'.*--bind N=1"):
        trace_of(read(path), "m")
    with pytest.raises(InputError, match="no symbolic dimension 'B'; choices: N"):
        read(path, {"B": 1})
    with pytest.raises(InputError, match=r"input 'x'.* is not given"):
        trace_of(read(path), "m", {})
    with pytest.raises(InputError, match=r"has shape .*must be"):
        trace_of(read(path), "m", {"x": small(1, 2, 4, 4)})
    with pytest.raises(InputError, match="no input 'z'"):
        trace_of(read(path), "m", {"x": small(1, 3, 4, 4), "z": small(1)})


def test_damaged_files_are_one_error(tmp_path: Path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c")
    whole = model(tmp_path, [node], {"w": small(2, 3, 1, 1)}, (1, 3, 4, 4), {"y": 4}).read_bytes()
    refused, rng, path = 0, np.random.default_rng(5), tmp_path / "d.onnx"
    for place in rng.integers(0, len(whole), 150):
        for content in (
            whole[:place],
            whole[:place] + bytes([int(rng.integers(0, 256))]) + whole[place + 1 :],
        ):
            path.write_bytes(content)
            try:
                trace_of(read(path), "d")
            except InputError as error:
                refused += "d.onnx" in str(error)
    assert refused > 100
