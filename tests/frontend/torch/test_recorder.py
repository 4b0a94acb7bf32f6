"""Live models: layers compute what PyTorch computed; what leaves a layer is followed; what is not read is told by module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.frontend.torch import Recorder, record
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView
from simulator.workload.model import Trace

torch = pytest.importorskip("torch", reason="PyTorch (extra 'torch') is not installed")
nn, functional = torch.nn, torch.nn.functional


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def whole_numbers(model: Any) -> Any:
    """The model with small whole weights: every sum is exact, and a trace's integers can be compared with PyTorch's outputs."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randint(-2, 3, parameter.shape).float())
    return model.eval()


def images(*shape: int) -> Any:
    return torch.randint(-3, 4, shape).float()


def outputs_of(layer: Layer) -> np.ndarray[Any, Any]:
    """The layer's outputs from its recorded operands, in the order of its outputs."""
    from dataclasses import replace

    from simulator.workload.tensor import recorded

    weights, inputs = layer.weights.values, layer.inputs.values
    assert weights is not None
    assert inputs is not None
    integers = {
        "weights": recorded("w", weights.astype(np.int32)),
        "inputs": recorded("x", inputs.astype(np.int32)),
    }
    assert np.array_equal(integers["inputs"].values, inputs)
    view = GemmView(replace(layer, **integers, outputs_mask=None, outputs_provenance="declared dense"))
    stacked = np.concatenate([view.reference(g, 0, view.M, 0, view.N) for g in range(view.groups)])
    if layer.einsum.operation == "gemm":
        return stacked
    n, m, p, q = layer.einsum.shape("outputs")
    return stacked.reshape(m, n, p, q).swapaxes(0, 1)


def run(model: Any, *args: Any, mode: Callable[[], Any] = torch.no_grad, **told: Any) -> tuple[Recorder, Any]:
    with mode(), record(model, **told) as recorder:
        return recorder, model(*args)


