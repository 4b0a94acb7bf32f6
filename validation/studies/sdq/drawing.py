"""The picture: rise of perplexity against throughput, by the formula and measured, a mark per configuration."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from simulator.report.colours import BLUE, FAINT, INK, ORANGE, PAPER, SOFT, VERMILLION
from simulator.report.picture import WIDTH, picture
from validation.studies.sdq.measure import Row
from validation.studies.sdq.page import LIMIT

MEASURED = ("LLaMA-7B, described", "LLaMA-7B, wide")
"""Where measured throughput is shown."""

KINDS = {
    "": (INK, "*", "dense fp16"),
    "S": (ORANGE, "s", "sparsified only"),
    "Q": (VERMILLION, "^", "quantised only"),
}
SDQ = BLUE, "o", "SDQ"
NAMED = {
    "S-W2:4": (7, 0, "left"),
    "S-S4:8": (7, 0, "left"),
    "Q-W8A8": (7, 0, "left"),
    "Q-W4A16": (0, -14, "center"),
    "Q-W4A4": (-7, 5, "right"),
    "SDQ-S7:8-1:8int8-6:8int4": (14, -16, "right"),
    "SDQ-S6:8-1:8int8-5:8fp4": (8, 17, "right"),
}
"""Where names stand, in points from their mark, on the left."""
LEAST = 0.0002
"""Rises below are drawn here."""


def draw(rows: list[Row], path: Path) -> None:
    """Rise against the formula on the left, against measured speed-up in the middle and on the right."""
    shown = [row for row in rows if row.config.name != "dense"]
    with picture(path, 5.1) as page:
        seeds = len(rows[0].perplexity)
        page.head(
            "What is lost, and what is gained",
            f"rise of perplexity over dense fp16, mean and range of {seeds} networks  ·  lower right is better",
        )
        panels = [("effective throughput, formula", None), *(("speed-up, " + key, key) for key in MEASURED)]
        width = (WIDTH - 1.0) / 3
        for number, (title, key) in enumerate(panels):
            axes = page.axes(0.75 + number * width, 1.15, width - 0.3, 3.35)
            axes.set_yscale("log")
            axes.set(xlim=(0.5, 5.0), ylim=(LEAST / 1.5, 0.9))
            axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
            axes.set_xlabel("over dense fp16")
            axes.set_yticks(
                [LEAST, 0.001, 0.01, 0.1], ["≤ 0.02%", "0.1%", "1%", "10%"] if number == 0 else [""] * 4
            )
            axes.minorticks_off()
            axes.set_xticks([1, 2, 3, 4], ["1x", "2x", "3x", "4x"])
            axes.axhline(LIMIT, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.axvline(4, color=FAINT, linewidth=0.8)
            for row in shown:
                x = row.config.effective_throughput() if key is None else row.speedup[key]
                colour, marker, _ = _kind(row)
                low, mean, high = (max(LEAST, v) for v in (min(row.rise), fmean(row.rise), max(row.rise)))
                axes.plot(
                    [x, x], [low, high], color=colour, marker="_", markersize=7, linewidth=1.2, zorder=2
                )
                axes.plot(
                    x,
                    mean,
                    marker=marker,
                    color=colour,
                    markersize=4.5,
                    markeredgecolor=PAPER,
                    linestyle="",
                    zorder=3,
                )
                if key is None and row.config.name in NAMED:
                    across, up, side = NAMED[row.config.name]
                    axes.annotate(
                        row.config.name,
                        (x, mean),
                        (across, up),
                        textcoords="offset points",
                        ha=side,
                        va="center",
                        fontsize=6.5,
                        color=INK,
                    )
        handles = []
        for colour, marker, label in (KINDS["S"], KINDS["Q"], SDQ):
            handles += axes.plot([], [], marker=marker, color=colour, linestyle="", label=label)
        page.figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.12 / WIDTH, 1 - 0.62 / page.height),
            ncols=3,
            borderpad=0,
            borderaxespad=0,
        )
        page.description = _described(shown)


def _kind(row: Row) -> tuple[str, str, str]:
    return SDQ if len(row.config.terms) > 1 else KINDS[row.config.name[0]]


def _described(rows: list[Row]) -> str:
    lines = [
        f"{row.config.name}: {row.config.effective_throughput():.2f}x, rise {fmean(row.rise):.2%}; "
        + ", ".join(f"{key} {value:.2f}x" for key, value in row.speedup.items())
        for row in rows
    ]
    return " ".join(["Rise of perplexity against throughput.", *lines])
