"""A layer's weights as quantised structured terms, and what they compute.

    sparsify -> split into outliers and inliers -> quantise each        weights, once
    quantise to the format of every term                                activations, every time

Every step takes the rows of the weights one by one (SparseGPT shares the Gram matrix), so rows may be done in any portions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity.numbers import resolve
from simulator.transform.sdq.calibration import Calibration, checked
from simulator.transform.sdq.name import Config, parse
from simulator.transform.sdq.sparsify import matrix, sparsify
from simulator.transform.sdq.split import split
from simulator.transform.sdq.vectors import Scaled, scaled
from simulator.workload.layer import Layer, gemm

Floats = NDArray[np.float64]
_EXACT = 1 << 53


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Weights (M, K) as terms.

    Attributes
    ----------
    config : Config
    parts : tuple of ndarray of float64, shape (M, K)
        Terms before they are quantised.
    weights : tuple of Scaled
        Terms quantised; empty when weights stay in fp16.
    """

    config: Config
    parts: tuple[Floats, ...]
    weights: tuple[Scaled, ...]

    @property
    def values(self) -> Floats:
        """What the terms stand for together, shape (M, K)."""
        if not self.weights:
            return self.parts[0].astype(np.float16).astype(np.float64)
        total: Floats = np.sum([term.values for term in self.weights], axis=0)
        return total

    def inputs(self, activations: NDArray[Any]) -> tuple[Scaled, ...]:
        """Activations (K, N) quantised for every term, as rows (N, K).

        Raises
        ------
        InputError
            Another K, or values that are not finite.
        """
        columns = np.ascontiguousarray(self._checked(activations).T)
        numbers = [resolve(term.inputs) for term in self.config.terms]
        return scaled([columns] * len(numbers), numbers, self.config.vector)

    def outputs(self, activations: NDArray[Any]) -> Floats:
        """Outputs of activations (K, N), float64, shape (M, N): the exact integers of all terms times both scales.

        Of fp16 operands: products of their values, summed in float64.

        Raises
        ------
        InputError
            See :meth:`inputs`; or sums that may not fit in 64 bits.
        """
        if not all(term.integral for term in self.config.terms):
            held = self._checked(activations).astype(np.float16).astype(np.float64)
            return np.asarray(self.values @ held)
        inputs = self.inputs(activations)
        pairs = list(zip(self.weights, inputs, strict=True))
        most = sum(_most(w) * _most(x) * w.codes.shape[1] for w, x in pairs)
        if most >= 1 << 63:
            raise InputError(f"{self.config.name}: sums of up to {most} do not fit in 64 bits")
        kind = np.float64 if most < _EXACT else np.int64
        total = sum(w.integers.astype(kind) @ x.integers.T.astype(kind) for w, x in pairs)
        return np.asarray(total * self.weights[0].coarse[:, None] * inputs[0].coarse)

    def layer(self, activations: NDArray[Any], name: str = "layer") -> Layer:
        """The matrix product as a layer whose K is that of every term one after the other.

        Integers where all operands are quantised; fp16 otherwise.
        """
        mixed = not all(term.integral for term in self.config.terms)
        if mixed:
            held = self._checked(activations).astype(np.float16)
            made = gemm(self.values.astype(np.float16), held, name, self.config.pattern)
        else:
            weights = np.concatenate([term.integers for term in self.weights], axis=1)
            streamed = np.concatenate([term.integers.T for term in self.inputs(activations)])
            made = gemm(least(weights), least(np.ascontiguousarray(streamed)), name, self.config.pattern)
        return made

    def _checked(self, activations: NDArray[Any]) -> Floats:
        checked(activations, "activations")
        depth = self.parts[0].shape[1]
        if activations.ndim != 2 or len(activations) != depth:
            raise InputError(f"activations {activations.shape}: must be (K, N) with K = {depth}")
        return activations.astype(np.float64)


def decompose(
    weights: NDArray[Any],
    config: Config | str,
    calibration: Calibration | NDArray[Any] | None = None,
    metric: str = "magnitude",
) -> Decomposition:
    """Sparsify, split and quantise a layer's weights.

    Parameters
    ----------
    weights : ndarray of real numbers, shape (M, K)
    config : Config or str
        A name such as ``SDQ-W7:8-1:8int8-6:8fp4``.
    calibration : Calibration or ndarray, shape (samples, K), optional
        Of the layer's inputs; Wanda and SparseGPT need it.
    metric : str
        What outliers are judged by; see :mod:`simulator.transform.sdq.split`.

    Raises
    ------
    InputError
        A bad name, a block or vector that does not divide K, values that are not finite, no calibration where it is needed.
    """
    rule = parse(config) if isinstance(config, str) else config
    quantised = any(resolve(term.weights).integral for term in rule.terms)
    matrix(weights, rule.block)
    if quantised:
        matrix(weights, rule.vector)
    known = Calibration.of(calibration) if isinstance(calibration, np.ndarray) else calibration
    kept = sparsify(weights, rule.sparsity, rule.method, known)
    parts = split(kept, rule, metric, known)
    numbers = [resolve(term.weights) for term in rule.terms]
    return Decomposition(rule, parts, scaled(parts, numbers, rule.vector) if quantised else ())


def _most(tensor: Scaled) -> int:
    return int(np.abs(tensor.integers.astype(np.int64)).max(initial=0))


def least(values: NDArray[np.int32]) -> NDArray[np.integer[Any]]:
    """The same integers in the narrowest type traces keep."""
    most = int(np.abs(values.astype(np.int64)).max(initial=0))
    for kind in (np.int8, np.int16):
        if most <= np.iinfo(kind).max:
            return values.astype(kind)
    return values
