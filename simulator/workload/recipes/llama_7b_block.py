"""A block of LLaMA-7B in prefill, with seeded synthetic sparsity: seven projections and the attention between them, masks only.

Shapes: Touvron et al., LLaMA: Open and Efficient Foundation Language Models, 2023 (arXiv 2302.13971), table 2: dimension
4096, 32 heads (of 128), 32 layers. The hidden width is not in the table: section 2.2 says 2/3 4d, which is 10,922.67; 11,008,
the next multiple of 256, is that of the released parameters (assumed: as commonly reported, not read in the paper). A sequence
of 2048 is the context it was trained with.

Attention is two layers with a group per head: scores (keys stay, queries are streamed) and context (values stay, probabilities are
streamed). A position sees itself and those before it, so probabilities of later ones are zero, and are the outputs of the scores.

Weights of the projections follow `pattern` along K; queries, keys and values are dense. Inputs of the last projection are
non-zero with `density`: 1, as the gated SiLU before it makes no zeros. Only one of the 32 blocks is made; `seed` makes others.
Nothing here is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.workload.layer import Layer
from simulator.workload.model import Trace
from simulator.workload.recipes.attention import Attention, layers
from simulator.workload.recipes.masks import EXAMPLE, at_least_one
from simulator.workload.recipes.products import Product
from simulator.workload.recipes.synthetic import trace as projections

OPTIONS: dict[str, Any] = {"pattern": EXAMPLE, "density": "1", "tokens": 2048, "seed": 0}

WIDTH, HIDDEN, HEADS, BLOCKS = 4096, 11008, 32, 32
_HEAD, _BEFORE = WIDTH // HEADS, 3


def products(tokens: int = OPTIONS["tokens"]) -> tuple[Product, ...]:
    """The projections in running order; attention runs after the first three."""
    square = [Product(f"attention.{role}", WIDTH, WIDTH, tokens) for role in "qkvo"]
    wide = [Product(f"ffn.{role}", HIDDEN, WIDTH, tokens) for role in ("gate", "up")]
    return (*square, *wide, Product("ffn.down", WIDTH, HIDDEN, tokens, activated=True))


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Draw the masks; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        A pattern nothing can be generated from, a density outside 0..1, or no tokens.
    """
    tokens = at_least_one("tokens", options["tokens"])
    made = projections("llama_7b_block", products(tokens), options, progress).layers
    attrs = {**options, "recipe": "llama_7b_block", "description": str(__doc__).strip()}
    return Trace("llama_7b_block", (*made[:_BEFORE], *attention(tokens), *made[_BEFORE:]), attrs)


def attention(tokens: int) -> tuple[Layer, ...]:
    """Scores and context of all heads, a group each."""
    return layers(Attention("attention", HEADS, _HEAD, tokens, tokens, causal=True))
