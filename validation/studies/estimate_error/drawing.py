"""The figures: errors of every model per machine, what each assumption costs there, and three sweeps of a design point."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from simulator.record.comparison import CAUSES
from simulator.report.colours import BLUE, FAINT, GREEN, INK, ORANGE, PAPER, SOFT
from simulator.report.picture import WIDTH, picture
from simulator.report.waterfall import COLOURS
from validation.studies.estimate_error.sample import MODELS, Sample, costs

MARKS = {"sparseloop": (BLUE, "o"), "maestro": (ORANGE, "s"), "roofline": (GREEN, "^")}
"""Colour and marker of each model."""
ROW = 0.5
MOST = 150.0
"""Errors beyond so many percent are drawn at the edge, and said."""

Sweep = Mapping[float, Sequence[Sample]]


def errors(samples: Sequence[Sample], path: Path) -> None:
    """Every error of every model, a row per machine; a bar marks the median."""
    machines = list(dict.fromkeys(sample.machine for sample in samples))
    top = 1.05
    with picture(path, top + ROW * len(machines) + 0.6) as page:
        page.head(
            "Errors of analytical estimates",
            "estimate over simulated cycles - 1, a mark per layer, a bar at the median; left of the line it is too optimistic",
        )
        page.legend(0.66, {model: MARKS[model][0] for model in MODELS})
        axes = page.axes(1.25, top, WIDTH - 1.6, ROW * len(machines))
        beyond = 0
        for row, machine in enumerate(machines):
            for k, model in enumerate(MODELS):
                colour, marker = MARKS[model]
                found = [100 * s.error for s in samples if (s.machine, s.model) == (machine, model)]
                beyond += sum(error > MOST for error in found)
                place = row + 0.5 + (k - 1) * 0.26
                shown = [min(error, MOST) for error in found]
                axes.plot(
                    shown, [place] * len(shown), linestyle="", marker=marker, markersize=4, color=colour, alpha=0.45,
                    markeredgewidth=0,
                )  # fmt: skip
                middle = min(statistics.median(found), MOST)
                axes.plot([middle, middle], [place - 0.13, place + 0.13], color=INK, linewidth=1.8)
        axes.axvline(0, color=INK, linewidth=0.8)
        for row in range(1, len(machines)):
            axes.axhline(row, color=FAINT, linewidth=0.6)
        most = max(min(100 * sample.error, MOST) for sample in samples)
        axes.set(xlim=(-105, most + 8), ylim=(len(machines), 0))
        said = f"; {beyond} errors above {MOST:.0f} % at the edge" if beyond else ""
        axes.set_xlabel(f"error (%){said}")
        axes.set_yticks([row + 0.5 for row in range(len(machines))], machines)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
        page.description = _described(samples, machines)


def _described(samples: Sequence[Sample], machines: list[str]) -> str:
    lines = ["Median error of each model per machine."]
    for machine in machines:
        said = [
            f"{model} {100 * statistics.median(s.error for s in samples if (s.machine, s.model) == (machine, model)):.1f} %"
            for model in MODELS
        ]
        lines.append(f"{machine}: {', '.join(said)}.")
    return " ".join(lines)


def assumptions(samples: Sequence[Sample], path: Path, model: str = "sparseloop") -> None:
    """What every assumption of a model costs on average, a row per machine."""
    machines = list(dict.fromkeys(sample.machine for sample in samples))
    top = 1.05
    with picture(path, top + 0.32 * len(machines) + 0.6) as page:
        page.head(
            f"What the assumptions of {model} cost",
            "mean over layers of the step between two rungs, in percent of the true cycles; right: cycles the estimate did not see",
        )
        page.legend(0.66, {cause: COLOURS[cause] for cause in CAUSES.values()})
        axes = page.axes(1.25, top, WIDTH - 2.1, 0.32 * len(machines))
        lines = [f"Mean cost of each assumption of {model} per machine, percent of the true cycles."]
        for row, machine in enumerate(machines):
            found = costs(s for s in samples if (s.machine, s.model) == (machine, model))
            right = left = 0.0
            for cause in CAUSES.values():
                length = 100 * found.get(cause, 0.0)
                axes.barh(
                    row + 0.5,
                    length,
                    0.7,
                    left=right if length > 0 else left,
                    color=COLOURS[cause],
                    linewidth=0,
                )
                right, left = right + max(length, 0.0), left + min(length, 0.0)
            lines.append(
                f"{machine}: {', '.join(f'{cause} {100 * share:+.1f}' for cause, share in found.items())}."
            )
            axes.annotate(
                f"{-100 * sum(found.values()):+.1f} %", (right, row + 0.5), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=8,
            )  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set(
            ylim=(len(machines), 0), xlabel="mean cost (% of the true cycles); behind the bars the mean error"
        )
        axes.set_yticks([row + 0.5 for row in range(len(machines))], machines)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        page.description = " ".join(lines)


def sweeps(found: Mapping[str, Sweep], path: Path) -> None:
    """Three panels: the error, and what it is made of, against density, imbalance and buffer depth."""
    names = {
        "density": "density of both operands",
        "imbalance": "imbalance of rows (s)",
        "depth": "buffer depth (transfers, tiles)",
    }
    with picture(path, 4.1) as page:
        page.head(
            "Error of the statistical estimate of one design point",
            "median over seeds of the error and of what each assumption costs; the band holds the errors of all seeds",
        )
        causes = ["independence", "balance", "order", "buffers", "contention"]
        page.legend(0.66, {"error (estimate - truth)": INK} | {cause: COLOURS[cause] for cause in causes})
        wide = (WIDTH - 1.2) / 3
        low, high = _limits(found.values())
        for k, (name, sweep) in enumerate(found.items()):
            axes = page.axes(0.75 + k * (wide + 0.12), 1.1, wide - 0.05, 2.35)
            _panel(axes, sweep, causes)
            axes.set(xlabel=names[name], ylim=(low, high))
            if name == "density":
                axes.set_xscale("log", base=2)
                axes.set_xticks(list(sweep), [str(Fraction(x)) for x in sweep], fontsize=7.5)
            else:
                axes.set_xticks(list(sweep), [f"{x:g}" for x in sweep])
            axes.minorticks_off()
            if k:
                axes.set_yticklabels([])
            else:
                axes.set_ylabel("% of the true cycles")
        page.description = " ".join(_said(name, sweep) for name, sweep in found.items())


def _panel(axes: Any, sweep: Sweep, causes: Iterable[str]) -> None:
    at = list(sweep)
    every = [[100 * sample.error for sample in sweep[x]] for x in at]
    axes.fill_between(at, [min(e) for e in every], [max(e) for e in every], color=FAINT, linewidth=0)
    for cause in causes:
        shares = [statistics.median(_share(sample, cause) for sample in sweep[x]) for x in at]
        axes.plot(at, shares, color=COLOURS[cause], linewidth=1.4, marker="o", markersize=3)
    axes.plot(
        at,
        [statistics.median(e) for e in every],
        color=INK,
        linewidth=2,
        marker="o",
        markersize=4,
        markeredgecolor=PAPER,
    )
    axes.axhline(0, color=SOFT, linewidth=0.7)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)


def _share(sample: Sample, cause: str) -> float:
    truth = sample.found.cycles["S4"]
    return sum(100 * step.cycles / truth for step in sample.found.steps if step.cause == cause)


def _limits(found: Iterable[Sweep]) -> tuple[float, float]:
    values = []
    for sweep in found:
        for samples in sweep.values():
            for sample in samples:
                values += [100 * sample.error, *(_share(sample, cause) for cause in CAUSES.values())]
    pad = 0.05 * (max(values) - min(values))
    return min(values) - pad, max(values) + pad


def _said(name: str, sweep: Sweep) -> str:
    medians = {x: 100 * statistics.median(sample.error for sample in samples) for x, samples in sweep.items()}
    return (
        f"Median error against {name}: {', '.join(f'{x:g}: {error:+.1f} %' for x, error in medians.items())}."
    )
