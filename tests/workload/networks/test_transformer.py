"""The transformer: causal, equal to PyTorch's telling of it, exact in int8, and readable from a file that is not trusted."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.matrix import GemmView
from simulator.workload.networks.transformer import Shape, Transformer, activated, perplexity
from simulator.workload.networks.transformer_file import Trained, halved, load, save
from simulator.workload.networks.transformer_int8 import Int8, calibrate, layers

SMALL = Shape(width=8, hidden=16, heads=2, blocks=2, context=8)
RNG = np.random.default_rng(3)


def network(shape: Shape = SMALL) -> Transformer:
    drawn = {n: RNG.standard_normal(s).astype(np.float32) * 0.3 for n, s in shape.parameters.items()}
    return halved(Transformer(shape, drawn))


def tokens(*shape: int) -> Any:
    return RNG.integers(0, 96, shape).astype(np.uint8)


def test_later_characters_change_nothing_before_them() -> None:
    made, first = network(), tokens(2, 8)
    second = first.copy()
    second[:, 5:] = (second[:, 5:] + 1) % 96
    a, b = made.logits(first), made.logits(second)
    np.testing.assert_array_equal(a[:, :5], b[:, :5])
    assert (a[:, 5:] != b[:, 5:]).any(axis=2).all()


@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_pytorch_computes_the_same(activation: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch (extra 'train') is not installed")
    from simulator.workload.recipes.transformer_training import TransformerTrainer

    made = network(Shape(8, 16, 2, 2, 8, activation))
    text = tokens(3, 8)
    trainer = TransformerTrainer(text.reshape(-1), made.shape, 0, lambda: None)
    told = {name: torch.tensor(array) for name, array in made.parameters.items()}
    with torch.no_grad():
        expected = trainer.logits(told, torch.tensor(text.astype(np.int64))).numpy()
    np.testing.assert_allclose(made.logits(text), expected, atol=2e-5)


def test_perplexity_scores_every_character_once_with_half_a_context_before_it() -> None:
    made, text = network(), tokens(8 + 4 * 5 + 1)
    losses = []
    for place in range(1, len(text)):
        start = max(0, (place - 1) // 4 * 4 - 4)
        row = made.logits(text[None, start:place])[0, -1].astype(np.float64)
        losses.append(math.log(np.exp(row).sum()) - row[text[place]])
    assert perplexity(made, text, batch=2) == pytest.approx(math.exp(np.mean(losses)), rel=1e-5)
    assert perplexity(made, text) == pytest.approx(perplexity(made, text, batch=3), rel=1e-6)


def test_a_network_that_knows_nothing_is_as_perplexed_as_there_are_characters() -> None:
    zeros = {name: np.zeros(shape, np.float32) for name, shape in SMALL.parameters.items()}
    assert perplexity(Transformer(SMALL, zeros), tokens(40)) == pytest.approx(96)
    with pytest.raises(InputError, match="at least 9 are needed"):
        perplexity(Transformer(SMALL, zeros), tokens(8))


def test_every_product_goes_through_the_callable() -> None:
    seen: dict[str, tuple[Any, ...]] = {}

    def multiply(name: str, a: Any, b: Any) -> Any:
        seen[name] = a.shape, b.shape
        return a @ b

    made, text = network(), tokens(3, 6)
    np.testing.assert_array_equal(made.logits(text, multiply), made.logits(text))
    assert list(seen)[:6] == [
        f"blocks.0.{role}" for role in ("qkv", "scores", "context", "proj", "fc1", "fc2")
    ]
    assert seen["blocks.0.qkv"] == ((24, 8), (3, 8, 6))
    assert seen["blocks.1.scores"] == ((3, 2, 6, 4), (3, 2, 4, 6))
    assert seen["blocks.1.context"] == ((3, 2, 4, 6), (3, 2, 6, 6))
    assert set(made.shape.linears) == {name for name, shapes in seen.items() if len(shapes[0]) == 2}


def test_int8_sums_are_exact_and_layers_are_its_operands() -> None:
    made, text = network(), tokens(4, 8)
    scales = calibrate(made, text)
    recorded: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    int8 = Int8(scales, recorded)

    def multiply(name: str, a: Any, b: Any) -> Any:
        product = int8(name, a, b)
        qa, qb = (each.astype(np.int64) for each in recorded[name])
        exact[name] = qa @ qb
        left, right = scales[name]
        np.testing.assert_array_equal(product, exact[name].astype(np.float32) * np.float32(left * right))
        return product

    made.logits(text[:1], multiply)
    for layer in layers(made, scales, text[0], "d/"):
        view = GemmView(layer)
        sums = np.concatenate([view.reference(g, 0, view.M, 0, view.N) for g in range(view.groups)])
        expected = exact[layer.name.removeprefix("d/")][0]
        np.testing.assert_array_equal(sums, expected.reshape(sums.shape))
        for kind in ("weights", "inputs"):
            assert int(np.abs(getattr(layer, kind).values).max()) <= 127
    with pytest.raises(InputError, match="at most 1040 are exact"):
        int8("head", np.ones((1, 1041), np.float32), np.ones((1, 1041, 1), np.float32))


def test_activation_functions() -> None:
    x = np.array([-3, -1, 0, 1, 3], np.float32)
    np.testing.assert_allclose(activated(x, "gelu"), [-0.00364, -0.15881, 0, 0.84119, 2.99636], atol=1e-5)
    assert activated(x, "relu").tolist() == [0, 0, 0, 1, 3]


def test_bad_shapes_and_parameters() -> None:
    with pytest.raises(InputError, match="choices: gelu, relu"):
        Shape(activation="silu")
    with pytest.raises(InputError, match="must divide into 3 heads"):
        Shape(width=8)
    told = dict(network().parameters)
    with pytest.raises(InputError, match=r"'head.bias': shape \(95,\), must be \(96,\)"):
        Transformer(SMALL, {**told, "head.bias": told["head.bias"][:-1]})
    with pytest.raises(InputError, match=r"'extra': shape \(2,\), must be None"):
        Transformer(SMALL, {**told, "extra": np.zeros(2, np.float32)})


def trained() -> Trained:
    return Trained(network(), tokens(50), tokens(4, 8), {"seed": 3, "licence": "x"})


def test_a_file_gives_the_network_back(tmp_path: Path) -> None:
    made = trained()
    save(made, tmp_path / "a.npz")
    save(made, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = load(tmp_path / "a.npz")
    assert found.network.shape == SMALL
    assert found.notes == made.notes
    for name, array in made.network.parameters.items():
        np.testing.assert_array_equal(found.network.parameters[name], array)
    np.testing.assert_array_equal(found.calibration, made.calibration)
    assert perplexity(found.network, found.held_out) == perplexity(made.network, made.held_out)


def test_files_are_not_trusted(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "executed",)

    path = tmp_path / "t.npz"
    save(trained(), path)
    whole = path.read_bytes()
    np.savez(tmp_path / "o.npz", shape=np.array([Bomb()], dtype=object))
    with pytest.raises(InputError, match=r"o\.npz: holds no trained transformer"):
        load(tmp_path / "o.npz")
    assert not (tmp_path / "executed").exists()
    with pytest.raises(InputError, match="No such file"):
        load(tmp_path / "none.npz")
    with pytest.raises(InputError, match="cannot be written"):
        save(trained(), tmp_path / "no" / "t.npz")
    rng, refused = np.random.default_rng(0), 0
    for place in rng.integers(0, len(whole), 100):
        for content in (whole[:place], whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]):
            path.write_bytes(content)
            try:
                load(path)
            except InputError as error:
                refused += str(path) in str(error)
    assert refused > 150


def test_a_member_that_grows_beyond_bounds_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        content = io.BytesIO()
        np.lib.format.write_array(content, np.zeros(1 << 25, np.uint8))
        archive.writestr("held_out.npy", content.getvalue())
    with pytest.raises(InputError, match="at most 16,777,216"):
        load(tmp_path / "z.npz")
