"""Shapes of the transformers: as many parameters and multiplications as published, and masks where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.recipes import deit_small_shapes, llama_7b_block, transformer_big_shapes
from simulator.workload.recipes.products import Product
from simulator.workload.recipes.synthetic import trace


def silent(done: int, steps: int) -> None:
    return None


def test_deit_small() -> None:
    made = deit_small_shapes.make(deit_small_shapes.OPTIONS, silent)
    assert len(made.layers) == 50
    # 22,050,664 parameters (table 1: 22M) less biases, normalisation, the class token and the positions
    assert sum(layer.weights.size for layer in made.layers) == 21_912_576
    assert made.layers[0].einsum.macs == 384 * 768 * 196
    assert {layer.einsum.macs // layer.weights.size for layer in made.layers[1:-1]} == {197}
    for layer in made.layers[1:-1]:
        assert layer.weights.nonzeros * 4 == layer.weights.size
        assert layer.inputs.nonzeros == layer.inputs.size
        layer.check_pattern()
    for ends in (made.layers[0], made.layers[-1]):
        assert ends.weights.nonzeros == ends.weights.size


def test_transformer_big() -> None:
    found = list(transformer_big_shapes.products(256))
    # table 3: 213 M parameters, of which 37,000 x 1024 embed the vocabulary
    assert sum(p.outputs * p.inputs for p in found) == 176_160_768
    assert len(found) == len({p.name for p in found}) == 96
    assert [p.name for p in found if p.activated] == [p.name for p in found if p.name.endswith("fc2")]


def test_llama_block() -> None:
    # four square projections of 4096 and three of 4096 x 11008, times 32 blocks: the 6.5 G weights of LLaMA-7B that embed nothing
    found = llama_7b_block.products()
    assert llama_7b_block.BLOCKS * sum(p.outputs * p.inputs for p in found) == 6_476_005_376
    scores, context = llama_7b_block.attention(6)
    assert (scores.einsum.macs, context.einsum.macs) == (32 * 6 * 6 * 128,) * 2
    assert scores.outputs_mask is not None
    seen = context.inputs.mask.reshape(32, 6, 6)
    np.testing.assert_array_equal(seen, scores.outputs_mask.mask.reshape(32, 6, 6))
    assert all(
        seen[h, key, query] == (key <= query) for h in (0, 31) for key in range(6) for query in range(6)
    )


def test_a_llama_block_runs_in_order() -> None:
    made = llama_7b_block.make({**llama_7b_block.OPTIONS, "tokens": 2}, silent)
    assert [layer.name.split(".")[1] for layer in made.layers] == [
        *("q", "k", "v", "scores", "context", "o"),
        *("gate", "up", "down"),
    ]
    assert made.layer("ffn.down").weights.nonzeros * 4 == made.layer("ffn.down").weights.size


def test_zeros_are_where_an_activation_function_puts_them() -> None:
    found = [Product("one", 64, 32, 16), Product("two", 32, 64, 16, activated=True)]
    made = trace("pair", found, {"pattern": "2:4", "density": "0.25", "seed": 3}, silent)
    one, two = made.layers
    assert one.inputs.nonzeros == one.inputs.size
    assert two.inputs.nonzeros == two.inputs.size / 4
    assert one.outputs_mask is not None
    assert two.outputs_mask is None
    np.testing.assert_array_equal(one.outputs_mask.mask, two.inputs.mask)
    other = trace("pair", found, {"pattern": "2:4", "density": "0.25", "seed": 4}, silent)
    assert other.digest != made.digest


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tokens": 0}, "tokens=0: must be at least 1"),
        ({"density": "-1"}, "from 0 to 1"),
        ({"pattern": "x"}, "column 1"),
    ],
)
def test_bad_options(options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        transformer_big_shapes.make({**transformer_big_shapes.OPTIONS, **options}, silent)
