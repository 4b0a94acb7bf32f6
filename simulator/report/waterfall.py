"""From the estimate to the truth: what every assumption costs, in all and layer by layer.

Above, a bar per assumption from where the rung before stands to where its own stands, in percent of the true cycles: up where the
estimate took something for granted that costs cycles. Below, the same bars of every layer, costs to the right of the zero line and
what the estimate told too slow to the left; they sum to truth minus estimate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import InputError
from simulator.record.comparison import CAUSES, Comparison, LayerComparison, Step
from simulator.report.colours import (
    GREEN,
    INK,
    REST,
    SKY,
    SOFT,
    STATE,
    YELLOW,
)
from simulator.report.comparison import largest, percent
from simulator.report.picture import WIDTH, Page, picture
from simulator.report.rows import BAR, Rows
from simulator.report.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: dict[str, str] = {
    "assumed occupancy": SKY,
    "independence": GREEN,
    "description": REST,
    "balance": YELLOW,
    "order": STATE["starved"],
    "buffers": STATE["blocked"],
    "contention": STATE["conflict"],
}
"""Order starves, buffers block and contention is conflict: their colours are those of the stalls."""
_HIGH, _TOP = 2.5, 0.95


def waterfall(comparison: Comparison, path: str | Path = "waterfall.png") -> None:
    """Draw what lies between an estimate and the truth.

    Raises
    ------
    InputError
        Nothing to draw, or the file cannot be written.
    """
    layers = [layer for layer in comparison.layers if layer.cycles["S4"]]
    if not layers:
        raise InputError(f"{comparison.workload} on {comparison.hardware}: no cycles to draw")
    total = comparison.total
    rows = Rows([layer.name for layer in layers])
    below = _TOP + _HIGH + 0.95
    height = below + (rows.height + 0.6 if len(layers) > 1 else 0.0)
    with picture(path, height) as page:
        page.head(
            f"Estimate and truth: {_short(comparison.workload)} on {comparison.hardware}",
            f"{comparison.model} {count(total.cycles['M0'], 'cycle')}  ·  simulated {count(total.cycles['S4'], 'cycle')}  ·  "
            f"error {percent(total.relative)} %",
        )
        page.legend(0.64, {cause: COLOURS[cause] for cause in _causes(layers)})
        _steps(page, total)
        if len(layers) > 1:
            _layers(page, rows, layers, below)
        page.description = _described(comparison, layers)


def _short(text: str) -> str:
    return text if len(text) <= 52 else f"{text[:50]}…"


def _colour(cause: str) -> str:
    """Of the first of joined causes."""
    return COLOURS[cause.split(" + ")[0]]


def _causes(layers: list[LayerComparison]) -> list[str]:
    seen = {cause for layer in layers for step in layer.steps for cause in step.cause.split(" + ")[:1]}
    return [cause for cause in CAUSES.values() if cause in seen]


def _steps(page: Page, total: LayerComparison) -> None:
    axes = page.axes(0.75, _TOP, WIDTH - 1.0, _HIGH)
    truth = total.cycles["S4"]
    heights = [100 * cycles / truth for cycles in total.cycles.values()]
    steps = total.steps
    last = len(steps) + 1
    for place, value, words in ((0, heights[0], "estimate"), (last, heights[-1], "truth")):
        axes.plot(
            [place - 0.36, place + 0.36], [value, value], color=INK, linewidth=3.2, solid_capstyle="butt"
        )
        _write(axes, place, value, f"{words}\n{value:.1f} %", above=True)
    low, high = min(heights), max(heights)
    for place, step in enumerate(steps, start=1):
        start, end = 100 * total.cycles[step.start] / truth, 100 * total.cycles[step.end] / truth
        axes.bar(place, end - start, 0.72, bottom=start, color=_colour(step.cause), linewidth=0)
        if abs(end - start) < 0.006 * (high - low) + 1e-9:
            axes.plot([place - 0.36, place + 0.36], [start, start], color=_colour(step.cause), linewidth=1.6)
        axes.plot([place - 0.64, place - 0.36], [start, start], color=SOFT, linewidth=0.7)
        _write(axes, place, max(start, end), f"{percent(step.cycles / truth)} %", above=True)
    axes.plot([last - 0.64, last - 0.36], [heights[-1]] * 2, color=SOFT, linewidth=0.7)
    pad = max(0.12 * (high - low), 0.02 * high, 0.5)
    axes.set(xlim=(-0.6, last + 0.6), ylim=(low - pad, high + 2.6 * pad), ylabel="cycles (% of the truth)")
    axes.set_xticks(range(last + 1), ["M0", *(_label(step) for step in steps), "S4"])
    axes.tick_params(axis="x", length=0, labelsize=8.5)


def _label(step: Step) -> str:
    return f"{step.start} to {step.end}\n" + step.cause.replace(" + ", " +\n").replace(
        "assumed ", "assumed\n"
    )


def _write(axes: Axes, place: float, value: float, words: str, above: bool) -> None:
    axes.annotate(
        words,
        (place, value),
        xytext=(0, 4 if above else -4),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        fontsize=8,
        color=INK,
    )


def _layers(page: Page, rows: Rows, layers: list[LayerComparison], top: float) -> None:
    axes = rows.axes(page, rows.left, top, WIDTH - rows.left - 1.05, named=True)
    right, left = [0.0] * len(layers), [0.0] * len(layers)
    for cause in dict.fromkeys(step.cause for layer in layers for step in layer.steps):
        lengths = [_length(layer, cause) for layer in layers]
        starts = [right[i] if length > 0 else left[i] for i, length in enumerate(lengths)]
        axes.barh(rows.places, lengths, BAR, left=starts, color=_colour(cause), linewidth=0)
        right = [at + max(length, 0.0) for at, length in zip(right, lengths, strict=True)]
        left = [at + min(length, 0.0) for at, length in zip(left, lengths, strict=True)]
    axes.axvline(0, color=INK, linewidth=0.8, zorder=4)
    span = max(max(right) - min(left), 1e-9)
    axes.set(
        xlim=(min(left) - 0.02 * span, max(right) + 0.02 * span),
        xlabel="what each assumption costs (% of the layer's true cycles); behind the bars the estimate's error",
    )
    rows.notes(axes, right, [f"{percent(layer.relative)} %" for layer in layers], color=INK)


def _length(layer: LayerComparison, cause: str) -> float:
    return sum(100 * step.cycles / layer.cycles["S4"] for step in layer.steps if step.cause == cause)


def _described(comparison: Comparison, layers: list[LayerComparison]) -> str:
    lines = [
        f"From the estimate of {comparison.model} to the simulated cycles of {comparison.workload} on {comparison.hardware}."
    ]
    for layer in [comparison.total, *(layers if len(layers) > 1 else [])]:
        step = largest(layer)
        most = (
            ""
            if step is None
            else f", most of it {step.cause} ({percent(step.cycles / layer.cycles['S4'])} %)"
        )
        lines.append(f"{layer.name}: error {percent(layer.relative)} %{most}.")
    return " ".join(lines)
