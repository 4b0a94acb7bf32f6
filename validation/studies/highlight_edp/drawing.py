"""The picture: EDP over the dense tensor core's, a row per point, a mark per design, on a scale of powers of two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.report.colours import BLUE, FAINT, INK, ORANGE, PAPER, PURPLE, SOFT, VERMILLION
from simulator.report.picture import WIDTH, Page, picture
from validation.studies.highlight_edp.designs import DESIGNS, TC
from validation.studies.highlight_edp.measure import Table, Total, geomean, relative

MARKS = {
    "tc": (INK, "|", 9.0),
    "stc": (ORANGE, "s", 5.5),
    "dstc": (VERMILLION, "^", 6.5),
    "s2ta": (PURPLE, "D", 5.5),
    "highlight": (BLUE, "o", 7.5),
}
"""Colour, marker and its size: told apart by shape as well."""

ROW, TOP, BOTTOM, NAMES = 0.22, 1.22, 0.55, 1.55
"""Height of a row, room above and below the rows, room for their names, in inches."""

Rows = list[tuple[str, dict[str, float]]]


def draw(table: Table, path: Path) -> None:
    """Draw the products on the left and the networks on the right."""
    products = {point: row for point, row in table.items() if point.workload.endswith("^3")}
    networks = {point: row for point, row in table.items() if point not in products}
    left = _rows(products, "A {0.weights}%, B {0.inputs}%")
    right = _rows(networks, "{0.workload}, A {0.weights}%")
    most = max(len(left), len(right))
    with picture(path, TOP + ROW * most + BOTTOM) as page:
        page.head(
            "Energy-delay product over that of the dense tensor core",
            "smaller is better  ·  A % of the weights and B % of the inputs are zero, in a pattern each design supports",
        )
        half, size = WIDTH / 2, next(iter(products)).workload
        marks = _panel(page, 0.05, half - 0.2, f"matrix products, {size}", left)
        _panel(page, half + 0.1, half - 0.25, "networks", right)
        page.figure.legend(
            handles=marks,
            loc="upper left",
            bbox_to_anchor=(0.12 / WIDTH, 1 - 0.6 / page.height),
            ncols=len(marks),
            borderpad=0,
            borderaxespad=0,
        )
        page.description = _described(left + right)


def _rows(table: Table, words: str) -> Rows:
    """The points by name, and their geometric mean."""
    rows = [(words.format(point), _relative(row)) for point, row in table.items()]
    means = {design.name: geomean(row[design.name] for _, row in rows) for design in DESIGNS}
    return [*rows, ("geometric mean", means)]


def _relative(row: dict[str, Total]) -> dict[str, float]:
    return {design.name: relative(row, design.name, TC.name) for design in DESIGNS}


def _panel(page: Page, left: float, width: float, title: str, rows: Rows) -> list[Any]:
    """A row per point from the top; returns the marks for a legend."""
    axes = page.axes(left + NAMES, TOP, width - NAMES, ROW * len(rows))
    places = [i + 0.5 for i in range(len(rows))]
    axes.set_xscale("log", base=2)
    ticks = [2.0**power for power in range(-5, 3)]
    axes.set_xticks(ticks, [f"1/{round(1 / tick)}" if tick < 1 else f"{tick:g}" for tick in ticks])
    axes.set(xlim=(2**-5.3, 2**2.6), ylim=(len(rows), 0), yticks=[])
    axes.minorticks_off()
    axes.set_yticks(places, [name for name, _ in rows])
    axes.tick_params(axis="y", length=0, pad=4)
    axes.spines["left"].set_visible(False)
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.axhline(len(rows) - 1, color=SOFT, linewidth=0.8)
    for (_, row), place in zip(rows, places, strict=True):
        axes.hlines(place, min(row.values()), max(row.values()), color=FAINT, linewidth=2.5, zorder=1)
    marks = []
    for design in DESIGNS:
        colour, marker, size = MARKS[design.name]
        values = [row[design.name] for _, row in rows]
        (found,) = axes.plot(
            values, places, linestyle="", marker=marker, markersize=size, color=colour, label=design.label,
            markeredgewidth=2.0 if marker == "|" else 0.6, markeredgecolor=colour if marker == "|" else PAPER,
            zorder=12 - size,
        )  # fmt: skip
        marks.append(found)
    return marks


def _described(rows: Rows) -> str:
    """Text alternative: every number of the picture."""
    labels = {design.name: design.label for design in DESIGNS}
    lines = [
        f"{name}: {', '.join(f'{labels[key]} {value:.3g}' for key, value in row.items())}."
        for name, row in rows
    ]
    return " ".join(["Energy-delay product over that of the dense tensor core.", *lines])
