"""Which layers of a trace a transformation is about, and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.model import Trace
from simulator.workload.tensor import Tensor

AXES: dict[str, dict[str, dict[str, int]]] = {
    "gemm": {
        "m": {"weights": 0, "outputs": 0},
        "k": {"weights": 1, "inputs": 0},
        "n": {"inputs": 1, "outputs": 1},
    },
    "conv2d": {
        "m": {"weights": 0, "outputs": 1},
        "c": {"weights": 1, "inputs": 1},
        "b": {"inputs": 0, "outputs": 0},
    },
}
"""Of each operation, the ranks whose elements can be picked, and the axis of each tensor they lie on."""


def chosen(trace: Trace, glob: str) -> frozenset[str]:
    """Names of the layers that match.

    Raises
    ------
    InputError
        None does.
    """
    found = frozenset(layer.name for layer in trace.layers if fnmatchcase(layer.name, glob))
    if not found:
        raise InputError(
            f"layers {glob!r}: match no layer of {trace.name!r}; {suggest(glob, [x.name for x in trace.layers])}"
        )
    return found


def transformed(trace: Trace, change: Callable[[Layer], Layer]) -> Trace:
    """The trace with every layer changed; operands of unchanged layers are still read from its file."""
    return replace(trace, layers=tuple(change(layer) for layer in trace.layers))


def axes_of(layer: Layer, rank: str) -> dict[str, int]:
    """Per tensor of a layer, the axis a rank lies on; of a convolution k is c, and n is b.

    Raises
    ------
    InputError
        The layer has no such rank whose elements can be picked, or its groups must stay apart.
    """
    axes = AXES[layer.einsum.operation]
    rank = {"k": "c", "n": "b"}.get(rank, rank) if layer.einsum.operation == "conv2d" else rank
    if rank not in axes:
        raise InputError(f"layer {layer.name!r}: rank {rank!r}: choices: {', '.join(axes)}")
    if rank in "mc" and dict(layer.einsum.ranks).get("g", 1) > 1:
        raise InputError(
            f"layer {layer.name!r}: rank {rank!r} of a convolution in groups: its groups must stay apart"
        )
    return axes[rank]


def taken(layer: Layer, axes: Mapping[str, int], indices: NDArray[np.int64]) -> Layer:
    """The layer with the elements `indices` of a rank in this order; outputs only where the rank is theirs."""

    def pick(kind: str, tensor: Tensor) -> NDArray[Any]:
        array = content(tensor)
        return np.ascontiguousarray(np.take(array, indices, axis=axes[kind])) if kind in axes else array

    weights, inputs = pick("weights", layer.weights), pick("inputs", layer.inputs)
    if layer.einsum.operation == "gemm":
        made = gemm(weights, inputs, layer.name)
    else:
        told = {name: (pair[0], pair[-1]) for name, pair in layer.einsum.parameters.items()}
        stride, padding, dilation, groups = (
            told[name] for name in ("stride", "padding", "dilation", "groups")
        )
        made = conv2d(weights, inputs, stride, padding, dilation, groups[0], layer.name)
    if layer.outputs_mask is not None and "outputs" in axes:
        made = made.with_outputs(pick("outputs", layer.outputs_mask))
    return replace(made, pattern=layer.pattern if axes.get("weights", 0) == 0 else None, attrs=layer.attrs)


def content(tensor: Tensor) -> NDArray[Any]:
    """Values, or the mask where only that is known."""
    values = tensor.values
    return tensor.mask if values is None else values
