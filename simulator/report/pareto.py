"""Points of a sweep on two axes, a panel per workload, with the front that no point beats marked and named."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.report.colours import INK, REST, SERIES, SOFT
from simulator.report.picture import WIDTH, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Spot = tuple[float, float, str, str, bool]
"""x, y, what gives the colour, the name, and whether it is on the front."""
HIGHER = ("utilisation_ratio",)
MOST, NAMED, _LONGEST = 12, 8, 80
"""Panels drawn; points of a front that are named."""
_HEIGHT, _GAP, _LEFT = 2.6, 0.75, 0.95


def pareto(panels: Mapping[str, Sequence[Spot]], axes: tuple[str, str], path: str | Path) -> None:
    """Draw the panels.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    shown = dict(list(panels.items())[:MOST])
    columns = 1 if len(shown) == 1 else 2
    lines = -(-len(shown) // columns)
    machines = list(dict.fromkeys(spot[2] for spots in panels.values() for spot in spots))
    colours = {name: SERIES[i] if i < len(SERIES) else REST for i, name in enumerate(machines)}
    width = (WIDTH - columns * _LEFT - 0.25) / columns
    with picture(path, 1.15 + lines * (_HEIGHT + _GAP)) as page:
        more = (
            f"  ·  {len(panels) - len(shown)} more workloads in the table" if len(panels) > len(shown) else ""
        )
        points = sum(len(spots) for spots in panels.values())
        page.head(
            f"{_words(axes[1])} over {_words(axes[0])}",
            f"{points} points  ·  ringed: no point of the workload beats it{more}",
        )
        page.legend(0.64, colours, columns=min(len(colours), 7))
        for i, (name, spots) in enumerate(shown.items()):
            line, column = divmod(i, columns)
            left, top = _LEFT + column * (width + _LEFT), 1.15 + line * (_HEIGHT + _GAP)
            _panel(page.axes(left, top, width, _HEIGHT), name, spots, axes, colours)
        page.description = " ".join(
            f"{name}: front {'; '.join(f'{s[3] or s[2]} ({s[0]:.6g}, {s[1]:.6g})' for s in spots if s[4])}."
            for name, spots in shown.items()
        )


def _panel(
    axes: Axes, name: str, spots: Sequence[Spot], told: tuple[str, str], colours: Mapping[str, str]
) -> None:
    best = sorted({(s[0], s[1]) for s in spots if s[4]})
    if len(best) > 1:
        axes.plot(
            *zip(*best, strict=True),
            color=INK,
            linewidth=0.8,
            linestyle=(0, (4, 3)),
            zorder=1,
            drawstyle="steps-post",
        )
    for x, y, machine, _, on in spots:
        edge, size = (INK, 7.5) if on else (SOFT, 4.5)
        axes.plot(
            [x],
            [y],
            "o",
            color=colours[machine],
            markeredgecolor=edge,
            markeredgewidth=1.3 if on else 0.3,
            markersize=size,
        )
    _named(axes, spots)
    for axis, values in ((axes.xaxis, [s[0] for s in spots]), (axes.yaxis, [s[1] for s in spots])):
        if min(values) > 0 and max(values) > 8 * min(values):
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
        else:
            axis.set_major_formatter(_number)
    axes.margins(0.12)
    axes.set_title(name, fontsize=9, loc="left")
    axes.set(xlabel=_words(told[0]), ylabel=_words(told[1]))
    axes.grid(color="#EEEEEE", linewidth=0.6)
    axes.set_axisbelow(True)


def _named(axes: Axes, spots: Sequence[Spot]) -> None:
    """Names beside the points of the front, each place once."""
    placed: dict[tuple[float, float], list[str]] = {}
    for x, y, machine, text, on in spots:
        if on:
            placed.setdefault((x, y), []).append(text or machine)
    for i, ((x, y), texts) in enumerate(sorted(placed.items())[:NAMED]):
        more = f" (+{len(texts) - 1})" if len(texts) > 1 else ""
        axes.annotate(
            _cut(texts[0]) + more, (x, y), xytext=(7, 6 if i % 2 == 0 else -10), textcoords="offset points", fontsize=7, color=INK,
        )  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _number(value: float, _: object = None) -> str:
    """A tick: in full below a million, in powers of a thousand beyond."""
    if abs(value) < 1e6:
        return f"{value:,.4g}" if abs(value) < 1e3 else f"{value:,.0f}"
    power = 3 * (int(math.log10(abs(value)) + 1e-9) // 3)
    return f"{value / 10**power:.4g}e{power}"


def _words(column: str) -> str:
    """A column's name with its unit set apart."""
    names = {
        "energy_pj": "energy (pJ)", "edp_pj_cycles": "energy-delay product (pJ x cycles)", "runtime_seconds": "run time (s)",
        "utilisation_ratio": "utilisation", "dram_bytes": "main memory traffic (byte)", "cycles": "cycles",
    }  # fmt: skip
    return names.get(column, column)
