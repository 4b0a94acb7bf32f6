"""A transformer whose products run in int8: scales from calibration, exact integer sums, and its operands as layers of a trace.

    q = clip(rint(x / s), -127, 127),   s = max |x| / 127      symmetric, per tensor, zero points 0
    product = (qa qb) sa sb                                     integers in the brackets

Weights take their own largest element, activations (queries, keys, values and probabilities too) the largest met on
calibration text. Normalisation, softmax, GELU and the residual sums stay in floating point, as is usual (Zafrir et
al., Q8BERT, 2019, arXiv 1910.06188). Sums of at most 1,040 products of two int8 stay below 2**24, so that single
precision gives them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.networks.text import Tokens
from simulator.workload.networks.transformer import Floats, Transformer

_TOP = 127
_LONGEST = (1 << 24) // _TOP**2

Scales = Mapping[str, tuple[float, float]]
"""Per product, the scales of its two operands as :data:`~simulator.workload.networks.transformer.Multiply` is given them."""


def calibrate(network: Transformer, tokens: Tokens) -> Scales:
    """Scales of every product's operands, from running sequences (batch, tokens) in floating point."""
    most: dict[str, tuple[float, float]] = {}

    def seen(name: str, a: Any, b: Any) -> Any:
        before = most.get(name, (0.0, 0.0))
        most[name] = max(before[0], float(np.abs(a).max())), max(before[1], float(np.abs(b).max()))
        return a @ b

    network.logits(tokens, seen)
    return {name: ((a or 1.0) / _TOP, (b or 1.0) / _TOP) for name, (a, b) in most.items()}


def rounded(values: Floats, scale: float) -> NDArray[np.int8]:
    """int8 of a scale."""
    return np.asarray(np.clip(np.rint(values / np.float32(scale)), -_TOP, _TOP), np.int8)


@dataclass(frozen=True)
class Int8:
    """Products in int8: a :data:`~simulator.workload.networks.transformer.Multiply`.

    Attributes
    ----------
    scales : mapping
        Of :func:`calibrate`.
    recorded : dict, optional
        Given, the integer operands of every product are put into it by name.
    """

    scales: Scales
    recorded: dict[str, tuple[NDArray[np.int8], NDArray[np.int8]]] | None = None

    def __call__(self, name: str, a: Floats, b: Floats) -> Floats:
        """The product of two operands.

        Raises
        ------
        InputError
            It sums over more elements than are exact.
        """
        if a.shape[-1] > _LONGEST:
            raise InputError(
                f"product {name!r}: sums of {a.shape[-1]} int8 products: at most {_LONGEST} are exact"
            )
        left, right = self.scales[name]
        qa, qb = rounded(a, left), rounded(b, right)
        if self.recorded is not None:
            self.recorded[name] = qa, qb
        made: Floats = (qa.astype(np.float32) @ qb.astype(np.float32)) * np.float32(left * right)
        return made


def layers(network: Transformer, scales: Scales, tokens: Tokens, prefix: str = "") -> list[Layer]:
    """The products of one sequence as layers, in running order.

    Products with weights are matrix products (M, K) x (K, tokens). Attention is two layers with a group per head, as
    convolutions of 1 x 1: scores hold the keys and stream the queries, context holds the values and streams the
    probabilities. What leaves a layer for the next product is recorded as its outputs; sums into the residual stream
    and logits are declared dense.

    Parameters
    ----------
    network : Transformer
    scales : mapping
        Of :func:`calibrate`.
    tokens : ndarray of uint8, shape (tokens,)
    prefix : str
        Before the names.
    """
    recorded: dict[str, tuple[NDArray[np.int8], NDArray[np.int8]]] = {}
    network.logits(tokens[None], Int8(scales, recorded))
    found = []
    for name, (a, b) in recorded.items():
        if name in network.shape.linears:
            pattern = "dense" if name == "head" else network.pattern
            made = gemm(a, np.ascontiguousarray(b[0]), prefix + name, pattern)
            bias = [float(value) for value in network.parameters[f"{name}.bias"]]
        else:
            made, bias = _grouped(prefix + name, a[0], b[0]), []
        told: dict[str, Any] = {
            "weights_scale": scales[name][0],
            "inputs_scale": scales[name][1],
            "zero_points": [0, 0],
        }
        made = _leaving(made, name, recorded)
        found.append(replace(made, attrs={**told, **({"bias": bias} if bias else {})}))
    return found


def _grouped(name: str, a: NDArray[np.int8], b: NDArray[np.int8]) -> Layer:
    """Products (heads, M, K) x (heads, K, N), a group per head."""
    heads, m, k = a.shape
    filters = np.ascontiguousarray(a.reshape(heads * m, k, 1, 1))
    images = np.ascontiguousarray(b.reshape(1, heads * k, 1, -1))
    return replace(conv2d(filters, images, groups=heads, name=name), pattern="dense")


def _leaving(layer: Layer, name: str, recorded: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> Layer:
    """The layer with what the next products read of its outputs."""
    block, _, role = name.rpartition(".")
    shape = layer.einsum.shape("outputs")
    if role == "qkv":
        keys, queries = recorded[f"{block}.scores"]
        values = recorded[f"{block}.context"][0]
        whole = np.concatenate([queries, keys.swapaxes(2, 3), values], axis=1)
        return layer.with_outputs(np.ascontiguousarray(whole.reshape(shape) != 0), "recorded")
    following = {"scores": "context", "context": "proj", "fc1": "fc2"}.get(role)
    if following is None:
        return layer
    read = recorded[f"{block}.{following}"][1]
    if math.prod(shape) != read.size:
        raise InputError(f"layer {layer.name!r}: {following} reads {read.shape}, not {shape}")
    return layer.with_outputs(np.ascontiguousarray(read.reshape(shape) != 0), "next layer's input")
