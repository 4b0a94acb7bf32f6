"""What every component does, over time: a strip each, the share of busy cycles from below, stalls by reason above.

On a machine of many components a strip is a group of alike ones: the mean of their shares.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.record.outcome import ComponentOutcome
from simulator.record.result import LayerResult, Result
from simulator.record.states import STATES
from simulator.report.colours import MEANING, SOFT, STATE
from simulator.report.columns import Columns, columns
from simulator.report.names import label_layers
from simulator.report.paper import current
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.words import RUNGS, count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = dict[str, dict[str, list[ComponentOutcome]]]
"""Components by strip and layer."""

COLUMNS = 400
MOST = 60
"""Components that get a strip of their own."""

LEFT, RIGHT, ROW = 0.95, 0.62, 0.40
"""Inches left and right of the strips, and of one."""
_STRIP = 0.80
_CHARACTER, _INDENT = 0.074, 0.16


def timeline(result: Result, layer: str | None = None, path: str | Path = "timeline.png") -> None:
    """Draw the utilisation of every component over cycles.

    Parameters
    ----------
    result : Result
    layer : str, optional
        Name of the only layer to draw; None draws the whole trace, layers one after the other.
    path : str or Path
        A .png, .svg or .pdf file.

    Raises
    ------
    InputError
        No such layer, nothing to draw, or the file cannot be written.
    """
    layers = _chosen(result, layer)
    cycles = sum(part.cycles for part in layers)
    rows = grouped(layers)
    names = list(rows)
    left = max(LEFT, left_of(rows))
    width = page_width() - left - RIGHT
    band = 0.0 if len(layers) == 1 else label_layers(None, layers, width)
    top, high = 0.98 + band, ROW * len(names)
    with picture(path, top + high + 0.52) as page:
        below = [count(cycles, "cycle"), f"utilisation {percent(_utilisation(layers))}"]
        below += [f"bound by {_bound(layers)}", RUNGS.get(result.rung, result.rung)]
        page.head(
            f"{result.trace if layer is None else layer} on {result.machine}",
            "  ·  ".join(below + _partial(result)),
        )
        seen = states_of(layers)
        page.legend(0.62, {MEANING[state]: STATE[state] for state in STATES if state in seen})
        axes = page.axes(left, top, width, high)
        frame(axes, cycles, len(names))
        busy_note(axes)
        for row, name in enumerate(names):
            strip(axes, row, name, [rows[name].get(each.name, []) for each in layers], layers, cycles)
        if band:
            label_layers(axes, layers, width)
        page.description = described(result, layers, rows, cycles)


def _chosen(result: Result, layer: str | None) -> list[LayerResult]:
    if layer is None:
        found = [each for each in result.layers if each.cycles]
    else:
        found = [each for each in result.layers if each.name == layer]
        if not found:
            raise InputError(
                f"no layer {layer!r} in the result; {suggest(layer, [x.name for x in result.layers])}"
            )
    if not sum(each.cycles for each in found):
        raise InputError(f"{result.trace} on {result.machine}: no cycles to draw")
    return found


def _partial(result: Result) -> list[str]:
    return [] if result.complete else ["interrupted: finished layers only"]


def _utilisation(layers: list[LayerResult]) -> float:
    return sum(x.macs["effectual"] for x in layers) / sum(x.lanes * x.cycles for x in layers)


def _bound(layers: list[LayerResult]) -> str:
    weight: dict[str, int] = {}
    for each in layers:
        weight[each.bound] = weight.get(each.bound, 0) + each.cycles
    names = sorted(weight, key=lambda name: -weight[name])
    if len(names) == 1:
        return names[0]
    return ", ".join(
        f"{name} ({percent(weight[name] / sum(weight.values()))} of cycles)" for name in names[:2]
    )


def states_of(layers: list[LayerResult]) -> set[str]:
    """States that occur."""
    totals = [part.intervals.totals() for each in layers for part in each.components]
    return {state for total in totals for state, cycles in total.items() if cycles}


def left_of(rows: Rows) -> float:
    """Inches the names of the strips take."""
    wider = 6 * any(len(parts) > 1 for found in rows.values() for parts in found.values())
    return _INDENT + _CHARACTER * (wider + max(map(len, rows)))


def busy_note(axes: Axes) -> None:
    """Say what the numbers behind the strips are, below them."""
    axes.annotate(
        "busy",
        (1.008, 0),
        xycoords="axes fraction",
        xytext=(0, -16),  # below the ticks
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=8.5,
        color=SOFT,
    )


def frame(axes: Axes, cycles: int, rows: int) -> None:
    """Axes of so many cycles and strips."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set(xlim=(0, cycles), ylim=(rows, 0), yticks=[], xlabel="time (cycles)")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4 if current().narrow else 8, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def grouped(layers: list[LayerResult]) -> Rows:
    """The strips: a component each, or a group each if they are many."""
    names = {part.name for each in layers for part in each.components}
    rows: Rows = {}
    for each in layers:
        for part in each.components:
            name = part.name if len(names) <= MOST else part.group
            rows.setdefault(name, {}).setdefault(each.name, []).append(part)
    return rows


