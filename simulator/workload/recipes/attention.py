"""Attention between its projections: two products per head, of activations with activations.

Two layers with a group per head, as convolutions of 1 x 1: scores hold the keys (queries are streamed), context holds
the values (probabilities are streamed). Queries, keys and values are dense. Where a position sees only itself and
those before it, probabilities of later ones are zero, and are the outputs of the scores.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer, conv2d


@dataclass(frozen=True)
class Attention:
    """All heads of one attention.

    Attributes
    ----------
    name : str
        Before ``.scores`` and ``.context``.
    heads : int
        Heads, of all sequences of a batch together.
    size : int
        Elements of a head's vector.
    queries, keys : int
        Positions that ask, and that are asked.
    causal : bool
        A position sees itself and those before it; the last query is the last position.
    weighted : bool
        Scores weight the values; without it they are all there is, one layer called by the name alone, and leave whole.
    """

    name: str
    heads: int
    size: int
    queries: int
    keys: int
    causal: bool = False
    weighted: bool = True

    def operands(self, batch: int) -> tuple[tuple[int, ...], ...]:
        """Shapes of keys, queries and probabilities; the heads hold the batch already."""
        keys, queries = (self.heads, self.keys, self.size), (self.heads, self.size, self.queries)
        return keys, queries, (self.heads, self.keys, self.queries)

    @property
    def macs(self) -> int:
        """Dense multiplications of all its products."""
        return (1 + self.weighted) * self.heads * self.size * self.queries * self.keys


def layers(attention: Attention) -> tuple[Layer, ...]:
    """Scores and context of all heads, a group each."""
    heads, size, queries, keys = attention.heads, attention.size, attention.queries, attention.keys
    dense = parse("dense").text
    seen = np.ones((keys, queries), dtype=bool)
    if attention.causal:
        seen = np.triu(seen, k=queries - keys)  # key i, query j, which is position j + keys - queries
    probabilities = np.tile(seen, (heads, 1)).reshape(1, heads * keys, 1, queries)
    held = np.ones((heads * keys, size, 1, 1), dtype=bool)
    asked = np.ones((1, heads * size, 1, queries), dtype=bool)
    if not attention.weighted:
        return (replace(conv2d(held, asked, groups=heads, name=attention.name), pattern=dense),)
    scores = conv2d(held, asked, name=f"{attention.name}.scores", groups=heads)
    scores = scores.with_outputs(probabilities, "next layer's input")
    values = np.ones((heads * size, keys, 1, 1), dtype=bool)
    context = conv2d(values, probabilities, name=f"{attention.name}.context", groups=heads)
    return replace(scores, pattern=dense), replace(context, pattern=dense)
