"""The same product with a rank in another order: rows of weights, columns of inputs, or the summed rank of both.

    Z[pi(m), n] = sum over k of A[pi(m), k] B[k, n]          m
    Z[m, n]     = sum over k of A[m, pi(k)] B[pi(k), n]      k (c of a convolution)

A permutation changes neither the product's values nor its multiplications, only where they fall: which rows share a tile,
which channels a structured block. Groups of a grouped convolution stay apart, so m and c of it are refused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.transform.layers import axes_of, chosen, taken, transformed
from simulator.workload.layer import Layer
from simulator.workload.model import Trace

ORDERS = ("ascending", "descending", "random", "reversed")


def permute(trace: Trace, rank: str, order: str, layers: str = "*", seed: int = 0) -> Trace:
    """Reorder a rank of the layers whose names match.

    Parameters
    ----------
    trace : Trace
    rank : str
        ``m``, ``n`` or ``k`` of a matrix product; ``m``, ``b`` or ``c`` of a convolution (``k`` is its ``c``, ``n`` its ``b``).
    order : str
        ``ascending`` or ``descending`` by non-zeros (of the weights where they have the rank, else of the inputs), ``random``
        (seeded), or ``reversed``.
    layers : str
        Glob of layer names.
    seed : int

    Returns
    -------
    Trace
        Masks of outputs follow. A declared pattern along a permuted K no longer holds in general, and is dropped.

    Raises
    ------
    InputError
        No such rank or order, no layer that matches, or m or c of a convolution in groups.
    """
    if order not in ORDERS:
        raise InputError(f"order {order!r}: choices: {', '.join(ORDERS)}")
    wanted = chosen(trace, layers)
    numbers = {layer.name: i for i, layer in enumerate(trace.layers)}

    def change(layer: Layer) -> Layer:
        if layer.name not in wanted:
            return layer
        axes = axes_of(layer, rank)
        new = _order(layer, axes, order, np.random.default_rng([seed, numbers[layer.name]]))
        made = taken(layer, axes, new)
        if "outputs" not in axes and layer.outputs_mask is not None:
            made = made.with_outputs(layer.outputs_mask.mask, layer.outputs_provenance)
        return replace(made, attrs={**layer.attrs, "permuted": f"{rank} {order}"})

    return transformed(trace, change)


def _order(layer: Layer, axes: dict[str, int], order: str, rng: np.random.Generator) -> NDArray[np.int64]:
    kind = "weights" if "weights" in axes else "inputs"
    mask = getattr(layer, kind).mask
    size = mask.shape[axes[kind]]
    if order == "random":
        return rng.permutation(size)
    if order == "reversed":
        return np.arange(size - 1, -1, -1)
    others = tuple(axis for axis in range(mask.ndim) if axis != axes[kind])
    counts = np.count_nonzero(mask, axis=others)
    return np.argsort(counts if order == "ascending" else -counts, kind="stable")