def _pooled(parts: list[ComponentOutcome], cycles: int, per_column: float) -> Columns:
    """State-cycles of several components together."""
    found = [columns(part.intervals, cycles, per_column) for part in parts]
    return Columns(found[0].edges, np.sum([each.counts for each in found], axis=0))


def strip(
    axes: Axes,
    row: int,
    name: str,
    found: list[list[ComponentOutcome]],
    layers: list[LayerResult],
    cycles: int,
) -> None:
    """One component, or the mean of some: cumulated shares, painted from the last state to the first so that no seams show."""
    bottom, busy, start = row + (1 + _STRIP) / 2, 0.0, 0
    edges, levels = [np.zeros(1, dtype=np.int64)], []
    for parts, each in zip(found, layers, strict=True):
        if parts:
            busy += sum(part.busy for part in parts) / len(parts)
            drawn = _pooled(parts, each.cycles, cycles / COLUMNS).merged()
            seen = drawn.counts.any(axis=1, keepdims=True)  # what a layer has not, is not drawn there
            edges.append(drawn.edges[1:] + start)
            levels.append(np.where(seen, bottom - _STRIP * drawn.shares.cumsum(axis=0) / len(parts), bottom))
        else:
            edges.append(np.array([start + each.cycles]))
            levels.append(np.full((len(STATES), 1), bottom))
        start += each.cycles
    _paint(axes, np.concatenate(edges), np.concatenate(levels, axis=1), bottom)
    axes.plot([0, cycles], [bottom, bottom], color=SOFT, linewidth=0.5)
    middle = row + 0.5
    many = max(map(len, found))
    label = f"{name} ({many})" if many > 1 else name
    axes.text(-0.008, middle, label, transform=axes.get_yaxis_transform(), ha="right", va="center")
    note: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "ha": "left",
        "fontsize": 8.5,
        "color": SOFT,
    }
    axes.text(1.008, middle, f"{percent(busy / cycles)}", **note)


def _paint(axes: Axes, edges: NDArray[np.int64], levels: NDArray[np.float64], bottom: float) -> None:
    """One area per state from `bottom` to its levels (states, columns) between the edges (columns + 1,), one over the other."""
    from matplotlib.collections import PolyCollection

    shown = [state for state in reversed(range(len(STATES))) if (levels[state] < bottom).any()]
    corners = np.empty((len(shown), 2 * len(edges), 2))
    corners[..., 0] = np.repeat(edges, 2)
    corners[:, [0, -1], 1] = bottom
    corners[:, 1:-1, 1] = np.repeat(levels[shown], 2, axis=1)
    colours = [STATE[STATES[state]] for state in shown]
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, linewidths=0), autolim=False)


def described(result: Result, layers: list[LayerResult], rows: Rows, cycles: int) -> str:
    """The picture in words."""
    lines = [
        f"Utilisation over time of {result.machine} running {', '.join(each.name for each in layers)}: {cycles} cycles."
    ]
    for name, found in rows.items():
        totals: dict[str, int] = {}
        many = max(map(len, found.values()))
        for part in (part for parts in found.values() for part in parts):
            for state, value in part.intervals.totals().items():
                totals[state] = totals.get(state, 0) + value
        shares = [f"{state} {percent(value / cycles / many)}" for state, value in totals.items() if value]
        lines.append(f"{name}: {', '.join(shares)}.")
    return " ".join(lines)
