"""Tensors that are given with a run: arrays of a file, or those of a recorded layer.

A layer's weights and inputs are taken for a design point's operands by shape, the inputs with the zeros that padding reads;
where that is possible in two ways, the operand whose name begins with W is the weights. A matrix may be transposed. A
convolution that does not fit may fit as its matrix product. A layer of another shape is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mapping.design_point import DesignPoint
from simulator.workload.drawing import draw
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView
from simulator.workload.product import Product
from simulator.workload.tensor import Tensor

Arrays = dict[str, NDArray[Any]]


def of_layer(product: Product, layer: Layer) -> Arrays:
    """The operands of a product from a recorded layer.

    Raises
    ------
    InputError
        Shapes or names do not fit.
    """
    if len(product.operands) != 2:
        raise InputError(
            f"layer {layer.name!r}: has two operands, {product.text} has {len(product.operands)}"
        )
    for arrays in (_recorded(layer), _matrices(layer)):
        ways = _ways(product, arrays)
        named = [way for way in ways if {name.lower()[0] for name in list(way)[:1]} <= {"w"}]
        if len(named) == 1 or len(ways) == 1:
            return named[0] if len(named) == 1 else ways[0]
        if ways:
            raise InputError(
                f"layer {layer.name!r}: fits {product.text} in several ways; call the weights Weights, the inputs Inputs"
            )
    shapes = ", ".join(f"{name} {array.shape}" for name, array in _recorded(layer).items())
    needed = ", ".join(f"{t.name} {t.shape}" for t in product.operands)
    raise InputError(f"layer {layer.name!r}: {shapes} do not fit {product.text}, which needs {needed}")


def _ways(product: Product, arrays: Arrays) -> list[Arrays]:
    """Ways to take weights and inputs for the operands, weights first."""
    ways = []
    for names in permutations([t.name for t in product.operands]):
        placed = {
            name: _placed(array, product.tensor(name).shape)
            for name, array in zip(names, arrays.values(), strict=True)
        }
        if all(each is not None for each in placed.values()):
            ways.append({name: each for name, each in placed.items() if each is not None})
    return ways


def _recorded(layer: Layer) -> Arrays:
    """Weights, and inputs with the padding their einsum reads."""
    inputs = _values(layer.inputs)
    sizes = dict(layer.einsum.ranks)
    axes = layer.einsum.inputs
    reach = [1 + sum(c * (sizes[rank] - 1) for rank, c in axis.terms) for axis in axes]
    padded = np.zeros(reach, dtype=inputs.dtype)
    here = [slice(max(0, -a.offset), min(n, a.size - a.offset)) for a, n in zip(axes, reach, strict=True)]
    there = [slice(s.start + a.offset, s.stop + a.offset) for a, s in zip(axes, here, strict=True)]
    padded[tuple(here)] = inputs[tuple(there)]
    return {"weights": _values(layer.weights), "inputs": padded}


def _matrices(layer: Layer) -> Arrays:
    """The layer as its matrix product, groups first where there are several."""
    view = GemmView(layer)
    groups = range(view.groups)
    weights = np.stack([view.weights(g) for g in groups])
    inputs = np.stack([view.inputs(g, 0, view.K, 0, view.N) for g in groups])
    return {"weights": weights, "inputs": inputs}


def _values(tensor: Tensor) -> NDArray[Any]:
    return tensor.mask if tensor.values is None else tensor.values


def _placed(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """An array in a shape: as it is, without axes of one element, or a matrix transposed; None when it does not fit."""
    if array.shape == shape:
        return array
    squeezed, wanted = array.squeeze(), tuple(n for n in shape if n > 1)
    if squeezed.shape == wanted:
        return squeezed.reshape(shape)
    if squeezed.ndim == 2 and squeezed.T.shape == wanted:
        return squeezed.T.reshape(shape)
    return None


def of_file(arrays: Mapping[str, NDArray[Any]], product: Product, said: str) -> Arrays:
    """The tensors of a product from the arrays of a file.

    Raises
    ------
    InputError
        An operand is missing.
    """
    missing = [t.name for t in product.operands if t.name not in arrays]
    if missing:
        raise InputError(
            f"{said}: has no array {', '.join(missing)}; it has {', '.join(arrays)}, and {product.text} needs "
            f"{', '.join(t.name for t in product.operands)}"
        )
    return {t.name: arrays[t.name] for t in product.tensors if t.name in arrays}


def drawn(point: DesignPoint, seed: int) -> tuple[Arrays, tuple[str, ...]]:
    """Operands from the occupancies a point declares, and how they were drawn, a sentence each.

    Raises
    ------
    InputError
        A tensor declared as actual without a file.
    """
    told = []
    for tensor in point.product.operands:
        occupancy = point.occupancy_of(tensor.name)
        if occupancy.path is not None:
            told.append(f"{tensor.name} read from {occupancy.path}")
        elif occupancy.density < 1:
            share = f"{float(occupancy.density):.4g} of its elements non-zero"
            told.append(f"{tensor.name} drawn with seed {seed}: {occupancy.distribution}, {share}")
        else:
            told.append(f"{tensor.name} drawn with seed {seed}: dense")
    return draw(point.product, point.occupancy, seed), tuple(told)
