"""int8 networks: quantisation after training, and exact integer inference.

    weights   = rint(w / s_w),  s_w = max |w| / 127                      symmetric, per tensor, zero point 0
    inputs    = rint(x / s_0),  s_0 = 1 / 16: pixels are their own integers
    s_{i+1}   = max |activation of layer i| / 127 on the calibration images, running in int8 up to that layer
    bias      = rint(b / (s_w s_i)),  multiplier = s_w s_i / s_{i+1}
    outputs   = clip(rint((Z + bias) multiplier), low, 127)

Source of the scheme: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only
inference, CVPR 2018, with zero points 0 and a floating-point multiplier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.matrix import GemmView
from simulator.workload.recipes.training import PIXEL, Network, Spec

_TOP = 127
_IMAGES = 256


@dataclass
class Quantised:
    """An int8 network.

    Attributes
    ----------
    specs : tuple of Spec
    weights : list of ndarray of int8
    biases : list of ndarray of int64, shape (M,)
    weight_scales, multipliers : list of float
    scales : list of float
        Of the activations before each layer, and after the last.
    lows : list of int
        Least output of each layer.
    """

    specs: tuple[Spec, ...]
    weights: list[NDArray[np.int8]]
    biases: list[NDArray[np.int64]]
    weight_scales: list[float]
    multipliers: list[float]
    scales: list[float]
    lows: list[int]


def quantise(network: Network, images: NDArray[np.int8]) -> Quantised:
    """Quantise a trained network, calibrating activations on the first of `images` (N, 1, 8, 8)."""
    quantised = Quantised(network.specs, [], [], [], [], [1 / PIXEL], [])
    values: NDArray[np.int8] = images[:_IMAGES]
    for i in range(len(network.specs)):
        weights, before = network.weights[i], quantised.scales[i]
        scale = float(np.abs(weights).max()) / _TOP
        quantised.weights.append(np.rint(weights / scale).astype(np.int8))
        quantised.biases.append(np.rint(network.biases[i] / (scale * before)).astype(np.int64))
        low = 0 if i < len(network.specs) - 1 else -_TOP
        sums = _sums(quantised, i, values)
        reached = sums.max() if low == 0 else np.abs(sums).max()
        after = float(reached) * scale * before / _TOP
        quantised.weight_scales.append(scale)
        quantised.scales.append(after)
        quantised.multipliers.append(scale * before / after)
        quantised.lows.append(low)
        values = _requantise(quantised, i, sums)
    return quantised


def _layer(quantised: Quantised, i: int, values: NDArray[np.int8]) -> Layer:
    spec = quantised.specs[i]
    if spec.kernel:
        return conv2d(quantised.weights[i], values, spec.stride, spec.padding, groups=spec.groups)
    return gemm(quantised.weights[i], np.ascontiguousarray(values.reshape(len(values), -1).T))


View = Callable[[int, Layer], GemmView]
"""Given the number of a layer and the layer, the matrices that are multiplied."""


def _sums(
    quantised: Quantised, i: int, values: NDArray[np.int8], view_of: View | None = None
) -> NDArray[np.int64]:
    """Z + bias of layer i, images first."""
    layer = _layer(quantised, i, values)
    view = GemmView(layer) if view_of is None else view_of(i, layer)
    groups = [view.reference(group, 0, view.M, 0, view.N) for group in range(view.groups)]
    sums = np.concatenate(groups) + quantised.biases[i][:, None]
    outputs: Any = layer.einsum.shape("outputs")
    if len(outputs) == 2:
        return np.ascontiguousarray(sums.T)
    images, filters, *plane = outputs
    return np.ascontiguousarray(sums.reshape(filters, images, *plane).swapaxes(0, 1))


def _requantise(quantised: Quantised, i: int, sums: NDArray[np.int64]) -> NDArray[np.int8]:
    scaled = np.rint(sums * quantised.multipliers[i])
    return np.asarray(np.clip(scaled, quantised.lows[i], _TOP), dtype=np.int8)


def run(
    quantised: Quantised, images: NDArray[np.int8], view_of: View | None = None, first: int = 0
) -> list[NDArray[np.int8]]:
    """Activations before each layer, and after the last; images (N, 1, 8, 8) first.

    Parameters
    ----------
    quantised : Quantised
    images : ndarray of int8
        Activations before layer `first`.
    view_of : callable, optional
        See :data:`View`; the layers' own matrices if not given.
    first : int
        The layer to begin with.
    """
    values = [images]
    for i in range(first, len(quantised.specs)):
        values.append(_requantise(quantised, i, _sums(quantised, i, values[-1], view_of)))
    return values


def accuracy(quantised: Quantised, images: NDArray[np.int8], labels: NDArray[np.int64]) -> float:
    """Per cent of images named rightly."""
    return 100 * float(np.mean(run(quantised, images)[-1].argmax(axis=1) == labels))
