"""The pictures: EDP per machine and degree, series per layer, quality against cost, and units that hide or do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.report.colours import BLUE, FAINT, GREEN, INK, ORANGE, PAPER, PURPLE, SKY, SOFT, VERMILLION
from simulator.report.picture import WIDTH, picture
from simulator.transform.tasd import parse
from validation.studies.tasd.measure import Point
from validation.studies.tasd.networks import DEGREES
from validation.studies.tasd.page import MACHINES, mean, networks, of, relative, seeds
from validation.studies.tasd.units import COLUMNS, UNITS, Hidden

COLOURS = dict(zip(MACHINES, (INK, VERMILLION, SKY, BLUE, ORANGE, PURPLE), strict=True))
MARKERS = dict(zip(MACHINES, ("|", "^", "s", "o", "D", "P"), strict=True))


def draw_edp(points: list[Point], path: Path) -> None:
    """EDP over that of tc: a panel per network, a group per degree, a mark per machine with the range of seeds."""
    names = networks(points)
    with picture(path, 4.3) as page:
        page.head(
            "Energy-delay product over that of the dense tensor core",
            "smaller is better; lines: least to largest of the seeds",
        )
        width, marks = WIDTH / len(names), list[Any]()
        for panel, network in enumerate(names):
            axes = page.axes(panel * width + 0.65, 1.25, width - 0.85, 2.5)
            marks = _edp_panel(axes, points, network)
        _legend(page, marks)
        page.description = "; ".join(
            f"{n} {d} {m}: {mean(relative(points, n, d, m)):.3f}"
            for n in names
            for d in DEGREES
            for m in MACHINES
        )


def _legend(page: Any, marks: list[Any]) -> None:
    """All marks in a line below the head."""
    place = 0.12 / WIDTH, 1 - 0.6 / page.height
    page.figure.legend(handles=marks, loc="upper left", bbox_to_anchor=place, ncols=len(marks))


def _edp_panel(axes: Any, points: list[Point], network: str) -> list[Any]:
    axes.set_title(network, loc="left", fontsize=9, fontweight="bold", color=INK)
    axes.axhline(1, color=SOFT, linewidth=0.8)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    marks = []
    for i, name in enumerate(MACHINES[1:]):
        places = [d + 0.15 * (i - 2) for d in range(len(DEGREES))]
        values = [relative(points, network, degree, name) for degree in DEGREES]
        axes.vlines(
            places, [min(v) for v in values], [max(v) for v in values], color=COLOURS[name], linewidth=1.5
        )
        (found,) = axes.plot(
            places, [mean(v) for v in values], linestyle="", marker=MARKERS[name], markersize=6, color=COLOURS[name],
            markeredgecolor=PAPER, markeredgewidth=0.6, label=name,
        )  # fmt: skip
        marks.append(found)
    axes.set_xticks(range(len(DEGREES)), list(DEGREES))
    axes.set_xlabel("weights that are zero")
    axes.set_ylim(0, None)
    return marks


def draw_layers(points: list[Point], path: Path) -> None:
    """Which share of the dense multiplications each layer's series has, and which series, on the machine with the largest menu."""
    names = networks(points)
    rows = {n: _layers(points, n) for n in names}
    height = 0.24 * max(len(r) for r in rows.values()) + 1.6
    with picture(path, height) as page:
        page.head(
            "Series per layer on ttc_vegeta_m8, first seed",
            "the darker, the fewer multiplications; W: terms of weights, A: of activations; grey: the layer runs as it is",
        )
        width = WIDTH / len(names)
        for panel, network in enumerate(names):
            layers = rows[network]
            axes = page.axes(panel * width + 1.15, 1.0, width - 1.3, 0.24 * len(layers))
            _layer_panel(axes, points, network, layers)
        page.description = "Series chosen: see the table of the page."


def _layers(points: list[Point], network: str) -> list[str]:
    (one,) = of(points, network=network, seed=seeds(points)[0], machine="ttc_vegeta_m8", degree="dense")
    return [layer for layer in one.choices if not layer.endswith(("scores", "context"))]


