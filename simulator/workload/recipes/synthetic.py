"""Traces of shapes: layers of a model with seeded synthetic sparsity, masks only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simulator.workload.layer import Layer
from simulator.workload.memory import DRAWING, affordable
from simulator.workload.model import Trace
from simulator.workload.recipes import attention as attentions
from simulator.workload.recipes import convolutions, products
from simulator.workload.recipes.attention import Attention
from simulator.workload.recipes.convolutions import Convolution
from simulator.workload.recipes.masks import concrete, non_zero
from simulator.workload.recipes.products import Product

Spec = Product | Convolution | Attention


def trace(
    name: str,
    found: Sequence[Spec],
    options: dict[str, Any],
    progress: Callable[[int, int], None],
    batch: int = 1,
) -> Trace:
    """All layers; the options `pattern`, `density` and `seed` are those of a recipe.

    What the next layer reads as it is are this one's outputs; other outputs are declared dense.

    Parameters
    ----------
    name : str
    found : sequence of Product, Convolution or Attention
        In running order.
    options : dict
        Attributes of the trace as well.
    progress : callable
    batch : int
        Images of a convolution.

    Raises
    ------
    InputError
        See :mod:`simulator.workload.recipes.masks`.
    """
    weights, inputs = concrete(options["pattern"]), non_zero(options["density"])
    layers: list[Layer] = []
    for i, spec in enumerate(found):
        for shape in spec.operands(batch):
            affordable(f"layer {spec.name!r}", shape, DRAWING)
        seeds = [options["seed"] * 1_000 + 2 * i + j for j in range(2)]
        if isinstance(spec, Attention):
            layers += attentions.layers(spec)
        else:
            if isinstance(spec, Product):
                made = products.layer(spec, weights, inputs, seeds)
            else:
                made = convolutions.layer(spec, weights, inputs, batch, seeds)
            if spec.follows:
                layers[-1] = layers[-1].with_outputs(made.inputs.mask, "next layer's input")
            layers.append(made)
        progress(i + 1, len(found))
    return Trace(name, tuple(layers), options)