CONVOLUTIONS: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    (
        {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": (2, 1), "padding": (1, 0)},
        (2, 3, 9, 8),
    ),
    ({"in_channels": 3, "out_channels": 4, "kernel_size": (3, 2), "dilation": (2, 1)}, (1, 3, 9, 8)),
    ({"in_channels": 6, "out_channels": 6, "kernel_size": 3, "groups": 6, "padding": 1}, (2, 6, 7, 7)),
    ({"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2, "stride": 2}, (1, 4, 8, 7)),
    ({"in_channels": 3, "out_channels": 2, "kernel_size": (3, 5), "padding": "same"}, (1, 3, 6, 6)),
    (
        {"in_channels": 3, "out_channels": 2, "kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
        (1, 3, 6, 6),
    ),
]


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
@pytest.mark.parametrize(("settings", "shape"), CONVOLUTIONS)
def test_convolutions(settings: dict[str, Any], shape: tuple[int, ...], mode: Callable[[], Any]) -> None:
    model = whole_numbers(nn.Conv2d(**settings, bias=False))
    recorder, y = run(model, images(*shape), mode=mode)
    (layer,) = recorder.trace.layers
    assert layer.name == "Conv2d"
    assert np.array_equal(outputs_of(layer), y.detach().numpy())
    assert layer.outputs_mask is not None
    assert np.array_equal(layer.outputs_mask.mask, y.detach().numpy() != 0)
    assert np.array_equal(layer.weights.values, model.weight.detach().numpy())


def test_one_dimensional_and_unbatched_convolutions() -> None:
    model = whole_numbers(nn.Conv1d(3, 4, 3, stride=2, padding=1, bias=False))
    recorder, y = run(model, images(2, 3, 11))
    assert np.array_equal(outputs_of(recorder.trace.layers[0])[:, :, 0], y.numpy())
    model = whole_numbers(nn.Conv2d(3, 4, 3, bias=False))
    recorder, y = run(model, images(3, 7, 7))
    assert np.array_equal(outputs_of(recorder.trace.layers[0])[0], y.numpy())


class Mixed(nn.Module):
    """Products asked for by modules, functions and operators."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 6, bias=False)
        self.second = nn.Linear(6, 5)
        self.free = nn.Parameter(torch.zeros(5, 4))
        self.left = nn.Parameter(torch.zeros(3, 7))

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.first(x))
        self.y = self.second(x)
        self.z = self.y @ self.free
        self.s = self.left @ self.z
        self.e = torch.einsum("bik,bjk->bij", self.z, self.z)
        self.v = self.y[0, 0] @ self.free
        return self.e


def test_whoever_asks_for_a_product() -> None:
    model = whole_numbers(Mixed())
    model.second.bias.data.zero_()
    recorder, _ = run(model, images(2, 7, 8))
    layers = recorder.trace.layers
    names = ["first", "second", "free", "left", "matmul[0]", "matmul[1]", "free#2"]
    assert [layer.name for layer in layers] == names
    assert np.array_equal(outputs_of(layers[1]), model.y.reshape(14, 5).T.numpy())
    assert np.array_equal(outputs_of(layers[2]), model.z.reshape(14, 4).T.numpy())
    assert np.array_equal(layers[3].weights.values, model.left.detach().numpy())
    assert np.array_equal(outputs_of(layers[3]), model.s.swapaxes(0, 1).reshape(3, 8).numpy())
    for i in range(2):
        assert np.array_equal(outputs_of(layers[4 + i]), model.e[i].numpy())
    assert np.array_equal(outputs_of(layers[6])[:, 0], model.v.numpy())
    assert layers[0].attrs["outputs_after"] == "relu"
    assert layers[0].outputs_mask is not None
    assert np.array_equal(layers[0].outputs_mask.mask, (layers[1].inputs.values != 0))
    assert recorder.notes[-1].startswith("Mixed: no layers, multiply no tensors: ")


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_attention_is_two_products_of_activations(mode: Callable[[], Any]) -> None:
    """The weights it multiplies values with are PyTorch's own, and so is the result."""
    model = nn.MultiheadAttention(12, 3, batch_first=True).eval()
    x = torch.randn(2, 5, 12)
    expected, shares = model(x, x, x, average_attn_weights=False)
    recorder, (found, _) = run(model, x, x, x, mode=mode)
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), atol=1e-6)
    layers = {layer.name: layer for layer in recorder.trace.layers}
    assert list(layers)[:2] == ["in_proj", "matmul[0]"]
    assert list(layers)[-1] == "out_proj"
    assert len(layers) == 2 + 2 * 6
    assert layers["in_proj"].weights.shape == (36, 12)
    for i in range(6):
        given = layers[f"matmul#2[{i}]"].weights.values
        np.testing.assert_allclose(given, shares[i // 3, i % 3].detach().numpy(), atol=1e-6)
    columns = layers["out_proj"].inputs.values
    made = model.out_proj.weight.detach().numpy() @ columns + model.out_proj.bias.detach().numpy()[:, None]
    np.testing.assert_allclose(made.T.reshape(5, 2, 12).swapaxes(0, 1), expected.detach().numpy(), atol=1e-5)


def test_causal_attention_and_fused_layers_of_the_library() -> None:
    class Causal(nn.Module):
        def forward(self, q: Any, k: Any, v: Any) -> Any:
            return functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    q, k, v = (torch.randn(1, 2, 6, 4) for _ in range(3))
    recorder, y = run(Causal(), q, k, v)
    layers = {layer.name: layer for layer in recorder.trace.layers}
    assert np.array_equal(layers["matmul#2[1]"].weights.mask, np.tril(np.ones((6, 6), bool)))
    product = layers["matmul#2[1]"].weights.values @ layers["matmul#2[1]"].inputs.values
    np.testing.assert_allclose(product, y[0, 1].numpy(), atol=1e-6)

    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    fast = torch.backends.mha.get_fastpath_enabled()
    recorder, _ = run(encoder, torch.randn(2, 5, 8))
    assert torch.backends.mha.get_fastpath_enabled() is fast
    assert {"self_attn.in_proj", "self_attn.out_proj", "linear1", "linear2"} <= {
        layer.name for layer in recorder.trace.layers
    }


class Followed(nn.Module):
    """A convolution whose output goes on in a way that is chosen."""

    def __init__(self, after: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.conv, self.norm, self.next = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1)
        self.after = after

    def forward(self, x: Any) -> Any:
        return self.next(self.after(self, self.conv(x)))


FOLLOWED: list[tuple[Callable[[Any, Any], Any], str]] = [
    (lambda m, y: y, ""),
    (lambda m, y: torch.relu(m.norm(y)), "batch_norm, relu"),
    (lambda m, y: torch.relu_(y), "relu"),
    (lambda m, y: functional.relu6(y), "hardtanh"),
    (lambda m, y: torch.relu(y.view(1, 4, -1)).view_as(y), "relu"),
    (lambda m, y: torch.relu(y + y.amax()), ""),
    (lambda m, y: torch.relu(y) + y, ""),
    (lambda m, y: y * torch.sigmoid(y), ""),
    (lambda m, y: torch.relu(y.transpose(2, 3)), ""),
    (lambda m, y: functional.max_pool2d(torch.relu(y), 2), "relu"),
]


@pytest.mark.parametrize(("after", "told"), FOLLOWED)
def test_what_leaves_a_layer(after: Callable[[Any, Any], Any], told: str) -> None:
    model = Followed(after).eval()
    x = torch.randn(1, 2, 7, 7)
    recorder, _ = run(model, x)
    layer = recorder.trace.layers[0]
    assert layer.attrs.get("outputs_after", "") == told
    with torch.no_grad():
        y = model.conv(x)
        expected = {"": y, "relu": y.relu(), "hardtanh": y.relu(), "batch_norm, relu": model.norm(y).relu()}[
            told
        ]
    assert layer.outputs_mask is not None
    assert np.array_equal(layer.outputs_mask.mask, (expected != 0).numpy())
    assert recorder.trace.layers[1].name == "next"


def test_weights_computed_of_parameters_are_weights() -> None:
    from torch.nn.utils import prune

    model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)).eval()
    prune.l1_unstructured(model[0], "weight", amount=0.5)
    recorder, _ = run(model, torch.randn(4, 8))
    first = recorder.trace.layers[0]
    assert first.name == "0"
    assert np.array_equal(first.weights.values, model[0].weight.detach().numpy())
    assert first.weights.nonzeros == 24


def test_quantised_on_the_way_and_named() -> None:
    model = nn.Linear(8, 4).eval()
    recorder, _ = run(model, torch.randn(3, 8), name="mine", quantise="int8")
    (layer,) = recorder.trace.layers
    assert recorder.trace.name == "mine"
    assert (layer.weights.dtype, layer.inputs.dtype) == ("int8", "int8")
    near = layer.weights.values * layer.attrs["weights_scale"]
    np.testing.assert_allclose(near, model.weight.detach().numpy(), atol=layer.attrs["weights_scale"] / 1.99)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_types(dtype: str) -> None:
    model = nn.Linear(8, 4).to(getattr(torch, dtype)).eval()
    recorder, _ = run(model, torch.randn(3, 8, dtype=getattr(torch, dtype)))
    values = recorder.trace.layers[0].weights.values
    assert values.dtype.name == {"bfloat16": "float32"}.get(dtype, dtype)
    assert np.array_equal(values, model.weight.detach().double().numpy())


def test_what_is_not_understood_is_told_by_module() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.cell = nn.ConvTranspose2d(2, 2, 2), nn.LSTM(4, 3)
            self.words, self.spare, self.fc = nn.Embedding(5, 4), nn.Linear(4, 4), nn.Linear(4, 2)
            self.solid = nn.Conv3d(1, 1, 1)

        def forward(self, x: Any) -> Any:
            self.up(x)
            self.solid(x[:, None, :1])
            self.cell(self.words(torch.zeros(2, 1, dtype=torch.long)))
            return self.fc(x)

    recorder, _ = run(Odd().train(), torch.randn(1, 2, 4, 4))
    assert [layer.name for layer in recorder.trace.layers] == ["fc"]
    told = "\n".join(recorder.notes)
    for words in (
        "module 'up': aten::convolution: left out: a transposed convolution",
        "module 'solid': aten::convolution: left out: a convolution over 3 axes",
        "module 'up' (ConvTranspose2d): no product with its weights was recorded",
        "module 'cell'",
        "module 'words' (Embedding): its weights are looked up, not multiplied",
        "module 'spare' (Linear): was not called",
        "was in training mode",
    ):
        assert words in told, words
    assert "'fc'" not in told


def test_only_what_runs_inside_the_model() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)).eval()
    with record(model) as recorder:
        torch.ones(3, 3) @ torch.ones(3, 3)
        model[0](torch.randn(1, 4))
        loss = model(torch.randn(2, 4)).sum()
        loss.backward()
        model(torch.randn(2, 4))
    assert [layer.name for layer in recorder.trace.layers] == ["0", "1", "0#2", "1#2"]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_shared_weight_is_called_by_the_module_that_runs() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = nn.Embedding(6, 4), nn.Linear(4, 6, bias=False)
            self.head.weight = self.words.weight

        def forward(self, x: Any) -> Any:
            return self.head(self.words(x))

    recorder, _ = run(Tied().eval(), torch.tensor([[1, 2]]))
    assert [layer.name for layer in recorder.trace.layers] == ["head"]


