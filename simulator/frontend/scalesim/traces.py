"""Shapes with sparsity drawn: a topology has no data, so masks are drawn, seeded, by a pattern and a density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator.frontend.imported import Imported
from simulator.frontend.scalesim.topology import Topology
from simulator.sparsity.patterns import Pattern
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.memory import DRAWING, affordable
from simulator.workload.model import Trace
from simulator.workload.recipes.masks import concrete, non_zero


def trace_of(
    layers: Sequence[Topology], name: str, pattern: str = "dense", density: str = "1", seed: int = 0
) -> Imported:
    """A trace of masks in the shapes of a topology.

    Parameters
    ----------
    layers : sequence of Topology
    name : str
    pattern : str
        Of the weights along K, where the file says none.
    density : str
        Of the inputs' non-zeros, 0..1.
    seed : int

    Raises
    ------
    InputError
        A pattern nothing can be drawn from, or no density.
    """
    weights, inputs = concrete(pattern), non_zero(density)
    made = tuple(
        _layer(
            each,
            concrete(each.pattern) if each.pattern else weights,
            inputs,
            [seed * 1_000 + 2 * i + j for j in (0, 1)],
        )
        for i, each in enumerate(layers)
    )
    note = f"{name}: shapes only: non-zeros drawn, weights {weights.text}, inputs with density {density}, seed {seed}"
    own = [
        f"{name}: {each.name}: weights {each.pattern}, as the file says" for each in layers if each.pattern
    ]
    attrs = {"source": "SCALE-Sim topology", "pattern": weights.text, "density": density, "seed": seed}
    return Imported(Trace(name, made, attrs), (note, *own))


def _layer(shape: Topology, weights: Pattern, inputs: Pattern, seeds: Sequence[int]) -> Layer:
    if shape.kind == "gemm":
        m, n, k = shape.sizes
        affordable(f"layer {shape.name!r}: weights", (m, k), DRAWING)
        affordable(f"layer {shape.name!r}: inputs", (k, n), DRAWING)
        a = weights.generate((m, k), axis=-1, seed=seeds[0])
        return gemm(a, inputs.generate((k, n), axis=0, seed=seeds[1]), shape.name, weights.text)
    height, width, r, s, c, m, stride = shape.sizes
    affordable(f"layer {shape.name!r}: filters", (m, c, r, s), DRAWING)
    affordable(f"layer {shape.name!r}: image", (1, c, height, width), DRAWING)
    flat = weights.generate((m, r * s * c), axis=-1, seed=seeds[0])
    filters = np.ascontiguousarray(flat.reshape(m, r, s, c).transpose(0, 3, 1, 2))
    images = inputs.generate((1, c, height, width), axis=1, seed=seeds[1])
    return replace(conv2d(filters, images, stride, name=shape.name), pattern=weights.text)
