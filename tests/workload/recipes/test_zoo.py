"""Shapes of well-known networks: as many weights and multiplications as published, and masks where they belong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import recipes
from simulator.workload.recipes.attention import Attention, layers
from simulator.workload.recipes.convolutions import Convolution
from simulator.workload.recipes.products import Product
from simulator.workload.recipes.zoo import NETWORKS


def silent(done: int, steps: int) -> None:
    return None


def totals(name: str, *kinds: type, **sizes: int) -> tuple[int, int]:
    """Weights, and multiplications of layers of some kinds (all by default)."""
    network = NETWORKS[name]
    found = [
        each for each in network.specs(**{**network.sizes, **sizes}) if isinstance(each, kinds or object)
    ]
    weights = sum(
        each.weights if isinstance(each, Convolution) else each.outputs * each.inputs
        for each in found
        if not isinstance(each, Attention)
    )
    return weights, sum(each.macs for each in found)


PUBLISHED = [
    # github.com/KamelAbdelouahab/CNN-Workload, README, of the Caffe models: 724 M multiplications, 61 M parameters; 15.5 G, 138 M.
    # Krizhevsky et al. 2012, abstract: 60 million parameters
    ("alexnet_shapes", "weights", 61e6, 0.001),
    ("alexnet_shapes", "macs", 724e6, 0.001),
    ("vgg16_shapes", "weights", 138e6, 0.003),
    ("vgg16_shapes", "macs", 15.5e9, 0.002),
    # github.com/tensorflow/models, research/slim/nets/mobilenet_v1.md: 569 million, 4.24 million with normalisation
    ("mobilenet_v1_shapes", "weights", 4.24e6, 0.008),
    ("mobilenet_v1_shapes", "macs", 569e6, 0.001),
    # github.com/keras-team/keras-applications, mobilenet_v2.py: 300 million, 3.47 million
    ("mobilenet_v2_shapes", "weights", 3.47e6, 0.001),
    ("mobilenet_v2_shapes", "macs", 300e6, 0.003),
    # pytorch.org/vision/stable, vgg16 and vit_b_16: GFLOPS (of multiply-adds) 15.47 and 17.56
    ("vgg16_shapes", "macs", 15.47e9, 0.0005),
    ("vit_b_shapes", "macs", 17.56e9, 0.0005),
]


@pytest.mark.parametrize(("name", "what", "told", "tolerance"), PUBLISHED)
def test_published_totals(name: str, what: str, told: float, tolerance: float) -> None:
    assert totals(name)[what == "macs"] == pytest.approx(told, rel=tolerance)


def test_parameters_to_the_last() -> None:
    """pytorch.org/vision/stable/models/generated/torchvision.models.{vgg16,mobilenet_v2,vit_b_16}: num_params."""
    found = {name: list(NETWORKS[name].specs(batch=1)) for name in ("vgg16_shapes", "mobilenet_v2_shapes")}
    vgg, mobile = ([each.outputs for each in some] for some in found.values())
    assert totals("vgg16_shapes")[0] + sum(vgg) == 138_357_544  # a bias per output
    assert (
        totals("mobilenet_v2_shapes")[0] + 2 * sum(mobile[:-1]) + mobile[-1] == 3_504_872
    )  # scale and shift; bias
    positions, patches, blocks, ends = 197 * 768, 2 * 768, 12 * BLOCK, 2 * 768 + 1000
    assert totals("vit_b_shapes")[0] + positions + patches + blocks + ends == 86_567_656


def test_convolutions_alone() -> None:
    """Chen et al., Eyeriss, ISSCC 2016, abstract: AlexNet 666 M multiplications of 2.3 M weights, VGG16 15.3 G of 14.7 M."""
    for name, weights, macs in (("alexnet_shapes", 2.3e6, 666e6), ("vgg16_shapes", 14.7e6, 15.3e9)):
        found = [each for each in NETWORKS[name].specs(batch=1) if each.kernel]
        assert sum(each.weights for each in found) == pytest.approx(weights, rel=0.02)
        assert sum(each.macs for each in found) == pytest.approx(macs, rel=0.004)


BLOCK = 9 * 768 + 3072
"""Of a block of width 768: biases of q, k, v, output and both hidden products; scale and shift of two normalisations."""


def test_transformers_with_what_is_left_out() -> None:
    """Published parameters less embeddings, positions, poolers, biases and normalisation."""
    # github.com/google-research/bert, README: 110M and 340M parameters; vocabulary of 30,522: its released configurations
    small = 768 * (30_522 + 512 + 2) + 768 * 768
    assert totals("bert_base_shapes")[0] + small + 12 * BLOCK == pytest.approx(110e6, rel=0.006)
    large = 1024 * (30_522 + 512 + 2) + 1024 * 1024
    assert totals("bert_large_shapes")[0] + large == pytest.approx(340e6, rel=0.02)
    # huggingface.co/openai-community/gpt2, model card: 124M parameters
    assert totals("gpt2_shapes")[0] + 768 * 1024 + 12 * BLOCK == pytest.approx(124e6, rel=0.005)
    # 6.7 B (Touvron et al. 2023, table 2) is recalled; 32 blocks and a vocabulary of 32,000 are those of the released configuration
    assert 32 * totals("llama_7b_decode")[0] + 2 * 32_000 * 4096 == pytest.approx(6.7e9, rel=0.01)


def test_attention_grows_with_both_sides() -> None:
    short, long = (totals("bert_base_shapes", Attention, tokens=tokens)[1] for tokens in (128, 256))
    assert (short, long) == (2 * 12 * 768 * 128**2, 4 * short)
    one, two = (totals("llama_7b_decode", Attention, context=2048, batch=batch)[1] for batch in (1, 2))
    assert (one, two) == (2 * 4096 * 2048, 2 * one)


def test_dlrm() -> None:
    found = {each.name: each for each in NETWORKS["dlrm_shapes"].specs(batch=2)}
    assert [(p.inputs, p.outputs) for p in found.values() if isinstance(p, Product)] == [
        *((13, 512), (512, 256), (256, 128)),
        *((479, 1024), (1024, 1024), (1024, 512), (512, 256), (256, 1)),
    ]
    assert found["interaction"].macs == 2 * 27 * 27 * 128
    made = NETWORKS["dlrm_shapes"].make({**NETWORKS["dlrm_shapes"].OPTIONS, "batch": 2}, silent)
    assert made.layer("interaction").einsum.macs == 2 * 27 * 27 * 128
    assert made.layer("interaction").outputs_provenance == "declared dense"


def test_attention_of_the_last_positions_only() -> None:
    scores, context = layers(Attention("a", 2, 4, queries=2, keys=5, causal=True))
    seen = context.inputs.mask.reshape(2, 5, 2)
    assert seen[0].T.tolist() == [[True] * 4 + [False], [True] * 5]
    assert np.array_equal(seen[0], seen[1])
    assert scores.outputs_mask is not None
    assert scores.outputs_mask.nonzeros == context.inputs.nonzeros == 18


@pytest.mark.parametrize("name", ["mobilenet_v1_shapes", "mobilenet_v2_shapes"])
def test_masks_of_a_depthwise_network(name: str) -> None:
    network = NETWORKS[name]
    made = network.make({**network.OPTIONS, "density": "0.25"}, silent)
    specs = list(network.specs(batch=1))
    assert sum(layer.einsum.macs for layer in made.layers) == totals(name)[1]
    for spec, layer, following in zip(specs, made.layers, [*made.layers[1:], None], strict=True):
        layer.check_pattern()
        if not spec.pruned or spec.inputs % 32 == 0:  # whole blocks of 4:8 of 2:4
            assert layer.weights.nonzeros * (4 if spec.pruned else 1) == layer.weights.size
        assert layer.inputs.nonzeros == round(layer.inputs.size / (4 if spec.activated else 1))
        assert (spec.groups > 1) is (layer.einsum.parameters.get("groups", [1])[0] > 1)
        if layer.outputs_mask is not None:
            assert following is not None
            np.testing.assert_array_equal(layer.outputs_mask.mask, following.inputs.mask)
    told = sum(layer.outputs_mask is not None for layer in made.layers)
    assert told == sum(spec.follows for spec in specs)
    assert made.attrs["description"] == network.description


def test_every_network_is_described_with_its_source() -> None:
    assert set(NETWORKS) < set(recipes.names())
    for name, network in NETWORKS.items():
        text = recipes.describe(name)
        assert any(source in text for source in ("arXiv", "NIPS", "2019")), name
        assert f"density = {network.density}" in text
        assert len({spec.name for spec in network.specs(**network.sizes)}) == len(
            list(network.specs(**network.sizes))
        )


def test_the_table_of_the_docs_says_the_same() -> None:
    text = (Path(__file__).parents[3] / "docs" / "traces.md").read_text()
    rows = [
        [cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    told = {row[1].strip("`"): row[2:5] for row in rows}
    for name in NETWORKS:
        what, weights, macs = told[name]
        assert (weights, macs) == tuple(f"{number:,}" for number in totals(name))
        pairs = [
            2 if isinstance(spec, Attention) and spec.weighted else 1
            for spec in NETWORKS[name].specs(**NETWORKS[name].sizes)
        ]
        assert name.startswith("llama") or what.startswith(f"{sum(pairs)} layers")


def test_bad_sizes() -> None:
    with pytest.raises(InputError, match="context=0: must be at least 1"):
        NETWORKS["llama_7b_decode"].make({**NETWORKS["llama_7b_decode"].OPTIONS, "context": 0}, silent)
