"""Nodes that multiply tensors, as operands of layers.

    Conv        filters (M, C / groups, R, S), images (N, C, H, W); one-dimensional ones get a height of 1. Padding that
                differs between the two sides is put into the image, as zeros
    Gemm        Y = A' B' + C:  the constant operand is the weights, transposed so that it is (M, K)
    MatMul      the same; of two activations (attention) the left one stands for weights, one layer per matrix of the batch

Each layer is Z = A B with A (M, K) the weights and B (K, N) the inputs, N running over batch and position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.memory import affordable

UNSUPPORTED = frozenset(
    {
        "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv", "MatMulInteger", "QLinearMatMul", "Einsum",
        "LSTM", "GRU", "RNN", "Attention", "If", "Loop", "Scan",
    }
)  # fmt: skip
"""Operators with products of tensors inside that are not read as layers."""

MOST_MATRICES = 4096


Placed = tuple[Layer, Callable[[NDArray[Any]], NDArray[Any]]]
"""A layer, and what puts the node's output into the order of the layer's outputs."""


@dataclass(frozen=True)
class Given:
    """What a node's layers are made of.

    Attributes
    ----------
    node : onnx.NodeProto
    name : str
    constants : mapping of str to ndarray
    value : callable
        The array of a value of the graph: a constant, or an activation (a mask where activations are drawn).
    """

    node: Any
    name: str
    constants: Mapping[str, NDArray[Any]]
    value: Callable[[str], NDArray[Any]]

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute of the node."""
        for each in self.node.attribute:
            if each.name == name:
                return list(each.ints) if each.ints else each.s.decode() if each.s else each.i
        return default

    @property
    def operands(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The first two inputs."""
        return self.value(self.node.input[0]), self.value(self.node.input[1])


def convolution(given: Given) -> Iterator[Placed]:
    """The layer of a Conv node."""
    images, filters = given.operands
    if filters.ndim not in (3, 4):
        raise InputError(f"a convolution over {filters.ndim - 2} axes: one or two are read")
    axes = filters.ndim - 2
    stride = _whole(given, "strides", [1] * axes, 1)
    dilation = _whole(given, "dilations", [1] * axes, 1)
    before, after = _pads(given, images, filters, stride, dilation)
    if filters.ndim == 3:
        images, filters = images[:, :, None, :], filters[:, :, None, :]
        stride, dilation, before, after = [1, *stride], [1, *dilation], [0, *before], [0, *after]
    if before != after:
        sides = [a + b for a, b in zip(before, after, strict=True)]
        spots = [size + side for size, side in zip(images.shape[2:], sides, strict=True)]
        affordable("the padded image", (*images.shape[:2], *spots), images.itemsize)
        images = np.pad(images, [(0, 0), (0, 0), *zip(before, after, strict=True)])
        before = [0, 0]
    steps, pads, spread = ((pair[0], pair[1]) for pair in (stride, before, dilation))
    layer = conv2d(filters, images, steps, pads, spread, given.attribute("group", 1), given.name)
    shape = layer.einsum.shape("outputs")
    yield layer, lambda outputs: outputs.reshape(shape)


def _whole(given: Given, name: str, default: list[int], least: int) -> list[int]:
    """An attribute of as many whole numbers as its default has."""
    value = given.attribute(name, default)
    if not isinstance(value, list) or len(value) != len(default) or min(value) < least:
        raise InputError(f"{name} {value}: must be {len(default)} whole numbers, at least {least}")
    return value


def _pads(
    given: Given, images: NDArray[Any], filters: NDArray[Any], stride: list[int], dilation: list[int]
) -> tuple[list[int], list[int]]:
    """Zeros before and after each axis (the standard's pads, and its auto_pad)."""
    axes = filters.ndim - 2
    auto = given.attribute("auto_pad", "NOTSET")
    if auto in ("NOTSET", ""):
        pads = _whole(given, "pads", [0] * 2 * axes, 0)
        return pads[:axes], pads[axes:]
    if auto == "VALID":
        return [0] * axes, [0] * axes
    less, more = [], []
    for axis in range(axes):
        size, kernel = images.shape[2 + axis], filters.shape[2 + axis]
        steps = -(-size // stride[axis])
        needed = max(0, (steps - 1) * stride[axis] + dilation[axis] * (kernel - 1) + 1 - size)
        less.append(needed // 2)
        more.append(needed - needed // 2)
    return (less, more) if auto == "SAME_UPPER" else (more, less)


def general_product(given: Given) -> Iterator[Placed]:
    """The layer of a Gemm node."""
    a, b = given.operands
    a = a.T if given.attribute("transA", 0) else a
    b = b.T if given.attribute("transB", 0) else b
    yield _product(given, a, b)


def matrix_product(given: Given) -> Iterator[Placed]:
    """The layers of a MatMul node: one, or one per matrix of the batch where both operands have several."""
    a, b = given.operands
    a = a[None, :] if a.ndim == 1 else a
    b = b[:, None] if b.ndim == 1 else b
    if b.ndim == 2:
        yield _product(given, a.reshape(-1, a.shape[-1]), b)
        return
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    count = int(np.prod(batch, dtype=np.int64))
    if count > MOST_MATRICES:
        raise InputError(f"a batch of {count:,} products: at most {MOST_MATRICES:,} are read")
    left, right = (np.broadcast_to(x, (*batch, *x.shape[-2:])).reshape(count, *x.shape[-2:]) for x in (a, b))
    for i in range(count):
        name = f"{given.name}[{i}]" if count > 1 else given.name
        made = gemm(np.ascontiguousarray(left[i]), np.ascontiguousarray(right[i]), name)
        yield made, partial(_matrix, count, i)


def _matrix(count: int, i: int, outputs: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(outputs.reshape(count, *outputs.shape[-2:])[i])


def _product(given: Given, a: NDArray[Any], b: NDArray[Any]) -> Placed:
    """Y = a b: the constant operand is the weights, the left one where both or none is."""
    if given.node.input[1] in given.constants and given.node.input[0] not in given.constants:
        columns = b.shape[1]
        layer = gemm(np.ascontiguousarray(b.T), np.ascontiguousarray(a.T), given.name)
        return layer, lambda outputs: outputs.reshape(-1, columns).T
    shape = len(a), b.shape[1]
    return gemm(
        np.ascontiguousarray(a), np.ascontiguousarray(b), given.name
    ), lambda outputs: outputs.reshape(shape)


PRODUCTS: dict[str, Callable[[Given], Iterator[Placed]]] = {
    "Conv": convolution,
    "Gemm": general_product,
    "MatMul": matrix_product,
}
"""Operators that are read as layers."""
