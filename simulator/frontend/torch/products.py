"""Operators of PyTorch that multiply tensors, as operands of layers.

    convolution                     filters (M, C / groups, R, S), images (N, C, H, W); one-dimensional ones get a
    height of 1 mm, addmm, mv, addmv            Y = X W': the parameter is the weights, transposed so that it is (M,
    K) bmm, baddbmm                    the same where one matrix serves the whole batch; else the left one stands for
    weights, one layer per matrix

These are what everything else becomes below PyTorch's dispatcher: linear, matmul, einsum, multi-head attention. Each
layer is Z = A B with A (M, K) the weights and B (K, N) the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.layer import Layer, conv2d, gemm

MOST_MATRICES = 4096

Placed = tuple[Layer, Callable[[NDArray[Any]], NDArray[Any]]]
"""A layer, and what puts the operator's output into the order of the layer's outputs."""


@dataclass(frozen=True)
class Called:
    """One call of an operator.

    Attributes
    ----------
    name : str
        Of its layer.
    args : sequence
        As the operator was given them.
    array : callable
        A tensor as an array in a type that a trace keeps.
    held : callable
        Whether a tensor is a parameter or buffer of the model, or a view of one.
    """

    name: str
    args: Sequence[Any]
    array: Callable[[Any], NDArray[Any]]
    held: Callable[[Any], bool]


def convolution(call: Called) -> Iterator[Placed]:
    """The layer of aten.convolution."""
    images, filters, _, stride, padding, dilation, transposed, _, groups = call.args
    if transposed:
        raise InputError("a transposed convolution")
    if filters.dim() not in (3, 4) or images.dim() != filters.dim():
        raise InputError(f"a convolution over {filters.dim() - 2} axes: one or two are read")
    a, b = call.array(filters), call.array(images)
    pairs = [tuple(int(size) for size in pair) for pair in (stride, padding, dilation)]
    pairs = [pair * (filters.dim() - 2) if len(pair) == 1 else pair for pair in pairs]
    if filters.dim() == 3:
        a, b = a[:, :, None, :], b[:, :, None, :]
        pairs = [(least, *pair) for least, pair in zip((1, 0, 1), pairs, strict=True)]
    steps, pads, spread = ((pair[0], pair[1]) for pair in pairs)
    layer = conv2d(a, b, steps, pads, spread, int(groups), call.name)
    shape = layer.einsum.shape("outputs")
    yield layer, lambda outputs: outputs.reshape(shape)


def product(first: int, call: Called) -> Iterator[Placed]:
    """The layer of a product of two matrices, or a matrix and a vector, that stand from place `first` of the arguments."""
    left, right = call.args[first : first + 2]
    a, b = call.array(left), call.array(right)
    yield _oriented(call, a, b[:, None] if b.ndim == 1 else b, call.held(left), call.held(right))


def batched(first: int, call: Called) -> Iterator[Placed]:
    """The layers of a product of two stacks of matrices."""
    left, right = call.args[first : first + 2]
    count = int(left.shape[0])
    if count > MOST_MATRICES:
        raise InputError(f"a batch of {count:,} products: at most {MOST_MATRICES:,} are read")
    shared = [count > 1 and each.stride(0) == 0 for each in (left, right)]
    if call.held(right) and (shared[1] or count == 1) and not call.held(left):
        rows = call.array(left)
        yield _oriented(call, rows.reshape(-1, rows.shape[2]), call.array(right[0]), False, True)
        return
    a, b = call.array(left), call.array(right)
    for i in range(count):
        one = replace(call, name=f"{call.name}[{i}]" if count > 1 else call.name)
        layer, place = _oriented(one, a[i], b[i], call.held(left), call.held(right))
        yield layer, partial(_one, i, place)


def _one(i: int, place: Callable[[NDArray[Any]], NDArray[Any]], outputs: NDArray[Any]) -> NDArray[Any]:
    return place(outputs[i])


def _oriented(call: Called, a: NDArray[Any], b: NDArray[Any], left: bool, right: bool) -> Placed:
    """Y = a b: what the model holds is the weights, the left one where both or none is."""
    m, n = len(a), b.shape[1]
    if right and not left:
        layer = gemm(np.ascontiguousarray(b.T), np.ascontiguousarray(a.T), call.name)
        return layer, lambda outputs: np.ascontiguousarray(outputs.reshape(m, n).T)
    return gemm(a, b, call.name), lambda outputs: outputs.reshape(m, n)


PRODUCTS: dict[str, Callable[[Called], Iterator[Placed]]] = {
    "aten::convolution": convolution,
    "aten::mm": partial(product, 0),
    "aten::addmm": partial(product, 1),
    "aten::mv": partial(product, 0),
    "aten::addmv": partial(product, 1),
    "aten::bmm": partial(batched, 0),
    "aten::baddbmm": partial(batched, 1),
}
"""Operators that are read as layers, by their names below the dispatcher."""

UNSUPPORTED = frozenset(
    f"aten::{name}"
    for name in (
        "_int_mm", "_scaled_mm", "_grouped_mm", "_scaled_grouped_mm", "addbmm", "dot", "vdot", "addr", "_addmm_activation",
        "_sparse_addmm", "_sparse_mm", "_weight_int4pack_mm", "_weight_int8pack_mm", "mkldnn_rnn_layer", "_cudnn_rnn",
        "miopen_rnn", "_native_multi_head_attention", "_transformer_encoder_layer_fwd", "_cdist_forward", "conv_tbc",
        "_scaled_dot_product_flash_attention", "_scaled_dot_product_flash_attention_for_cpu", "_trilinear",
        "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention", "_flash_attention_forward",
        "_efficient_attention_forward", "mkldnn_convolution", "mkldnn_linear",
    )
)  # fmt: skip
"""Operators with products of tensors inside that are not read as layers; those of other libraries are told as well."""
