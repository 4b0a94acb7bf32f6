"""Where the cycles of every component go, layer by layer: busy and each stall reason as shares of the layer's run length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import InputError
from simulator.record.result import LayerResult, Result
from simulator.record.states import STATES
from simulator.report.colours import MEANING, SOFT, STATE
from simulator.report.paper import current
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.rows import Rows
from simulator.report.words import RUNGS, count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MAIN, _NOTE, _MARGIN = 2.6, 0.85, 0.2


def stalls(result: Result, path: str | Path = "stalls.png") -> None:
    """Draw busy and stall shares per layer: the multipliers large, every other component small beside them.

    Raises
    ------
    InputError
        Nothing to draw, or the file cannot be written.
    """
    layers = [layer for layer in result.layers if layer.cycles]
    if not layers:
        raise InputError(f"{result.trace} on {result.machine}: no cycles to draw")
    rows = Rows([layer.name for layer in layers])
    lanes = {part.name: part.lanes for layer in layers for part in layer.components}
    main = max(lanes, key=lambda name: lanes[name])
    others = [name for name in lanes if name != main]
    narrow = current().narrow  # no room for the others
    top = 1.15 if narrow else 1.5
    with picture(path, top + rows.height + 0.55) as page:
        page.head(f"Stalls: {result.trace} on {result.machine}", _below(result))
        seen = {
            state
            for layer in layers
            for part in layer.components
            for state in _present(part.intervals.totals())
        }
        page.legend(0.66, {MEANING[state]: STATE[state] for state in STATES if state in seen})
        wide = page_width() - rows.left - _NOTE if narrow else _MAIN
        axes = rows.axes(page, rows.left, top, wide, named=True)
        _bars(rows, axes, layers, main)
        axes.set_title(main, loc="left", fontsize=9.5, fontweight="bold")
        axes.set_xlabel("share of cycles (%)")
        rows.notes(axes, [100.0] * len(layers), [f"{layer.cycles:,}" for layer in layers], color=SOFT)
        axes.annotate(
            "cycles",
            (1, 1),
            xycoords="axes fraction",
            xytext=(4, 3),
            textcoords="offset points",
            fontsize=8,
            color=SOFT,
        )
        left = rows.left + _MAIN + _NOTE
        pitch = (page_width() - left - _MARGIN) / max(1, len(others))
        for i, name in enumerate([] if narrow else others):
            small = rows.axes(page, left + i * pitch, top, 0.82 * pitch, named=False)
            _bars(rows, small, layers, name)
            small.set_xticks([])
            small.spines["bottom"].set_visible(False)
            small.text(
                0,
                1.0,
                f" {name}",
                transform=small.transAxes,
                rotation=40,
                rotation_mode="anchor",
                fontsize=8.5,
            )
        page.description = _described(result, layers, main)


def _below(result: Result) -> str:
    parts = [count(result.cycles, "cycle"), RUNGS.get(result.rung, result.rung)]
    return "  ·  ".join(parts + ([] if result.complete else ["interrupted: finished layers only"]))


def _present(totals: dict[str, int]) -> list[str]:
    return [state for state, cycles in totals.items() if cycles]


def _bars(rows: Rows, axes: Axes, layers: list[LayerResult], name: str) -> None:
    totals = [_totals(layer, name) for layer in layers]
    parts = [
        [100 * total.get(state, 0) / layer.cycles for total, layer in zip(totals, layers, strict=True)]
        for state in STATES
    ]
    rows.stack(axes, parts, [STATE[state] for state in STATES])
    axes.set_xlim(0, 100)


def _totals(layer: LayerResult, name: str) -> dict[str, int]:
    return next((part.intervals.totals() for part in layer.components if part.name == name), {})


def _described(result: Result, layers: list[LayerResult], main: str) -> str:
    lines = [f"Busy and stalled shares of {main} of {result.machine} per layer of {result.trace}."]
    for layer in layers:
        totals = _totals(layer, main)
        shares = [f"{state} {percent(totals[state] / layer.cycles)}" for state in _present(totals)]
        lines.append(f"{layer.name}, {layer.cycles} cycles: {', '.join(shares)}.")
    return " ".join(lines)
