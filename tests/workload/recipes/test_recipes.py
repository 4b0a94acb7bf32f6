"""Recipes: by name, with options checked, written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import recipes, trace_file
from simulator.workload.networks.transformer import perplexity
from simulator.workload.recipes import resnet50_shapes

SMALL = {"epochs": "1", "finetune_epochs": 1, "images": 2}


def test_names_and_descriptions() -> None:
    assert recipes.names() == (
        "alexnet_shapes",
        "bert_base_shapes",
        "bert_large_shapes",
        "deit_small_shapes",
        "digits_cnn",
        "digits_separable",
        "dlrm_shapes",
        "gpt2_shapes",
        "llama_7b_block",
        "llama_7b_decode",
        "mobilenet_v1_shapes",
        "mobilenet_v2_shapes",
        "resnet50_shapes",
        "text_transformer",
        "transformer_big_shapes",
        "vgg16_shapes",
        "vit_b_shapes",
    )
    assert "CC BY 4.0" in recipes.describe("digits_cnn")
    assert "finetune_epochs = 20" in recipes.describe("digits_cnn")
    with pytest.raises(InputError, match="did you mean 'digits_cnn'"):
        recipes.describe("digit_cnn")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"epoch": 1}, "did you mean 'epochs'"),
        ({"epochs": "many"}, "epochs='many': must be a whole number"),
        ({"seed": -1}, "must not be negative"),
    ],
)
def test_bad_options(tmp_path: Path, options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        recipes.make("digits_cnn", tmp_path / "t.h5", options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pattern": "recorded"}, "one pattern to generate"),
        ({"pattern": "2:{4,6}"}, "one pattern to generate"),
        ({"density": "half"}, "from 0 to 1"),
        ({"density": 2}, "from 0 to 1"),
        ({"batch": 0}, "at least 1"),
    ],
)
def test_bad_resnet_options(tmp_path: Path, options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        recipes.make("resnet50_shapes", tmp_path / "t.h5", options)


def test_a_missing_folder_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        recipes.make("digits_cnn", tmp_path / "none" / "t.h5")


_WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from simulator.workload import recipes
from simulator.errors import InputError
try:
    recipes.make("digits_cnn", sys.argv[1])
except InputError as error:
    print(error)
"""


def test_without_the_training_packages(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", _WITHOUT, str(tmp_path / "t.h5")], capture_output=True, text=True, check=True
    )
    assert "pip install 'sparsecycle[train]'" in found.stdout
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["digits_cnn", "digits_separable"])
def test_digits_reduced(tmp_path: Path, name: str) -> None:
    """An epoch each: learns, keeps the patterns, and is the same when it is made again."""
    for package in ("torch", "sklearn"):
        pytest.importorskip(package, reason="the extra 'train' is not installed")
    told: list[tuple[int, int]] = []
    made = recipes.make(name, tmp_path / "a.h5", SMALL, lambda done, steps: told.append((done, steps)))
    assert told == [(i, 4) for i in range(1, 5)]
    if name == "digits_cnn":
        recipes.make(name, tmp_path / "b.h5", SMALL)
        assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    with trace_file.load(tmp_path / "a.h5") as trace:
        assert trace.digest == made.digest
        assert min(trace.attrs["accuracy_int8_percent"]) > 50
        for layer in trace.layers:
            layer.check_pattern()


def test_text_transformer_reduced(tmp_path: Path) -> None:
    """A few steps: learns, keeps the patterns, writes the parameters, and is the same when it is made again."""
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    from simulator.workload.networks.transformer_file import load
    from simulator.workload.recipes import text_transformer
    from simulator.workload.recipes.transformer_training import TransformerTrainer

    options = {**text_transformer.OPTIONS, "steps": 6, "finetune_steps": 2}
    told: list[tuple[int, int]] = []
    first = text_transformer.train(options, lambda done, steps: told.append((done, steps)))
    assert told == [(i, 12) for i in range(1, 13)]
    second = text_transformer.train(options, lambda *_: None, {"dense": "dense"})
    dense = first.networks["dense"]
    for name, array in second.networks["dense"].parameters.items():
        np.testing.assert_array_equal(array, dense.parameters[name])
    for degree, network in first.networks.items():
        for name in network.shape.linears:
            share = np.count_nonzero(network.weight(name)) / network.weight(name).size
            assert share <= {"dense": 1, "s50": 0.5}.get(degree, 0.25) or name == "head"
    untrained = TransformerTrainer(first.corpus.train, dense.shape, 0, lambda: None).train(0)
    text = first.corpus.held_out[:1000]
    assert perplexity(dense, text) < perplexity(untrained, text) - 10
    with pytest.raises(InputError, match="tokens=65: must be 1 to 64"):
        text_transformer.make({**options, "tokens": 65}, lambda *_: None)
    found = text_transformer.Result({"dense": dense}, first.corpus, first.calibration)
    text_transformer.keep(found, {"seed": 0}, tmp_path / "w.npz")
    again = load(tmp_path / "w.npz")
    np.testing.assert_array_equal(again.held_out, first.corpus.held_out)
    np.testing.assert_array_equal(again.network.weight("head"), dense.weight("head"))


def test_resnet50_shapes(tmp_path: Path) -> None:
    trace = recipes.make("resnet50_shapes", tmp_path / "r.h5", {"density": "0.25"})
    assert len(trace.layers) == 54
    # 25,557,032 parameters less biases and normalisation; 4.09 G multiplications at 224 x 224
    assert sum(layer.weights.size for layer in trace.layers) == 25_502_912
    assert sum(layer.einsum.macs for layer in trace.layers) == 4_089_184_256
    assert all(layer.weights.mask_only and layer.inputs.mask_only for layer in trace.layers)
    first, *rest = trace.layers
    assert (first.pattern, first.weights.nonzeros, first.inputs.nonzeros) == ("dense", 9408, 150528)
    for layer in rest:
        assert layer.inputs.nonzeros == round(layer.inputs.size / 4)
        assert layer.weights.nonzeros * 4 == layer.weights.size
        layer.check_pattern()
    for layer, following in zip(trace.layers, rest, strict=False):
        if layer.outputs_mask is not None:
            np.testing.assert_array_equal(layer.outputs_mask.mask, following.inputs.mask)
    assert sum(layer.outputs_mask is not None for layer in trace.layers) == 32
    with trace_file.load(tmp_path / "r.h5") as read:
        assert read.digest == trace.digest


def test_resnet50_seeds_differ() -> None:
    options = {**resnet50_shapes.OPTIONS, "batch": 1}
    one, two = (resnet50_shapes.make({**options, "seed": s}, lambda *_: None).digest for s in (0, 1))
    assert one != two