def test_misuse_is_one_error() -> None:
    model = nn.Linear(8, 4).eval()
    with pytest.raises(InputError, match=r"must be a torch\.nn\.Module"), record(len):
        pass
    with pytest.raises(InputError, match="choices: int8, int16"), record(model, quantise="int4"):
        pass
    with pytest.raises(InputError, match="no products were recorded"), record(model):
        pass
    with pytest.raises(InputError, match="layer 'Linear': more than 50 bytes of operands"):
        run(model, torch.randn(3, 8), limit=50)
    with record(model) as recorder:
        model(torch.randn(1, 8))
        with pytest.raises(InputError, match="the recording is not over"):
            _ = recorder.trace
    with pytest.raises(IndexError), record(model) as recorder:
        model(torch.randn(1, 7)[3])
    with pytest.raises(InputError, match="the recording is not over"):
        _ = recorder.trace
    with pytest.raises(InputError, match="no products were recorded") as error:
        run(model, torch.full((1, 8), float("nan")))
    assert "is not finite" in str(error.value)


def test_a_trace_of_it_is_a_trace(tmp_path: Any) -> None:
    from simulator.workload.trace_file import load, save

    recorder, _ = run(nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU()).eval(), torch.randn(1, 2, 6, 6))
    save(recorder.trace, tmp_path / "t.h5")
    with load(tmp_path / "t.h5") as again:
        assert isinstance(again, Trace)
        assert again.digest == recorder.trace.digest
