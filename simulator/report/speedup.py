"""How many times faster than a baseline every layer is, and what limits it now."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import InputError
from simulator.record.result import LayerResult, Result
from simulator.report.colours import INK, REST, SERIES
from simulator.report.pairs import geomean, pairs, ratio
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.rows import Rows


def speedup(result: Result, baseline: Result, path: str | Path = "speedup.png") -> None:
    """Draw the speed-up of every layer over a baseline, with the geometric mean.

    Raises
    ------
    InputError
        A layer has no counterpart in the baseline, nothing to draw, or the file cannot be written.
    """
    matched = [(layer, other) for layer, other in pairs(result, baseline) if layer.cycles and other.cycles]
    if not matched:
        raise InputError(
            f"{result.trace} on {result.machine}: no layers to compare with {baseline.machine!r}"
        )
    factors = [ratio(other.cycles, layer.cycles) for layer, other in matched]
    mean = geomean(factors)
    whole = ratio(sum(other.cycles for _, other in matched), sum(layer.cycles for layer, _ in matched))
    rows = Rows([layer.name for layer, _ in matched])
    colours = _colours([layer for layer, _ in matched])
    top = 1.05
    with picture(path, top + rows.height + 0.55) as page:
        below = [f"geometric mean {mean:.2f}x (dashed)", f"whole trace {whole:.2f}x"]
        page.head(f"Speed-up: {result.trace}, {result.machine} over {baseline.machine}", "  ·  ".join(below))
        page.legend(0.64, {f"bound by {name}": colour for name, colour in colours.items()})
        axes = rows.axes(page, rows.left, top, page_width() - rows.left - 0.75, named=True)
        bars = axes.barh(rows.places, factors, 0.72, linewidth=0)
        for bar, (layer, _) in zip(bars, matched, strict=True):
            bar.set_color(colours[layer.bound])
        axes.set(
            xlim=(0, 1.04 * max(*factors, 1.0)),
            xlabel=f"cycles of {baseline.machine} / cycles of {result.machine}",
        )
        rows.notes(axes, factors, [f"{factor:.2f}x" for factor in factors], color=INK)
        for value, style in ((1.0, "-"), (mean, (0, (4, 2)))):
            axes.axvline(value, color=INK, linewidth=0.9, linestyle=style, zorder=4)
        page.description = _described(result, baseline, matched, mean)


def _colours(layers: list[LayerResult]) -> dict[str, str]:
    """A colour for each bound, most frequent first."""
    bounds = [layer.bound for layer in layers]
    ranked = sorted(dict.fromkeys(bounds), key=lambda name: -bounds.count(name))
    return {name: SERIES[i] if i < len(SERIES) else REST for i, name in enumerate(ranked)}


def _described(
    result: Result, baseline: Result, matched: list[tuple[LayerResult, LayerResult]], mean: float
) -> str:
    lines = [f"Speed-up of {result.machine} over {baseline.machine} per layer, geometric mean {mean:.2f}."]
    for layer, other in matched:
        lines.append(f"{layer.name}: {ratio(other.cycles, layer.cycles):.2f}, bound by {layer.bound}.")
    return " ".join(lines)
