"""A comparison as tables: what every layer's error is made of, and every figure estimate and simulation both tell."""

from __future__ import annotations

from simulator.record.comparison import CAUSES, RUNGS, Comparison, Figure, LayerComparison, Step

Columns = list[tuple[str, bool]]
"""Header, and whether the column holds numbers."""

FIGURES: Columns = [
    ("component", False),
    ("tensor", False),
    ("quantity", False),
    ("unit", False),
    ("estimate", True),
    ("truth", True),
    ("error", True),
    ("error (%)", True),
]


def ladder(comparison: Comparison) -> tuple[Columns, list[list[str]]]:
    """A row per layer: the estimate, what every assumption costs, the truth, the error; a last row for all of them."""
    total = comparison.total
    causes = [step.cause for step in total.steps]
    columns: Columns = [("layer", False), ("estimate (cycles)", True)]
    columns += [(cause, True) for cause in causes]
    columns += [("truth (cycles)", True), ("error (cycles)", True), ("error (%)", True)]
    layers = [*comparison.layers, *([total] if len(comparison.layers) > 1 else [])]
    return columns, [_row(layer, causes, total) for layer in layers]


def _row(layer: LayerComparison, causes: list[str], total: LayerComparison) -> list[str]:
    shown = {rung: cycles for rung, cycles in layer.cycles.items() if rung in total.cycles}
    steps = {step.cause: step for step in LayerComparison(layer.name, shown).steps}
    row = [layer.name, f"{layer.cycles['M0']:,}", *(signed(steps[cause].cycles) for cause in causes)]
    return [*row, f"{layer.cycles['S4']:,}", signed(layer.error), percent(layer.relative)]


def figures(layer: LayerComparison) -> tuple[Columns, list[list[str]]]:
    """A row per figure of a layer."""
    return FIGURES, [_figure(figure) for figure in layer.figures]


def _figure(figure: Figure) -> list[str]:
    relative = "-" if figure.relative is None else percent(figure.relative)
    numbers = [f"{figure.estimate:,.0f}", f"{figure.truth:,.0f}", signed(figure.error), relative]
    return [figure.component, figure.tensor, figure.quantity, _UNITS.get(figure.unit, figure.unit), *numbers]


_UNITS = {"pj": "pJ"}


def signed(value: float) -> str:
    """``+1,234``, ``-5``, ``0``."""
    return f"{round(value):+,}" if round(value) else "0"


def percent(share: float) -> str:
    """``+12.3``, ``-0.04``, ``0`` (less than 0.0005 either way): of a hundred, with its sign."""
    value = 100 * share
    if abs(value) < 0.0005:
        return "0"
    return f"{value:+,.1f}" if abs(value) >= 0.095 else f"{value:+.2g}"


def largest(layer: LayerComparison) -> Step | None:
    """The step that costs most, either way; None when no step costs anything."""
    found = max(layer.steps, key=lambda step: abs(step.cycles), default=None)
    return None if found is None or found.cycles == 0 else found


def missing(layer: LayerComparison) -> tuple[str, ...]:
    """Rungs that could not be told, with what their step is the cost of."""
    return tuple(f"{rung} ({CAUSES[rung]})" for rung in RUNGS[1:] if rung not in layer.cycles)
