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
pytest.importorskip("onnx.reference")
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


def test_depthwise_with_dilation_and_stride(tmp_path: Path) -> None:
    weights, x = small(4, 1, 3, 3), small(2, 4, 9, 9)
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], name="dw", group=4, dilations=[2, 2], strides=[2, 1], pads=[2, 2, 2, 2]
    )
    path = model(tmp_path, [node], {"w": weights}, x.shape, {"y": 4})
    (layer,) = trace_of(read(path), "m", {"x": x}).trace.layers
    assert layer.einsum.parameters == {"stride": [2, 1], "padding": [2, 2], "dilation": [2, 2], "groups": [4]}
    (expected,) = onnx.reference.ReferenceEvaluator(str(path)).run(None, {"x": x})
    assert np.array_equal(outputs_of(layer), expected)


def test_batched_products_broadcast(tmp_path: Path) -> None:
    """(2, 1, 4, 5) x (3, 5, 6) is six products; a matrix for the whole batch is one, with the constant as weights."""
    b, w, x = small(3, 5, 6), small(6, 2), small(2, 1, 4, 5)
    nodes = [
        helper.make_node("MatMul", ["x", "b"], ["y"], name="many"),
        helper.make_node("MatMul", ["y", "w"], ["z"], name="shared"),
    ]
    path = model(tmp_path, nodes, {"b": b, "w": w}, x.shape, {"z": 4})
    found = trace_of(read(path), "m", {"x": x}).trace.layers
    assert [layer.name for layer in found] == [*(f"many[{i}]" for i in range(6)), "shared"]
    y = (x @ b).reshape(6, 4, 6)
    for i in range(6):
        assert np.array_equal(outputs_of(found[i]), y[i])
    assert found[6].weights.shape == (2, 6)
    assert np.array_equal(outputs_of(found[6]), (y.reshape(24, 6) @ w).T)


def test_products_hidden_in_other_operators_and_domains_are_named(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Einsum", ["x", "x"], ["e"], name="pairs", equation="ij,kj->ik"),
        helper.make_node("MatMul", ["e", "w"], ["y"], name="fc"),
    ]
    path = model(tmp_path, nodes, {"w": small(3, 2)}, (3, 4), {"y": 2})
    found = trace_of(read(path), "m", {"x": small(3, 4)})
    assert [layer.name for layer in found.trace.layers] == ["fc"]
    assert any("node 'pairs': operator Einsum is not read as a layer" in note for note in found.notes)


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ({"strides": [0, 0]}, r"strides \[0, 0\]: must be 2 whole numbers, at least 1"),
        ({"strides": [0, 0], "auto_pad": "SAME_UPPER"}, r"strides \[0, 0\]"),
        ({"strides": [1]}, r"strides \[1\]: must be 2 whole numbers"),
        ({"pads": [-1, 0, 0, 0]}, r"pads \[-1, 0, 0, 0\]: must be 4 whole numbers, at least 0"),
        ({"dilations": [1, 1, 1]}, r"dilations \[1, 1, 1\]: must be 2"),
        ({"pads": [1 << 20, 0, 1 << 30, 1 << 30]}, "the padded image: shape .* half of the memory"),
        ({"group": 0}, "groups: 0: must be a whole number"),
    ],
)
def test_attributes_that_do_not_fit_are_told_by_node(
    tmp_path: Path, attributes: dict[str, Any], rule: str
) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c", **attributes)
    path = model(tmp_path, [node], {"w": small(2, 3, 1, 1)}, (1, 3, 4, 4), {"y": 4})
    with pytest.raises(InputError, match=f"node 'c': left out: .*{rule}"):
        trace_of(read(path), "m")
    with pytest.raises(InputError, match=r"m\.onnx: "):
        trace_of(read(path), "m", {"x": small(1, 3, 4, 4)})


def test_shapes_beyond_the_memory_are_refused_before_they_are_made(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Expand", ["x", "s"], ["e"]),
        helper.make_node("MatMul", ["e", "w"], ["y"], name="fc"),
    ]
    path = model(
        tmp_path, nodes, {"s": np.array([1 << 20, 1 << 20, 4]), "w": small(4, 2)}, (1, 1, 4), {"y": 3}
    )
    for feeds in (None, {"x": small(1, 1, 4)}):
        with pytest.raises(InputError, match="half of the memory there is"):
            trace_of(read(path), "m", feeds)


@pytest.mark.parametrize("location", ["../outside.bin", "/etc/passwd"])
def test_data_outside_the_models_folder_is_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "outside.bin").write_bytes(bytes(24))
    folder = tmp_path / "m"
    folder.mkdir()
    path = model(
        folder,
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        {"w": small(2, 3, 1, 1)},
        (1, 3, 4, 4),
        {"y": 4},
    )
    made = onnx.load(str(path))
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    path.write_bytes(made.SerializeToString())
    with pytest.raises(InputError, match=r"m\.onnx: cannot be read as ONNX"):
        read(path)


def test_onnxruntime_is_used_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in with its interface: asked once, for exactly the values that are needed, on the processor."""
    asked: list[Any] = []

    class InferenceSession:
        def __init__(self, content: bytes, providers: list[str]) -> None:
            asked.append(providers)
            self.evaluator = onnx.reference.ReferenceEvaluator(onnx.load_from_string(content))

        def run(self, wanted: list[str], feeds: dict[str, Any]) -> list[Any]:
            asked.append(wanted)
            return list(self.evaluator.run(wanted, feeds))

    class Runtime:
        __version__ = "1.99"

    Runtime.InferenceSession = InferenceSession
    from simulator.frontend.onnx import recording

    monkeypatch.setattr(recording, "_runtime", lambda: Runtime)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc"), helper.make_node("Relu", ["y"], ["z"])]
    path = model(tmp_path, nodes, {"w": small(4, 2)}, (3, 4), {"z": 2})
    x = small(3, 4)
    found = trace_of(read(path), "m", {"x": x})
    assert asked == [["CPUExecutionProvider"], ["z"]]
    assert "recorded with onnxruntime 1.99" in found.notes[0]
    monkeypatch.setattr(recording, "_runtime", lambda: None)
    assert trace_of(read(path), "m", {"x": x}).trace.digest == found.trace.digest
