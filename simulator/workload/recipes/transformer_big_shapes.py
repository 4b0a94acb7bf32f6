"""The 96 weight layers of Transformer-Big, encoder and decoder, with seeded synthetic sparsity: masks only.

Shapes: Vaswani et al., Attention is all you need, 2017 (arXiv 1706.03762), table 3: 6 layers each, d_model 1024, d_ff 4096.
A layer of the encoder is the products for queries, keys, values and output of its attention and the two of the feed-forward
network; one of the decoder has a second attention over the encoder's output. Products of activations with activations have
no weights and are left out, as is the tied output projection onto the vocabulary.

Weights follow `pattern` along K. Inputs of the second feed-forward product come out of a ReLU and are non-zero with `density`; all
others are dense. `tokens` is how many positions run at once, the same on both sides; 256, a few sentences, is assumed. Nothing
here is trained: only the shapes are Transformer-Big's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.workload.model import Trace
from simulator.workload.recipes.masks import EXAMPLE, at_least_one
from simulator.workload.recipes.products import Product
from simulator.workload.recipes.synthetic import trace

OPTIONS: dict[str, Any] = {"pattern": EXAMPLE, "density": "0.5", "tokens": 256, "seed": 0}

_WIDTH, _HIDDEN, _LAYERS = 1024, 4096, 6


def products(tokens: int = OPTIONS["tokens"]) -> Iterator[Product]:
    """All layers in running order."""
    for side, attentions in (("encoder", ("self",)), ("decoder", ("self", "cross"))):
        for i in range(_LAYERS):
            for attention in attentions:
                for role in "qkvo":
                    yield Product(f"{side}.{i}.{attention}.{role}", _WIDTH, _WIDTH, tokens)
            yield Product(f"{side}.{i}.fc1", _HIDDEN, _WIDTH, tokens)
            yield Product(f"{side}.{i}.fc2", _WIDTH, _HIDDEN, tokens, activated=True)


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Draw the masks; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        A pattern nothing can be generated from, a density outside 0..1, or no tokens.
    """
    found = list(products(at_least_one("tokens", options["tokens"])))
    attrs = {**options, "recipe": "transformer_big_shapes", "description": str(__doc__).strip()}
    return trace("transformer_big_shapes", found, attrs, progress)
