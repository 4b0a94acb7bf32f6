"""The picture: mean latency over offered load, a line per network, a dotted one where its busiest link is full."""

from __future__ import annotations

from pathlib import Path

from simulator.report.colours import BLUE, GREEN, INK, ORANGE, PURPLE, SOFT, VERMILLION
from simulator.report.picture import WIDTH, picture
from validation.studies.noc.measure import CYCLES, Network

Curve = list[tuple[float, float, float]]
MARKS = ((BLUE, "o"), (INK, "s"), (ORANGE, "^"), (PURPLE, "D"), (GREEN, "P"), (VERMILLION, "v"))
MOST = 120.0
"""Cycles shown."""


def draw(curves: dict[Network, Curve], path: Path) -> None:
    """Draw the curves."""
    with picture(path, 4.6) as page:
        page.head(
            "Mean latency of random traffic",
            f"every node sends to all others alike, flits made over {CYCLES:,} cycles  ·  dotted: the busiest link is full",
        )
        axes = page.axes(0.75, 0.8, WIDTH - 1.0, 3.2)
        axes.set(xlabel="offered load (flits per node and cycle)", ylabel="latency (cycles)")
        axes.set(xlim=(0, 1.02), ylim=(0, MOST))
        for (network, curve), (colour, marker) in zip(curves.items(), MARKS, strict=True):
            offered, latency = [point[0] for point in curve], [point[2] for point in curve]
            axes.plot(
                offered,
                latency,
                color=colour,
                marker=marker,
                markersize=4,
                linewidth=1.2,
                label=network.label,
            )
            axes.axvline(float(network.saturation), color=colour, linewidth=0.8, linestyle=":")
        axes.legend(loc="upper center", fontsize=8.5, labelcolor=SOFT)
        page.description = " ".join(
            f"{network.label}: {curve[0][2]:.1f} cycles at {curve[0][0]:.2f}, {curve[-1][2]:.0f} at {curve[-1][0]:.2f}."
            for network, curve in curves.items()
        )
