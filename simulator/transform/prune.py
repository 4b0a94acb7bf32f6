"""Magnitude pruning of a trace's weights to a pattern: N:M, hierarchical, unstructured.

Of a layer whose weights are a mask only, every kept element counts the same: ties go to the lower coordinate. Outputs recorded
before pruning are no longer those of the pruned layer, and are dropped: they become declared dense.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.errors import InputError
from simulator.sparsity.patterns import Pattern, parse
from simulator.transform.layers import chosen, transformed
from simulator.workload.layer import DENSE, Layer
from simulator.workload.model import Trace
from simulator.workload.pruning import keep
from simulator.workload.tensor import recorded


def prune(trace: Trace, pattern: str, layers: str = "*") -> Trace:
    """Prune the weights of the layers whose names match.

    Parameters
    ----------
    trace : Trace
    pattern : str
        One pattern, e.g. ``2:4``, ``C1(4:8)->C0(2:4)``, ``unstructured(0.25)``.
    layers : str
        Glob of layer names.

    Returns
    -------
    Trace
        Patterns are declared; the attribute ``pruned`` of each pruned layer says to what.

    Raises
    ------
    InputError
        No such pattern, one of a family, no layer that matches, or values that are not finite.
    """
    rule = parse(pattern)
    if not rule.concrete or rule.text == "recorded":
        raise InputError(f"pattern {rule.text}: must be one pattern to prune to, for example 2:4")
    wanted = chosen(trace, layers)
    return transformed(trace, lambda layer: _pruned(layer, rule) if layer.name in wanted else layer)


def _pruned(layer: Layer, rule: Pattern) -> Layer:
    values = layer.weights.values
    weights = layer.weights.mask if values is None else values
    try:
        mask = keep(weights, rule)
    except InputError as error:
        raise InputError(f"layer {layer.name!r}: {error}") from None
    kept = weights & mask if values is None else np.where(mask, weights, np.zeros((), weights.dtype))
    return replace(
        layer,
        weights=recorded(f"layer {layer.name!r}: weights", kept),
        pattern=rule.text,
        outputs_mask=None,
        outputs_provenance=DENSE,
        attrs={**layer.attrs, "pruned": rule.text},
    )
