"""A small decoder-only transformer over characters, in NumPy: what it computes, product by product, and how well it predicts.

    x = E[token] + P[position]
    x = x + proj(context(scores(qkv(norm(x)))));   x = x + fc2(gelu(fc1(norm(x))))      in every block
    logits = head(norm(x))

Normalisation before each half block as in GPT-2 (Radford et al., Language models are unsupervised multitask learners,
2019, section 2.3), GELU in its tanh form (Hendrycks and Gimpel, arXiv 1606.08415) or ReLU. Every product goes through
one callable, so that a caller can quantise, prune, decompose or record it. Activations are columns: (batch, K,
tokens).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.networks.text import VOCABULARY, Tokens

Floats = NDArray[np.float32]

Multiply = Callable[[str, Any, Any], Any]
"""Given the name of a product and its operands, their product.

Weights (M, K) with activations (batch, K, tokens) where the name is one of :attr:`Shape.linears`; else activations
with activations: ``scores`` keys (batch, heads, tokens, K) with queries (batch, heads, K, tokens), ``context`` values
(batch, heads, M, tokens) with probabilities (batch, heads, tokens, tokens), key first."""

ACTIVATIONS = ("gelu", "relu")


@dataclass(frozen=True)
class Shape:
    """Sizes of a transformer.

    Attributes
    ----------
    width, hidden, heads, blocks : int
    context : int
        Longest sequence, characters.
    activation : str
        One of :data:`ACTIVATIONS`.
    """

    width: int = 96
    hidden: int = 384
    heads: int = 3
    blocks: int = 2
    context: int = 64
    activation: str = "gelu"

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise InputError(f"activation={self.activation!r}: choices: {', '.join(ACTIVATIONS)}")
        if self.width % self.heads:
            raise InputError(f"width={self.width}: must divide into {self.heads} heads")

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """(M, K) of every product with weights, by name, in running order."""
        found: dict[str, tuple[int, int]] = {}
        for i in range(self.blocks):
            found[f"blocks.{i}.qkv"] = (3 * self.width, self.width)
            found[f"blocks.{i}.proj"] = (self.width, self.width)
            found[f"blocks.{i}.fc1"] = (self.hidden, self.width)
            found[f"blocks.{i}.fc2"] = (self.width, self.hidden)
        return found | {"head": (VOCABULARY, self.width)}

    @property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name: weights, biases, gains and offsets of normalisation, embeddings."""
        found: dict[str, tuple[int, ...]] = {
            "characters": (VOCABULARY, self.width),
            "positions": (self.context, self.width),
        }
        for name, (m, k) in self.linears.items():
            found |= {f"{name}.weight": (m, k), f"{name}.bias": (m,)}
        norms = [f"blocks.{i}.{norm}" for i in range(self.blocks) for norm in ("norm1", "norm2")]
        for name in (*norms, "norm"):
            found |= {f"{name}.gain": (self.width,), f"{name}.offset": (self.width,)}
        return found


