"""Every layer against what its machine could do at best: multiplications per cycle over multiplications per byte of main memory.

    roof(x) = min(lanes, x b)        x: effectual multiplications per byte moved to and from main memory, b: its bytes per cycle

Effectual multiplications (both operands non-zero) are counted, so a machine that does not skip zeros stays below its roof by
the density. Lanes and b are told by the result itself: b is the bytes of the memory's items over its S0 total, of the layer that
moves most. Source of the plot: Williams, Waterman, Patterson, Roofline, CACM 52(4), 2009.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator.errors import InputError
from simulator.record.result import LayerResult, Result
from simulator.report.colours import INK, REST, SERIES, SOFT
from simulator.report.paper import current
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.words import count, digits, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEMORY = "dram"
HEIGHT = 3.6
"""Inches of the axes."""
_NAMED, _LINE, _LABEL = 10, 0.14, 2.2


def roofline(result: Result, path: str | Path = "roofline.png") -> None:
    """Draw the layers of a result under the roof of its machine.

    Raises
    ------
    InputError
        Nothing to draw (no main memory that moves bytes, no multiplications), or the file cannot be written.
    """
    layers = drawn(result)
    bandwidth = bandwidth_of(layers)
    if not layers or not bandwidth:
        raise InputError(
            f"{result.trace} on {result.machine}: no roofline: needs layers that multiply, and bytes of {MEMORY!r}"
        )
    lanes = max(layer.lanes for layer in layers)
    points = [place_of(each) for each in layers]
    with picture(path, HEIGHT + 1.6) as page:
        below = [
            f"{lanes:,} multipliers",
            f"main memory {digits(bandwidth)} B/cycle",
            count(len(layers), "layer"),
        ]
        page.head(f"Roofline: {result.trace} on {result.machine}", "  ·  ".join(below))
        colours = _colours(layers)
        page.legend(0.64, {f"bound by {name}": colour for name, colour in colours.items()})
        axes = page.axes(0.75, 1.0, page_width() - 1.0, HEIGHT)
        _roof(axes, lanes, bandwidth, points)
        for name, colour in colours.items():
            here = [point for point, layer in zip(points, layers, strict=True) if layer.bound == name]
            axes.plot(
                *zip(*here, strict=True),
                "o",
                color=colour,
                markersize=6,
                markeredgecolor=INK,
                markeredgewidth=0.4,
            )
        _named(axes, layers, points)
        page.description = " ".join(
            [f"Roofline of {result.machine}: {lanes} multipliers, {digits(bandwidth)} bytes per cycle."]
            + [
                f"{layer.name}: {digits(y)} of at most {digits(min(lanes, x * bandwidth))} multiplications per cycle."
                for layer, (x, y) in zip(layers, points, strict=True)
            ]
        )


def drawn(result: Result) -> list[LayerResult]:
    """The layers that have a place in the plot."""
    return [layer for layer in result.layers if layer.cycles and layer.macs["effectual"] and moved(layer)]


def place_of(layer: LayerResult) -> tuple[float, float]:
    """Effectual multiplications per byte of main memory, and per cycle."""
    return layer.macs["effectual"] / moved(layer), layer.macs["effectual"] / layer.cycles


def moved(layer: LayerResult) -> int:
    """Bytes to and from main memory."""
    return sum(layer.traffic.get(MEMORY, {}).values())


def bandwidth_of(layers: list[LayerResult]) -> float:
    """Bytes per cycle of main memory, 0 when the result does not tell."""
    best = 0.0
    most = 0
    for layer in layers:
        for part in layer.components:
            total = layer.totals.get(part.group, 0)
            if part.name == MEMORY and total and part.work > most:
                best, most = part.work / total, part.work
    return best


def _colours(layers: list[LayerResult]) -> dict[str, str]:
    bounds = [layer.bound for layer in layers]
    ranked = sorted(dict.fromkeys(bounds), key=lambda name: -bounds.count(name))
    return {name: SERIES[i] if i < len(SERIES) else REST for i, name in enumerate(ranked)}


def _roof(axes: Axes, lanes: int, bandwidth: float, points: list[tuple[float, float]]) -> None:
    knee = lanes / bandwidth
    low, high = min(*(x for x, _ in points), knee) / 2, max(*(x for x, _ in points), knee) * 2
    x = np.array([low, knee, high])
    axes.loglog(x, np.minimum(lanes, x * bandwidth), color=INK, linewidth=1.2)
    axes.axvline(knee, color=SOFT, linewidth=0.6, linestyle=(0, (4, 3)))
    axes.set(
        xlim=(low, high),
        ylim=(min(min(y for _, y in points), low * bandwidth) / 1.6, lanes * 1.6),
        xlabel="effectual multiplications per byte of main memory",
        ylabel="effectual multiplications per cycle",
    )
    plain(axes)
    axes.grid(True, which="major", color=SOFT, alpha=0.2, linewidth=0.5)


def plain(axes: Axes) -> None:
    """Numbers at logarithmic axes as they are written; within a decade those of 2 and 5 as well."""
    from matplotlib.ticker import FuncFormatter

    def between(value: float, _: int | None) -> str:
        return f"{value:,.12g}" if f"{value:e}"[0] in "25" else ""

    for axis in (axes.xaxis, axes.yaxis):
        low, high = axis.get_view_interval()
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
        axis.set_minor_formatter(FuncFormatter(between if high < 30 * low else lambda value, _: ""))


def _named(axes: Axes, layers: list[LayerResult], points: list[tuple[float, float]]) -> None:
    """Names of the layers that take most cycles, where there is room for them."""
    narrow = current().narrow
    total = sum(layer.cycles for layer in layers)
    taken: list[tuple[float, float]] = []
    for i in sorted(range(len(layers)), key=lambda i: -layers[i].cycles)[: _NAMED // 2 if narrow else _NAMED]:
        x, y = axes.transData.transform(points[i]) / axes.figure.dpi
        if all(abs(y - b) > _LINE or abs(x - a) > _LABEL for a, b in taken):
            taken.append((x, y))
            share = f" ({percent(layers[i].cycles / total)} of cycles)"
            text = layers[i].name + ("" if narrow else share)
            left = x > page_width() - (1.0 if narrow else _LABEL)
            axes.annotate(
                text,
                points[i],
                xytext=(-6 if left else 6, -10),
                textcoords="offset points",
                fontsize=7.5,
                color=SOFT,
                ha="right" if left else "left",
            )
