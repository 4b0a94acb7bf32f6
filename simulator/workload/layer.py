"""A layer: an einsum with its recorded operands, and what is known of its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.patterns import Hss, parse
from simulator.workload import einsum as einsums
from simulator.workload.einsum import Einsum, Pair
from simulator.workload.matrix import flat_mask
from simulator.workload.tensor import BLOCK, Tensor, recorded

DENSE = "declared dense"
PROVENANCES = ("recorded", "next layer's input", DENSE)
"""Where the non-zeros of a layer's outputs come from."""

SERIES = ("weights_series", "inputs_series")
"""Attributes that tell the series of structured terms a tensor is to run as, e.g. ``2:4+2:8``."""


@dataclass(frozen=True, repr=False)
class Layer:
    """One einsum of a model with its operands.

    Attributes
    ----------
    name : str
    einsum : Einsum
    weights, inputs : Tensor
        GEMM: (M, K) and (K, N); convolution: (M, C / groups, R, S) and (N, C, H, W).
    outputs_mask : Tensor or None
        Non-zeros of the outputs as they leave for memory: (M, N), or (N, M, P, Q).
    outputs_provenance : str
        ``recorded``, ``next layer's input`` or ``declared dense`` (no mask).
    pattern : str or None
        Declared sparsity pattern of the weights along the flattened K; None: nothing is declared.
    attrs : mapping of str to attribute
        Free, e.g. quantisation scales.

    Raises
    ------
    InputError
        Shapes that are not the einsum's, an unknown provenance, or a pattern that cannot be read.
    """

    name: str
    einsum: Einsum
    weights: Tensor
    inputs: Tensor
    outputs_mask: Tensor | None = None
    outputs_provenance: str = DENSE
    pattern: str | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shapes = " x ".join(str(tensor.shape) for tensor in (self.weights, self.inputs))
        return f"<Layer {self.name!r}: {self.einsum.operation} {shapes}, pattern {self.pattern}>"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"layer {self.name!r}: its name must be text that is not empty")
        tensors = {"weights": self.weights, "inputs": self.inputs, "outputs": self.outputs_mask}
        for kind, tensor in tensors.items():
            if tensor is not None and tensor.shape != self.einsum.shape(kind):
                raise InputError(
                    f"layer {self.name!r}: {kind} have shape {tensor.shape}, {self.einsum.text} "
                    f"needs {self.einsum.shape(kind)}"
                )
        if self.outputs_provenance not in PROVENANCES:
            choices = ", ".join(map(repr, PROVENANCES))
            raise InputError(
                f"layer {self.name!r}: outputs provenance {self.outputs_provenance!r}: choices: {choices}"
            )
        if (self.outputs_mask is None) != (self.outputs_provenance == DENSE):
            raise InputError(
                f"layer {self.name!r}: outputs are {self.outputs_provenance}, "
                f"but there is {'no' if self.outputs_mask is None else 'a'} mask of them"
            )
        if self.pattern is not None:
            try:
                parse(self.pattern)
            except InputError as error:
                raise InputError(f"layer {self.name!r}: {error}") from None

    def with_outputs(self, mask: NDArray[Any], provenance: str = "recorded") -> Layer:
        """The same layer with a mask of its outputs' non-zeros (values are taken as != 0)."""
        tensor = recorded(f"layer {self.name!r}: outputs mask", mask)
        return replace(self, outputs_mask=tensor, outputs_provenance=provenance)

    def check_pattern(self) -> None:
        """Check the weights against the declared pattern, row by row along the flattened K.

        Raises
        ------
        InputError
            They break it; the message names layer, pattern and the first offending place.
        """
        _ = self._obeys

    @cached_property
    def _obeys(self) -> bool:
        """What :meth:`check_pattern` checks, once: every machine that runs the layer asks, and operands do not change."""
        if self.pattern is None:
            return True
        rule = parse(self.pattern)
        whole = not isinstance(rule, Hss)  # a rule on the whole tensor needs all of it at once
        rows = self.weights.shape[0]
        step = rows if whole else max(1, BLOCK * rows // self.weights.size)
        for start in range(0, rows, step):
            mask = flat_mask(self.weights, start, min(rows, start + step))
            found = rule.violation(mask, axis=-1)
            if found is not None:
                found = replace(found, fiber=(found.fiber[0] + start,)) if found.fiber else found
                raise InputError(
                    f"layer {self.name!r}: its weights do not satisfy the declared pattern {rule.text} along the "
                    f"flattened K: {found}"
                )
        return True


def gemm(
    weights: NDArray[Any], inputs: NDArray[Any], name: str = "layer", pattern: str | None = None
) -> Layer:
    """A matrix product Z = A B.

    Parameters
    ----------
    weights : ndarray, shape (M, K)
        Values, or bool: only which elements are non-zero.
    inputs : ndarray, shape (K, N)
        Likewise.
    name : str
    pattern : str, optional
        Declared pattern of the weights, e.g. ``C1(4:8)->C0(2:4)``.

    Returns
    -------
    Layer

    Raises
    ------
    InputError
        Shapes that do not fit each other, a type that is not kept, a value that is not finite, a bad pattern.
    """
    a = recorded(f"layer {name!r}: weights", weights)
    b = recorded(f"layer {name!r}: inputs", inputs)
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[1] != b.shape[0]:
        raise InputError(f"layer {name!r}: weights {a.shape} and inputs {b.shape}: must be (M, K) and (K, N)")
    return Layer(name, _named(name, einsums.gemm, a.shape[0], b.shape[1], a.shape[1]), a, b, pattern=pattern)


def conv2d(
    weights: NDArray[Any],
    inputs: NDArray[Any],
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    name: str = "layer",
    pattern: str | None = None,
) -> Layer:
    """A two-dimensional convolution.

    Parameters
    ----------
    weights : ndarray, shape (M, C / groups, R, S)
        Values, or bool: only which elements are non-zero.
    inputs : ndarray, shape (N, C, H, W)
        Likewise.
    stride, padding, dilation : int or (int, int)
        Along (H, W); padding with zeros on both sides.
    groups : int
    name : str
    pattern : str, optional
        Declared pattern of the weights along K = (R, S, C / groups) flattened, channels fastest.

    Returns
    -------
    Layer

    Raises
    ------
    InputError
        See :func:`gemm` and :func:`simulator.workload.einsum.conv2d`.
    """
    a = recorded(f"layer {name!r}: weights", weights)
    b = recorded(f"layer {name!r}: inputs", inputs)
    einsum = _named(name, einsums.conv2d, a.shape, b.shape, stride, padding, dilation, groups)
    return Layer(name, einsum, a, b, pattern=pattern)


def _named(name: str, make: Any, *arguments: Any) -> Einsum:
    try:
        made: Einsum = make(*arguments)
    except InputError as error:
        raise InputError(f"layer {name!r}: {error}") from None
    return made
