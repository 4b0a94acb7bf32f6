"""A result beside a baseline, layer by layer.

speed-up = cycles of the baseline / cycles
geomean  = exp(mean of log)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulator.errors import InputError, suggest
from simulator.record.result import LayerResult, Result


def pairs(result: Result, baseline: Result) -> list[tuple[LayerResult, LayerResult]]:
    """Every layer of `result` with the layer of that name in `baseline`, in order.

    Raises
    ------
    InputError
        A layer is missing in the baseline, or has another shape there.
    """
    known = {layer.name: layer for layer in baseline.layers}
    found = []
    for layer in result.layers:
        other = known.get(layer.name)
        if other is None:
            hint = suggest(layer.name, known) if known else "it has no layers"
            raise InputError(f"baseline {baseline.machine!r} has no layer {layer.name!r}; {hint}")
        if other.shape != layer.shape:
            raise InputError(
                f"layer {layer.name!r}: shape {layer.shape} on {result.machine!r}, "
                f"{other.shape} on {baseline.machine!r}: must be the same layer"
            )
        found.append((layer, other))
    return found


def ratio(over: float, under: float) -> float:
    """Quotient; NaN when nothing is divided by."""
    return over / under if under else math.nan


def geomean(values: Sequence[float]) -> float:
    """Geometric mean of positive numbers; NaN for none of them."""
    kept = [value for value in values if value > 0]
    return math.exp(sum(map(math.log, kept)) / len(kept)) if kept else math.nan
