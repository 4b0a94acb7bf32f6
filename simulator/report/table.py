"""A result as a table: a row per layer and a last one for the whole trace."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.record.result import LayerResult, Result
from simulator.report.pairs import pairs, ratio

Columns = list[tuple[str, bool]]
"""Header, and whether the column holds numbers."""

_COLUMNS: Columns = [
    ("layer", False),
    ("weights", False),
    ("cycles", True),
    ("utilisation (%)", True),
    ("bound by", False),
    ("energy (uJ)", True),
    ("EDP (pJ x cycles)", True),
]
_COMPARED: Columns = [("speed-up", True), ("energy gain", True), ("EDP gain", True)]


def table(result: Result, baseline: Result | None = None) -> tuple[Columns, list[list[str]]]:
    """Columns and rows of text; the last row is the whole trace.

    With a baseline: how many times fewer cycles, less energy and lower energy-delay product than it.

    Raises
    ------
    InputError
        A layer has no counterpart in the baseline.
    """
    matched = pairs(result, baseline) if baseline is not None else [(layer, None) for layer in result.layers]
    rows = [_row(layer.name, layer, other) for layer, other in matched]
    counterpart = None if baseline is None else _only(baseline, [layer.name for layer in result.layers])
    rows.append(_row("total", result, counterpart))
    return _COLUMNS + (_COMPARED if baseline is not None else []), rows


def _only(baseline: Result, names: list[str]) -> Result:
    """The baseline cut to the layers compared, so that totals are of the same work."""
    return replace(baseline, layers=tuple(layer for layer in baseline.layers if layer.name in set(names)))


def _row(name: str, part: LayerResult | Result, other: LayerResult | Result | None) -> list[str]:
    pattern = part.choices.get("weights_pattern", "") if isinstance(part, LayerResult) else ""
    row = [name, pattern, f"{part.cycles:,}", f"{100 * part.utilisation:.1f}", part.bound]
    row += [f"{part.energy / 1e6:.3f}", f"{part.edp:.3e}"]
    if other is not None:
        row.append(_times(ratio(other.cycles, part.cycles)))
        row.append(_times(ratio(other.energy, part.energy)))
        row.append(_times(ratio(other.edp, part.edp)))
    return row


def _times(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}x"
