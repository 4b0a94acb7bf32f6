"""A finished figure made smaller as a whole: size, texts, lines, markers, ticks and offsets by one factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def shrink(figure: Figure, scale: float) -> None:
    """Make a figure smaller; legends of the figure are told their size when they are made, and stay."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Annotation, Text

    figure.set_size_inches(figure.get_figwidth() * scale, figure.get_figheight() * scale)
    left = {id(part) for legend in figure.legends for part in legend.findobj()}
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            left |= _ticks(axis, scale)
            axis.labelpad *= scale
    for part in figure.findobj():
        if id(part) in left:
            continue
        if isinstance(part, Text):
            part.set_fontsize(float(part.get_fontsize()) * scale)
            if isinstance(part, Annotation) and part.anncoords == "offset points":
                x, y = part.xyann
                part.xyann = (x * scale, y * scale)
        elif isinstance(part, Line2D):
            part.set_linewidth(part.get_linewidth() * scale)
            part.set_markersize(part.get_markersize() * scale)
            part.set_markeredgewidth(part.get_markeredgewidth() * scale)
        elif isinstance(part, Patch):
            part.set_linewidth(part.get_linewidth() * scale)


def _ticks(axis: Any, scale: float) -> set[int]:
    """Shrink the ticks of an axis, those that are still to be made included; what they consist of."""
    ticks = axis.get_major_ticks()
    if not ticks:
        return set()
    tick = ticks[0]
    told = {
        "labelsize": tick.label1.get_fontsize() * scale,
        "size": tick.tick1line.get_markersize() * scale,
        "width": tick.tick1line.get_markeredgewidth() * scale,
        "pad": tick.get_pad() * scale,
    }
    axis.set_tick_params(which="major", **told)
    axis.set_tick_params(which="minor", **(told | {"size": 0.6 * told["size"]}))
    return {id(part) for each in axis.get_major_ticks() + axis.get_minor_ticks() for part in each.findobj()}
