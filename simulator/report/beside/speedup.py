"""How many times faster than the first result all the others are, layer by layer: a bar each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.errors import InputError
from simulator.report.beside.labels import Labelled, title
from simulator.report.colours import INK, PAPER, SERIES
from simulator.report.pairs import geomean, pairs, ratio
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.rows import ROW, Rows

_TOP, _BAR = 1.05, 0.17


def speedup(results: Sequence[Labelled], path: str | Path) -> None:
    """Draw the speed-up of every layer over the first result.

    Raises
    ------
    InputError
        A layer has no counterpart in the first result, nothing to draw, or the file cannot be written.
    """
    first, others = results[0], results[1:]
    factors: dict[str, dict[str, float]] = {}
    for each in others:
        matched = pairs(each.result, first.result)
        factors[each.label] = {a.name: ratio(b.cycles, a.cycles) for a, b in matched if a.cycles and b.cycles}
    names = [x.name for x in first.result.layers if any(x.name in found for found in factors.values())]
    if not names:
        raise InputError(
            f"{', '.join(each.label for each in others)}: no layers to compare with {first.label}"
        )
    rows = Rows(names)
    row = max(ROW, _BAR * len(others) + 0.09)
    high = row * rows.span
    means = {label: geomean(list(found.values())) for label, found in factors.items()}
    with picture(path, _TOP + high + 0.55) as page:
        page.head(title("Speed-up", results), f"over {first.label}; geometric means dashed")
        colours = {f"{label}: {means[label]:.2f}x": SERIES[i] for i, label in enumerate(factors)}
        page.legend(0.64, colours)
        axes = page.axes(rows.left, _TOP, page_width() - rows.left - 0.6, high)
        most = max(*(value for found in factors.values() for value in found.values()), 1.0)
        axes.set(xlim=(0, 1.04 * most), ylim=(rows.span, 0), xlabel=f"cycles of {first.label} / cycles")
        axes.spines["left"].set_visible(False)
        axes.set_yticks(rows.places, [rows.shown(name) for name in names])
        axes.tick_params(axis="y", length=0, pad=4)
        thick = 0.82 / len(others)
        for i, (label, found) in enumerate(factors.items()):
            places = [place + (i - (len(others) - 1) / 2) * thick for place in rows.places]
            values = [found.get(name, 0.0) for name in names]
            axes.barh(places, values, 0.92 * thick, color=SERIES[i], linewidth=0)
            for place, value in zip(places, values, strict=True):
                axes.annotate(
                    f"{value:.2f}x" if value else "-",
                    (value, place),
                    xytext=(3, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=7.5,
                    color=INK,
                    zorder=5,
                    bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 0.6},
                )
            axes.axvline(means[label], color=SERIES[i], linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
        axes.axvline(1.0, color=INK, linewidth=0.9, zorder=4)
        page.description = " ".join(
            f"Speed-up of {label} over {first.label}, geometric mean {means[label]:.2f}: "
            + ", ".join(f"{name} {value:.2f}" for name, value in found.items())
            + "."
            for label, found in factors.items()
        )
