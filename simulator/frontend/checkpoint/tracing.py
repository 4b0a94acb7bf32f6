"""A trace of decomposed layers: weights read from the file they were written to, a few rows at a time, activations quantised.

Weights and activations are the integers of all terms one after the other along K, or, as masks, only which of them are not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.checkpoint.decomposing import ELEMENTS, activations_of
from simulator.frontend.checkpoint.reading import Checkpoint
from simulator.frontend.checkpoint.stored import StoredLayer, layers
from simulator.sparsity.numbers import resolve
from simulator.transform.sdq import scaled
from simulator.workload import einsum
from simulator.workload.layer import Layer
from simulator.workload.model import Trace
from simulator.workload.tensor import Tensor


class Rows:
    """The weights of a layer as something rows can be asked of; see :class:`simulator.workload.tensor.Source`.

    Parameters
    ----------
    layer : StoredLayer
    values : bool
        Integers (fp16 values where weights are not quantised); False: which are not zero.
    """

    def __init__(self, layer: StoredLayer, values: bool) -> None:
        self.layer = layer
        self.shape = layer.rows, layer.depth * len(layer.config.terms)
        self.integral = all(term.integral for term in layer.config.terms)
        kind: Any = np.int32 if self.integral else np.float16
        self.dtype: np.dtype[Any] = np.dtype(kind if values else np.bool_)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read some rows, and columns of them."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        start, stop, _ = rows.indices(self.shape[0])
        found = np.empty((stop - start, len(range(*columns.indices(self.shape[1])))), dtype=self.dtype)
        step = max(1, ELEMENTS // self.shape[1])
        for first in range(start, stop, step):
            last = min(stop, first + step)
            part = self._portion(first, last)[:, columns]
            found[first - start : last - start] = part != 0 if self.dtype == np.bool_ else part
        return found

    def _portion(self, start: int, stop: int) -> NDArray[Any]:
        if self.integral:
            return self.layer.integers(start, stop)
        return self.layer.values(start, stop).astype(np.float16)


def trace_of(
    file: Checkpoint, calibration: Mapping[str, NDArray[Any]], tokens: int, masks: bool = False
) -> Trace:
    """A layer per decomposed layer of a file, its inputs the first activations of its calibration.

    Parameters
    ----------
    file : Checkpoint
        Written by :func:`simulator.frontend.checkpoint.decompose`.
    calibration : mapping of str to ndarray, shape (samples, K)
        By layer or module.
    tokens : int
        Activations of each layer: N.
    masks : bool
        Keep only which operands are not zero, a bit each.

    Raises
    ------
    InputError
        No activations of a layer, or fewer than asked for.
    """
    if tokens < 1:
        raise InputError(f"tokens {tokens}: must be at least 1")
    made = [_layer(each, calibration, tokens, masks) for each in layers(file)]
    name = str(file.path.stem)
    return Trace(name, tuple(made), {"sdq": file.metadata["sdq"], "tokens": tokens})


def _layer(layer: StoredLayer, calibration: Mapping[str, NDArray[Any]], tokens: int, masks: bool) -> Layer:
    found = activations_of(layer.base, calibration)
    if found is None:
        raise InputError(f"{layer.base}: a trace needs its activations, or those of a module it is in")
    samples = found.reshape(-1, found.shape[-1])[:tokens].astype(np.float64)
    if samples.shape != (tokens, layer.depth):
        raise InputError(
            f"{layer.base}: activations {found.shape}: at least {tokens} samples of K = {layer.depth} are needed"
        )
    if not np.isfinite(samples).all():
        raise InputError(f"{layer.base}: activations must be finite")
    config = layer.config
    if all(term.integral for term in config.terms):
        numbers = [resolve(term.inputs) for term in config.terms]
        quantised = scaled([samples] * len(numbers), numbers, config.vector)
        inputs: NDArray[Any] = np.concatenate([term.integers.T for term in quantised])
    else:
        inputs = samples.T.astype(np.float16)
    weights = Rows(layer, not masks)
    streamed = inputs != 0 if masks else np.ascontiguousarray(inputs)
    rows, depth = weights.shape
    return Layer(
        layer.base,
        einsum.gemm(rows, tokens, depth),
        Tensor(f"layer {layer.base!r}: weights", weights),
        Tensor(f"layer {layer.base!r}: inputs", streamed),
        pattern=config.pattern,
    )