def _layer_panel(axes: Any, points: list[Point], network: str, layers: list[str]) -> None:
    axes.set_title(network, loc="left", fontsize=9, fontweight="bold", color=INK)
    for column, degree in enumerate(DEGREES):
        (point,) = of(points, network=network, seed=seeds(points)[0], machine="ttc_vegeta_m8", degree=degree)
        for row, layer in enumerate(layers):
            choice = point.choices[layer]
            if choice is None:
                _box(axes, column, row, FAINT, 0.35)
                continue
            cost = float(parse(choice[1]).cost)
            _box(axes, column, row, BLUE if choice[0] == "weights" else GREEN, 0.15 + 0.75 * (1 - cost))
            side = "W" if choice[0] == "weights" else "A"
            dark = cost < 0.3
            axes.text(
                column + 0.5,
                row + 0.5,
                f"{side} {choice[1]}",
                ha="center",
                va="center",
                fontsize=6.5,
                color=PAPER if dark else INK,
            )
    axes.set(xlim=(0, len(DEGREES)), ylim=(len(layers), 0))
    axes.set_xticks([i + 0.5 for i in range(len(DEGREES))], list(DEGREES))
    axes.set_yticks([i + 0.5 for i in range(len(layers))], layers)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _box(axes: Any, column: int, row: int, colour: str, strength: float) -> None:
    axes.barh(row + 0.5, 0.94, 0.88, column + 0.03, color=colour, alpha=strength, linewidth=0)


def draw_curves(points: list[Point], path: Path) -> None:
    """Quality against EDP along the moves that were kept, on the machine with the largest menu."""
    names = networks(points)
    colours = dict(zip(DEGREES, (INK, SKY, BLUE, ORANGE, VERMILLION), strict=True))
    with picture(path, 3.9) as page:
        page.head(
            "Quality against cost, move by move",
            "ttc_vegeta_m8; quality on the data of the search, 1: without series; the search keeps 0.99; faint: the other seeds",
        )
        width, marks = WIDTH / len(names), list[Any]()
        for panel, network in enumerate(names):
            axes = page.axes(panel * width + 0.85, 1.15, width - 1.05, 2.2)
            axes.set_title(network, loc="left", fontsize=9, fontweight="bold", color=INK)
            axes.axhline(0.99, color=SOFT, linewidth=0.8, linestyle="--")
            marks = []
            for degree, colour in colours.items():
                for point in of(points, network=network, degree=degree, machine="ttc_vegeta_m8"):
                    xs, ys = zip(*point.curve, strict=True)
                    if point.seed == seeds(points)[0]:
                        marks += axes.plot(
                            xs,
                            ys,
                            color=colour,
                            marker="o",
                            markersize=4,
                            linewidth=1.6,
                            label=degree,
                            zorder=3,
                        )
                    else:
                        axes.plot(xs, ys, color=colour, linewidth=0.7, alpha=0.45)
            axes.set(xlabel="EDP over that without series", ylim=(0.988, None))
            axes.invert_xaxis()
            if panel == 0:
                axes.set_ylabel("quality over the original")
            axes.grid(color=FAINT, linewidth=0.6)
        _legend(page, marks)
        page.description = (
            "Lines go from quality 1 towards 0.99, not below, as the energy-delay product falls."
        )


def draw_units(hidden: list[Hidden], path: Path) -> None:
    """Cycles over those with as many units as ever help, against units, a line per number of columns."""
    names = list(dict.fromkeys(h.series for h in hidden))
    colours = dict(zip(COLUMNS, (VERMILLION, ORANGE, SKY, BLUE), strict=True))
    with picture(path, 3.6) as page:
        page.head(
            "TASD units that hide the extraction, and where they do not",
            "cycles over those with as many units as ever help; dense inputs, unlimited memories; columns that a pass streams",
        )
        width, marks = WIDTH / len(names), list[Any]()
        for panel, series in enumerate(names):
            axes = page.axes(panel * width + 0.5, 1.15, width - 0.65, 1.9)
            axes.set_title(f"inputs {series}", loc="left", fontsize=9, fontweight="bold", color=INK)
            axes.axvline(16, color=SOFT, linewidth=0.8, linestyle="--")
            marks = [_units_line(axes, hidden, series, columns, colours[columns]) for columns in COLUMNS]
            axes.set_xscale("log", base=2)
            axes.set_yscale("log", base=2)
            axes.set_xticks(UNITS, [str(units) for units in UNITS])
            axes.set_yticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
            axes.minorticks_off()
            axes.set(xlabel="TASD units", ylim=(0.9, 18))
            axes.grid(color=FAINT, linewidth=0.6)
        _legend(page, marks)
        page.description = "; ".join(
            f"{h.series} {h.columns} columns {h.units} units: {h.slowdown:.2f}" for h in hidden
        )


def _units_line(axes: Any, hidden: list[Hidden], series: str, columns: int, colour: str) -> Any:
    some = [h for h in hidden if (h.series, h.columns) == (series, columns)]
    xs, ys = [h.units for h in some], [h.slowdown for h in some]
    (found,) = axes.plot(
        xs, ys, color=colour, marker="o", markersize=4, linewidth=1.2, label=f"{columns} columns"
    )
    return found
