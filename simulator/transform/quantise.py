"""Integers instead of floating point: symmetric, one scale per tensor, zero point 0.

    q = clip(rint(x / s), -Q, Q),   s = max |x| / Q,   Q = 2**(bits - 1) - 1

Source: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only inference, CVPR
2018, with zero points 0. Elements below half a scale become zero: densities fall, and recorded outputs are dropped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.transform.layers import chosen, transformed
from simulator.workload.layer import DENSE, Layer
from simulator.workload.model import Trace
from simulator.workload.tensor import Tensor, recorded

KINDS = {"int8": (np.int8, 127), "int16": (np.int16, 32_767)}


def quantise(trace: Trace, kind: str = "int8", layers: str = "*") -> Trace:
    """Quantise the operands of the layers whose names match.

    Parameters
    ----------
    trace : Trace
    kind : str
        ``int8`` or ``int16``.
    layers : str
        Glob of layer names.

    Returns
    -------
    Trace
        Operands of floating point become integers, their scales the attributes ``weights_scale`` and ``inputs_scale``. Masks, and
        integers that fit already, stay as they are.

    Raises
    ------
    InputError
        Another kind, no layer that matches, or a value that is not finite.
    """
    if kind not in KINDS:
        raise InputError(f"quantise to {kind!r}: choices: {', '.join(KINDS)}")
    wanted = chosen(trace, layers)
    return transformed(trace, lambda layer: _quantised(layer, kind) if layer.name in wanted else layer)


def _quantised(layer: Layer, kind: str) -> Layer:
    weights, weights_scale = _integers(layer.weights, kind, f"layer {layer.name!r}: weights")
    inputs, inputs_scale = _integers(layer.inputs, kind, f"layer {layer.name!r}: inputs")
    scales = {"weights_scale": weights_scale, "inputs_scale": inputs_scale}
    told = {name: scale for name, scale in scales.items() if scale is not None}
    if not told:
        return layer
    return replace(
        layer,
        weights=weights,
        inputs=inputs,
        outputs_mask=None,
        outputs_provenance=DENSE,
        attrs={**layer.attrs, **told, "zero_points": [0, 0]},
    )


def _integers(tensor: Tensor, kind: str, name: str) -> tuple[Tensor, float | None]:
    dtype, top = KINDS[kind]
    if tensor.mask_only:
        return tensor, None
    values = tensor.rows(0, tensor.shape[0])
    if tensor.integral and np.can_cast(values.dtype, dtype):
        return tensor, None
    integers, scale = rounded(values, top)
    return recorded(name, integers.astype(dtype)), scale


def rounded(values: NDArray[Any], top: int) -> tuple[NDArray[np.int64], float]:
    """Integers of at most `top` either way, and the scale that gives the values back; 1 for a tensor of zeros."""
    most = float(np.abs(values.astype(np.float64)).max(initial=0.0))
    scale = most / top if most else 1.0
    return np.clip(np.rint(values.astype(np.float64) / scale), -top, top).astype(np.int64), scale
