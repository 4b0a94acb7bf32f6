"""Where the energy goes, layer by layer: by component on the left, by action on the right, on one scale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulator.errors import InputError
from simulator.record.result import LayerResult, Result
from simulator.report.colours import REST, SERIES, SOFT
from simulator.report.paper import current
from simulator.report.paper import width as page_width
from simulator.report.picture import Page, picture
from simulator.report.rows import Rows
from simulator.report.words import count, digits, microjoule, percent

Split = dict[str, float]
_NOTE, _BETWEEN = 0.75, 0.25


def energy(result: Result, path: str | Path = "energy.png") -> None:
    """Draw the energy of every layer in microjoule, stacked by component and by action.

    Raises
    ------
    InputError
        Nothing to draw, or the file cannot be written.
    """
    layers = result.layers
    if not result.energy:
        raise InputError(f"{result.trace} on {result.machine}: no energy to draw")
    rows = Rows([layer.name for layer in layers])
    top = 1.75
    narrow = current().narrow
    width = (
        page_width() - rows.left - _NOTE if narrow else (page_width() - rows.left - 2 * _NOTE - _BETWEEN) / 2
    )
    below_first = rows.height + 1.75 if narrow else 0.0
    with picture(path, top + rows.height + 0.55 + below_first) as page:
        below = [
            microjoule(result.energy),
            count(result.cycles, "cycle"),
            f"EDP {result.edp:.3g} pJ x cycles",
        ]
        page.head(f"Energy: {result.trace} on {result.machine}", "  ·  ".join(below))
        right = rows.left if narrow else rows.left + width + _NOTE + _BETWEEN
        second = top + below_first
        shown = [
            _panel(page, rows, layers, _by_component, "by component", rows.left, top, width),
            _panel(page, rows, layers, _by_action, "by action", right, second, width, named=narrow),
        ]
        page.description = " ".join(
            [f"Energy of {result.machine} running {result.trace}: {microjoule(result.energy)}.", *shown]
        )


def _by_component(layer: LayerResult) -> Split:
    return {name: sum(actions.values()) for name, actions in layer.energy_pj.items()}


def _by_action(layer: LayerResult) -> Split:
    found: Split = {}
    for actions in layer.energy_pj.values():
        for action, value in actions.items():
            found[action] = found.get(action, 0.0) + value
    return found


def _panel(
    page: Page,
    rows: Rows,
    layers: tuple[LayerResult, ...],
    split: Callable[[LayerResult], Split],
    title: str,
    left: float,
    top: float,
    width: float,
    named: bool = True,
) -> str:
    """Stacked bars with a legend above; returns what they show in words."""
    splits = [split(layer) for layer in layers]
    totals: Split = {}
    for each in splits:
        for name, value in each.items():
            totals[name] = totals.get(name, 0.0) + value
    ranked = [name for name in sorted(totals, key=lambda name: (-totals[name], name)) if totals[name]]
    kept, rest = ranked[: len(SERIES)], ranked[len(SERIES) :]
    parts = [[each.get(name, 0.0) / 1e6 for each in splits] for name in kept]
    parts.append([sum(each.get(name, 0.0) for name in rest) / 1e6 for each in splits])
    axes = rows.axes(page, left, top, width, named=named)
    rows.stack(axes, parts, [*SERIES[: len(kept)], REST])
    sums = [sum(each.values()) / 1e6 for each in splits]
    axes.set(xlim=(0, 1.02 * max(sums)), xlabel="energy (uJ)")
    rows.notes(axes, sums, [digits(value) for value in sums], color=SOFT)
    page.text(left, top - 1.07, title, fontsize=9.5, fontweight="bold")
    whole = sum(totals.values())
    shares = {name: f"{name} {percent(totals[name] / whole)}" for name in ranked}
    entries = {shares[name]: colour for name, colour in zip(kept, SERIES, strict=False)}
    if rest:
        entries[f"{len(rest)} others {percent(sum(totals[name] for name in rest) / whole)}"] = REST
    page.legend(top - 0.85, entries, left, columns=2)
    return f"{title}: {', '.join(shares.values())}."
