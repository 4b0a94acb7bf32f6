"""The 50 weight layers of DeiT-small on 224 x 224 images, with seeded synthetic sparsity: masks only.

Shapes: Touvron et al., Training data-efficient image transformers, 2020 (arXiv 2012.12877), table 1: 12 blocks, embedding of 384,
6 heads; patches of 16 x 16 and a class token make 197 tokens, the hidden layer of a block is 4 x 384 wide (Dosovitskiy et al.,
2020, arXiv 2010.11929). A block is the product for queries, keys and values, that of the attention's output, and the two
of the hidden layer. Products of activations with activations (scores, weighted values) have no weights and are left out.

Weights follow `pattern` along K; the patch embedding and the classifier stay dense. Inputs of the second product of a
hidden layer are non-zero with `density` (GELU makes hardly any zeros: 1 by default); all others are dense.
Nothing here is trained: only the shapes are DeiT-small's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.workload.model import Trace
from simulator.workload.recipes.masks import EXAMPLE, at_least_one
from simulator.workload.recipes.products import Product
from simulator.workload.recipes.synthetic import trace

OPTIONS: dict[str, Any] = {"pattern": EXAMPLE, "density": "1", "batch": 1, "seed": 0}

_WIDTH, _HIDDEN, _BLOCKS, _CLASSES = 384, 4 * 384, 12, 1000
_PATCH, _PATCHES = 16 * 16 * 3, (224 // 16) ** 2


def products(batch: int = 1) -> Iterator[Product]:
    """All layers in running order."""
    yield Product("patch_embed", _WIDTH, _PATCH, _PATCHES * batch, pruned=False)
    tokens = (_PATCHES + 1) * batch
    for block in range(_BLOCKS):
        name = f"blocks.{block}"
        yield Product(f"{name}.attn.qkv", 3 * _WIDTH, _WIDTH, tokens)
        yield Product(f"{name}.attn.proj", _WIDTH, _WIDTH, tokens)
        yield Product(f"{name}.mlp.fc1", _HIDDEN, _WIDTH, tokens)
        yield Product(f"{name}.mlp.fc2", _WIDTH, _HIDDEN, tokens, activated=True)
    yield Product("head", _CLASSES, _WIDTH, batch, pruned=False)


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Draw the masks; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        A pattern nothing can be generated from, a density outside 0..1, or a batch of no images.
    """
    found = list(products(at_least_one("batch", options["batch"])))
    attrs = {**options, "recipe": "deit_small_shapes", "description": str(__doc__).strip()}
    return trace("deit_small_shapes", found, attrs, progress)
