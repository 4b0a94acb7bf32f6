"""What every component does over time on every machine: their timelines one below the other, on one scale of cycles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.errors import InputError
from simulator.record.states import STATES
from simulator.report.beside.labels import Labelled, rows_of, title
from simulator.report.colours import MEANING, STATE
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.timeline import (
    LEFT,
    RIGHT,
    ROW,
    busy_note,
    described,
    frame,
    grouped,
    left_of,
    states_of,
    strip,
)
from simulator.report.words import count

_TOP, _BETWEEN, _NAME = 0.98, 0.62, 0.26


def timeline(results: Sequence[Labelled], layer: str | None, path: str | Path) -> None:
    """Draw the utilisation of every component of every result over cycles, of the whole trace or of one layer.

    Raises
    ------
    InputError
        A result has no such layer, nothing to draw, or the file cannot be written.
    """
    rows_of(results)
    shown = [[x for x in each.result.layers if x.cycles and layer in (None, x.name)] for each in results]
    for each, layers in zip(results, shown, strict=True):
        if not layers:
            raise InputError(
                f"{each.label}: no cycles of {'any layer' if layer is None else repr(layer)} to draw"
            )
    cycles = [sum(x.cycles for x in layers) for layers in shown]
    rows = [grouped(layers) for layers in shown]
    left = max(LEFT, *(left_of(each) for each in rows))
    wide, heights = page_width() - left - RIGHT, [ROW * len(each) for each in rows]
    states = {state for layers in shown for state in states_of(layers)}
    total = sum(heights) + _BETWEEN * (len(results) - 1) + _NAME * len(results)
    with picture(path, _TOP + total + 0.52) as page:
        page.head(title("Utilisation" if layer is None else layer, results), "on one scale of cycles")
        page.legend(0.62, {MEANING[state]: STATE[state] for state in STATES if state in states})
        top = _TOP
        for i, (each, layers) in enumerate(zip(results, shown, strict=True)):
            page.text(
                0.12, top - 0.02, f"{each.label}: {count(cycles[i], 'cycle')}", fontsize=9, fontweight="bold"
            )
            axes = page.axes(left, top + _NAME, wide, heights[i])
            frame(axes, max(cycles), len(rows[i]))
            if i + 1 < len(results):
                axes.set_xlabel("")
            busy_note(axes)
            for row, name in enumerate(rows[i]):
                strip(axes, row, name, [rows[i][name].get(x.name, []) for x in layers], layers, cycles[i])
            top += _NAME + heights[i] + _BETWEEN
        page.description = " ".join(
            described(each.result, layers, found, length)
            for each, layers, found, length in zip(results, shown, rows, cycles, strict=True)
        )
