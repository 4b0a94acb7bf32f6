"""Names of layers above a time axis, as many as fit, the longest layers first; names ``group/layer`` share a bracket."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from simulator.record.result import LayerResult
from simulator.report.colours import INK, PAPER, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CHARACTER, _LINE, _SIZE, _GAP = 0.066, 0.165, 8.0, 0.002


def label_layers(axes: Axes | None, layers: list[LayerResult], width: float) -> float:
    """Write the names above `axes` (None: only measure) and mark where layers begin; returns the inches needed.

    Parameters
    ----------
    axes : matplotlib Axes or None
    layers : list of LayerResult
    width : float
        Of the axes, in inches.
    """
    total = sum(layer.cycles for layer in layers)
    grouped = len(layers) > 1 and all("/" in layer.name for layer in layers)
    short = [layer.name.split("/", 1)[1] if grouped else layer.name for layer in layers]
    spans = [width * layer.cycles / total for layer in layers]
    flat = all(_CHARACTER * len(name) < span for name, span in zip(short, spans, strict=True))
    rise = 0.16 if flat else 0.14 + 0.78 * _CHARACTER * max(len(name) for name in short)
    if axes is not None:
        _mark(axes, layers)
        _write(axes, short, spans, flat)
        if grouped:
            _brackets(axes, layers, rise)
    return rise + (0.24 if grouped else 0.04)


def _mark(axes: Axes, layers: list[LayerResult]) -> None:
    """One artist for all lines of a kind: hundreds of them take as long to make as everything else to draw."""
    starts = list(accumulate(layer.cycles for layer in layers[:-1]))
    across = axes.get_xaxis_transform()
    for colour, width in ((PAPER, 1.4), (INK, 0.4)):
        axes.vlines(starts, 0, 1, colors=colour, linewidth=width, transform=across)


def _write(axes: Axes, names: list[str], spans: list[float], flat: bool) -> None:
    left = [sum(spans[:i]) + spans[i] / 2 for i in range(len(spans))]
    kept: list[int] = []
    for i in sorted(range(len(names)), key=lambda i: -spans[i]):
        if flat or all(abs(left[i] - left[j]) >= _LINE for j in kept):
            kept.append(i)
    for i in kept:
        options = {"ha": "center"} if flat else {"ha": "left", "rotation": 48, "rotation_mode": "anchor"}
        axes.annotate(
            names[i],
            (left[i] / sum(spans), 1),
            xycoords="axes fraction",
            xytext=(0 if flat else 2, 3),
            textcoords="offset points",
            va="bottom" if flat else "baseline",
            fontsize=_SIZE,
            color=INK,
            **options,
        )


def _brackets(axes: Axes, layers: list[LayerResult], rise: float) -> None:
    """A line and a name over the consecutive layers of a group."""
    total, start, i = sum(layer.cycles for layer in layers), 0, 0
    while i < len(layers):
        group, end = layers[i].name.split("/", 1)[0], start
        while i < len(layers) and layers[i].name.split("/", 1)[0] == group:
            end += layers[i].cycles
            i += 1
        axes.plot(
            [start / total + _GAP, end / total - _GAP],
            [1 + rise / _inches(axes)] * 2,
            transform=axes.transAxes,
            color=SOFT,
            linewidth=0.8,
            clip_on=False,
        )
        axes.annotate(
            group,
            ((start + end) / 2 / total, 1),
            xytext=(0, 72 * rise + 2),
            ha="center",
            va="bottom",
            fontsize=8.5,
            fontweight="bold",
            xycoords="axes fraction",
            textcoords="offset points",
            annotation_clip=False,
        )
        start = end


def _inches(axes: Axes) -> float:
    return float(axes.get_window_extent().height / axes.figure.dpi)
