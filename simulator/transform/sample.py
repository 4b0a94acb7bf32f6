"""A part of a trace: some of its layers, or a box of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from simulator.errors import InputError
from simulator.transform.layers import axes_of, chosen, taken, transformed
from simulator.workload.layer import Layer
from simulator.workload.model import Trace


def choose(trace: Trace, layers: str = "*", every: int = 1) -> Trace:
    """Only the layers whose names match, and of those one in `every`, beginning with the first.

    Raises
    ------
    InputError
        None matches, or `every` is below 1.
    """
    if every < 1:
        raise InputError(f"every={every}: must be at least 1")
    wanted = chosen(trace, layers)
    left = [layer for layer in trace.layers if layer.name in wanted][::every]
    return replace(trace, layers=tuple(left))


def crop(trace: Trace, sizes: Mapping[str, int], layers: str = "*", seed: int = 0) -> Trace:
    """A box of each layer that matches: `sizes` elements of a rank, from a seeded place, all where there are fewer.

    Parameters
    ----------
    trace : Trace
    sizes : mapping of str to int
        Ranks as in :func:`simulator.transform.permute`. The place is a multiple of the size, so that tiles stay whole.
    layers : str
        Glob of layer names.
    seed : int

    Returns
    -------
    Trace
        A box along K has sums of its own: recorded outputs are dropped. The attribute ``cropped`` says what is left of what.

    Raises
    ------
    InputError
        No such rank, a size below 1, no layer that matches, or groups.
    """
    for rank, size in sizes.items():
        if size < 1:
            raise InputError(f"crop {rank}={size}: must be at least 1")
    wanted = chosen(trace, layers)
    numbers = {layer.name: i for i, layer in enumerate(trace.layers)}

    def change(layer: Layer) -> Layer:
        for rank, size in sizes.items() if layer.name in wanted else ():
            layer = _cropped(layer, rank, size, np.random.default_rng([seed, numbers[layer.name]]))
        return layer

    return transformed(trace, change)


def _cropped(layer: Layer, rank: str, size: int, rng: np.random.Generator) -> Layer:
    axes = axes_of(layer, rank)
    kind, axis = next(iter(axes.items()))
    whole = layer.einsum.shape(kind)[axis]
    if whole <= size:
        return layer
    start = size * int(rng.integers(0, whole // size))
    made = taken(layer, axes, np.arange(start, start + size))
    left = f"{start}..{start + size - 1} of {whole}"
    return replace(made, attrs={**layer.attrs, f"cropped_{rank}": left})
