"""Where the cycles of the multipliers go on every machine, layer by layer: a column of bars each, and the cycles behind them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.record.states import STATES
from simulator.report.beside.labels import Labelled, rows_of, title
from simulator.report.colours import MEANING, SOFT, STATE
from simulator.report.paper import current
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.rows import Rows
from simulator.report.words import percent

_NOTE, _TOP = 0.72, 1.3


def stalls(results: Sequence[Labelled], path: str | Path) -> None:
    """Draw busy and stall shares of the component with most lanes of every result.

    Raises
    ------
    InputError
        Nothing to draw, or the file cannot be written.
    """
    rows = Rows(rows_of(results))
    narrow = current().narrow  # no room for numbers
    pitch = (page_width() - rows.left) / len(results)
    shares = [_shares(each, rows.names) for each in results]
    with picture(path, _TOP + rows.height + 0.55) as page:
        page.head(
            title("Stalls", results), "busy and stalled shares of the multipliers; cycles behind the bars"
        )
        seen = [state for state in STATES if any(row.get(state) for found in shares for row in found)]
        page.legend(0.62, {MEANING[state]: STATE[state] for state in seen})
        for i, (each, found) in enumerate(zip(results, shares, strict=True)):
            axes = rows.axes(
                page, rows.left + i * pitch, _TOP, pitch - (0.2 if narrow else _NOTE), named=i == 0
            )
            parts = [[100 * row.get(state, 0.0) for row in found] for state in STATES]
            rows.stack(axes, parts, [STATE[state] for state in STATES])
            axes.set(xlim=(0, 100), xlabel="share (%)", xticks=[0, 100] if narrow else [0, 50, 100])
            axes.set_title(each.label, loc="left", fontsize=9, fontweight="bold")
            if not narrow:
                layers = [each.layer(name) for name in rows.names]
                rows.notes(
                    axes, [100.0] * len(layers), [f"{x.cycles:,}" if x else "-" for x in layers], color=SOFT
                )
        page.description = " ".join(
            _described(each, rows.names, s) for each, s in zip(results, shares, strict=True)
        )


def _shares(each: Labelled, names: Sequence[str]) -> list[dict[str, float]]:
    """Per layer, the share of cycles in each state; nothing for a layer it does not have."""
    found: list[dict[str, float]] = []
    for name in names:
        layer = each.layer(name)
        if layer is None or not layer.cycles:
            found.append({})
            continue
        main = max(layer.components, key=lambda part: part.lanes)
        found.append({state: n / layer.cycles for state, n in main.intervals.totals().items() if n})
    return found


def _described(each: Labelled, names: Sequence[str], shares: list[dict[str, float]]) -> str:
    lines = [f"Busy and stalled shares of the multipliers, {each.label}."]
    for name, row in zip(names, shares, strict=True):
        lines.append(f"{name}: {', '.join(f'{state} {percent(share)}' for state, share in row.items())}.")
    return " ".join(lines)
