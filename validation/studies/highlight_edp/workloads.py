"""What is run: a matrix product, and the layer shapes of three networks, layers of one shape once.

A network's time and energy are the sums over its layers. Layers of one shape and one kind of operands differ only in their seeds,
so one of them is simulated and counts as many times as there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import simulator
from simulator import Layer
from simulator.sparsity.patterns import Pattern
from simulator.workload.recipes import (
    convolutions,
    deit_small_shapes,
    products,
    resnet50_shapes,
    transformer_big_shapes,
)
from validation.studies.highlight_edp.designs import INPUTS, WEIGHTS

SIZE = 1024

Draw = Callable[[Pattern, Pattern], Layer]


@dataclass(frozen=True)
class Workload:
    """Layers to draw for patterns of the weights and the inputs, and how often each counts.

    Attributes
    ----------
    name : str
    degrees : tuple of (int, int)
        Zeros of weights and inputs it is run at, in percent.
    layers : tuple of (int, Draw)
    """

    name: str
    degrees: tuple[tuple[int, int], ...]
    layers: tuple[tuple[int, Draw], ...]


def product(size: int = SIZE) -> Workload:
    """The product of two square matrices, at every pair of degrees."""
    degrees = tuple((a, b) for a in WEIGHTS for b in INPUTS)
    return Workload(f"{size}^3", degrees, ((1, partial(_product, size)),))


def _product(size: int, weights: Pattern, inputs: Pattern) -> Layer:
    a = weights.generate((size, size), axis=-1, seed=1)
    return simulator.gemm(a, inputs.generate((size, size), axis=0, seed=2))


def networks() -> Iterator[Workload]:
    """ResNet-50 and Transformer-Big with half of what a ReLU makes zero, DeiT-small without zeros (GELU)."""
    yield Workload("ResNet-50", _degrees(50), tuple(_resnet()))
    found = deit_small_shapes.products()
    yield Workload("DeiT-small", _degrees(0), tuple(_products(found)))
    found = transformer_big_shapes.products()
    yield Workload("Transformer-Big", _degrees(50), tuple(_products(found)))


def _degrees(inputs: int) -> tuple[tuple[int, int], ...]:
    return tuple((weights, inputs) for weights in WEIGHTS)


def _resnet() -> Iterator[tuple[int, Draw]]:
    shapes = Counter(replace(shape, name="layer", follows=False) for shape in resnet50_shapes.shapes())
    for i, (shape, times) in enumerate(shapes.items()):
        yield times, partial(_convolution, shape, i)


def _convolution(shape: convolutions.Convolution, i: int, weights: Pattern, inputs: Pattern) -> Layer:
    return _undeclared(convolutions.layer(shape, weights, inputs, 1, [2 * i, 2 * i + 1]))


def _products(found: Iterator[products.Product]) -> Iterator[tuple[int, Draw]]:
    for i, (made, times) in enumerate(Counter(replace(each, name="layer") for each in found).items()):
        yield times, partial(_matrix, made, i)


def _matrix(made: products.Product, i: int, weights: Pattern, inputs: Pattern) -> Layer:
    return _undeclared(products.layer(made, weights, inputs, [2 * i, 2 * i + 1]))


def _undeclared(layer: Layer) -> Layer:
    """Without a declared pattern: each machine takes the sparsest it finds satisfied."""
    return replace(layer, pattern=None)