@dataclass(frozen=True)
class Transformer:
    """A transformer with its parameters.

    Attributes
    ----------
    shape : Shape
    parameters : mapping of str to ndarray of float32
        In the names and shapes of :attr:`Shape.parameters`.
    pattern : str
        What the weights of all blocks were pruned to; the head's are dense.

    Raises
    ------
    InputError
        A parameter that is missing, superfluous or of another shape.
    """

    shape: Shape
    parameters: Mapping[str, Floats]
    pattern: str = "dense"

    def __post_init__(self) -> None:
        expected = self.shape.parameters
        for name in {*expected, *self.parameters}:
            given = tuple(self.parameters[name].shape) if name in self.parameters else None
            if given != expected.get(name):
                raise InputError(f"parameter {name!r}: shape {given}, must be {expected.get(name)}")

    def weight(self, name: str) -> Floats:
        """Weights (M, K) of a product."""
        return self.parameters[f"{name}.weight"]

    def with_weights(self, weights: Mapping[str, Floats], pattern: str | None = None) -> Transformer:
        """The same network with other weights of some products, by product."""
        changed = {f"{name}.weight": array for name, array in weights.items()}
        made = replace(self, parameters={**self.parameters, **changed})
        return made if pattern is None else replace(made, pattern=pattern)

    def logits(self, tokens: Tokens, multiply: Multiply | None = None) -> Floats:
        """Scores of the next character at every position.

        Parameters
        ----------
        tokens : ndarray of uint8, shape (batch, tokens)
            At most `context` tokens.
        multiply : callable, optional
            See :data:`Multiply`; plain floating-point products if not given.

        Returns
        -------
        ndarray of float32, shape (batch, tokens, vocabulary)
        """
        product = multiply or _plain
        shape, told = self.shape, self.parameters
        x = told["characters"][tokens] + told["positions"][: tokens.shape[1]]
        x = np.ascontiguousarray(x.swapaxes(1, 2))
        for i in range(shape.blocks):
            name = f"blocks.{i}"
            x = x + self._attention(name, self._norm(f"{name}.norm1", x), product)
            hidden = activated(
                self._linear(f"{name}.fc1", self._norm(f"{name}.norm2", x), product), shape.activation
            )
            x = x + self._linear(f"{name}.fc2", hidden, product)
        return np.ascontiguousarray(self._linear("head", self._norm("norm", x), product).swapaxes(1, 2))

    def _attention(self, name: str, x: Floats, product: Multiply) -> Floats:
        batch, width, tokens = x.shape
        heads, size = self.shape.heads, width // self.shape.heads
        qkv = self._linear(f"{name}.qkv", x, product).reshape(batch, 3, heads, size, tokens)
        queries, keys, values = qkv[:, 0], qkv[:, 1], qkv[:, 2]
        scores = product(f"{name}.scores", np.ascontiguousarray(keys.swapaxes(2, 3)), queries)
        seen = np.triu(np.ones((tokens, tokens), np.bool_))  # key i, query j: i <= j
        scores = np.where(seen, scores / np.float32(math.sqrt(size)), np.float32(-np.inf))
        powers = np.exp(scores - scores.max(axis=2, keepdims=True))
        probabilities = powers / powers.sum(axis=2, keepdims=True)
        context = product(f"{name}.context", values, probabilities)
        return self._linear(f"{name}.proj", context.reshape(batch, width, tokens), product)

    def _linear(self, name: str, x: Floats, product: Multiply) -> Floats:
        made: Floats = product(name, self.weight(name), x) + self.parameters[f"{name}.bias"][:, None]
        return made

    def _norm(self, name: str, x: Floats) -> Floats:
        mean = x.mean(axis=1, keepdims=True)
        spread = np.sqrt(((x - mean) ** 2).mean(axis=1, keepdims=True) + np.float32(1e-5))
        gain, offset = self.parameters[f"{name}.gain"], self.parameters[f"{name}.offset"]
        made: Floats = (x - mean) / spread * gain[:, None] + offset[:, None]
        return made


def activated(x: Floats, activation: str) -> Floats:
    """GELU (tanh form) or ReLU."""
    if activation == "relu":
        return np.asarray(np.maximum(x, 0))
    inner = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(np.float32(0.5) * x * (1 + np.tanh(inner)))


def perplexity(
    network: Transformer, tokens: Tokens, multiply: Multiply | None = None, batch: int = 64
) -> float:
    """exp of the mean negative log likelihood of each character, given those before it.

    Windows of `context` characters that overlap by half; only the second half of a window is scored (of the first
    window all), so that every character has at least half a context before it.

    Parameters
    ----------
    network : Transformer
    tokens : ndarray of uint8, shape (characters,)
    multiply : callable, optional
        As of :meth:`Transformer.logits`.
    batch : int
        Windows at once.

    Raises
    ------
    InputError
        Fewer characters than one window and one to predict.
    """
    context = network.shape.context
    half = context // 2
    if len(tokens) <= context:
        raise InputError(f"{len(tokens)} characters: at least {context + 1} are needed to measure perplexity")
    starts = np.arange(0, len(tokens) - context, half)
    total, count = 0.0, 0
    for first in range(0, len(starts), batch):
        windows = tokens[starts[first : first + batch, None] + np.arange(context + 1)]
        logits = network.logits(windows[:, :-1], multiply).astype(np.float64)
        logits -= logits.max(axis=2, keepdims=True)
        chosen = np.take_along_axis(logits, windows[:, 1:, None].astype(np.int64), axis=2)[..., 0]
        losses = np.log(np.exp(logits).sum(axis=2)) - chosen
        scored = losses[:, half:] if first else np.concatenate([losses[0], losses[1:, half:].reshape(-1)])
        total, count = total + float(scored.sum()), count + scored.size
    return math.exp(total / count)


def _plain(name: str, a: Any, b: Any) -> Any:
    return a @ b
