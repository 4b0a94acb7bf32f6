"""Models made of matrix products: weights (M, K) times the vectors of so many tokens (K, N)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.sparsity.patterns import Pattern, parse
from simulator.workload.layer import Layer, gemm
from simulator.workload.model import Trace
from simulator.workload.recipes.masks import concrete, non_zero


@dataclass(frozen=True)
class Product:
    """One layer of `outputs` (M) x `inputs` (K) weights on `columns` vectors (N).

    Attributes
    ----------
    name : str
    outputs, inputs, columns : int
    activated : bool
        Its inputs are the outputs of an activation function that may make zeros; the others are dense.
    pruned : bool
        Its weights follow the pattern; those of the first and the last layer of a model stay dense.
    """

    name: str
    outputs: int
    inputs: int
    columns: int
    activated: bool = False
    pruned: bool = True


def layer(product: Product, weights: Pattern, inputs: Pattern, seeds: Sequence[int]) -> Layer:
    """The product with masks drawn: weights to a pattern along K where it is pruned, inputs where they are activated."""
    dense = parse("dense")
    rows, columns = (weights if product.pruned else dense), (inputs if product.activated else dense)
    a = rows.generate((product.outputs, product.inputs), axis=-1, seed=seeds[0])
    b = columns.generate((product.inputs, product.columns), axis=0, seed=seeds[1])
    return gemm(a, b, product.name, rows.text)


def trace(
    name: str, found: Sequence[Product], options: dict[str, Any], progress: Callable[[int, int], None]
) -> Trace:
    """All layers; the options `pattern`, `density` and `seed` are those of a recipe.

    What the next layer reads as activated inputs are this one's outputs; other outputs are declared dense.

    Raises
    ------
    InputError
        See :mod:`simulator.workload.recipes.masks`.
    """
    weights, inputs = concrete(options["pattern"]), non_zero(options["density"])
    layers: list[Layer] = []
    for i, product in enumerate(found):
        made = layer(product, weights, inputs, [options["seed"] * 1_000 + 2 * i + j for j in range(2)])
        if product.activated:
            layers[-1] = layers[-1].with_outputs(made.inputs.mask, "next layer's input")
        layers.append(made)
        progress(i + 1, len(found))
    return Trace(name, tuple(layers), options)
