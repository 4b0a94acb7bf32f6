"""Every layer of every result under the roofs of their machines: a colour each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simulator.errors import InputError
from simulator.report.beside.labels import Labelled, title
from simulator.report.colours import INK, SERIES, SOFT
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.roofline import HEIGHT, MEMORY, bandwidth_of, drawn, place_of, plain
from simulator.report.words import digits

_MARKS = ("o", "s", "^", "D", "v", "P", "X")
_TOP = 1.0


def roofline(results: Sequence[Labelled], path: str | Path) -> None:
    """Draw the layers of all results.

    Raises
    ------
    InputError
        A result has no main memory that moves bytes or no multiplications, or the file cannot be written.
    """
    points, roofs = [], []
    for each in results:
        layers = drawn(each.result)
        bandwidth = bandwidth_of(layers)
        if not layers or not bandwidth:
            raise InputError(
                f"{each.label}: no roofline: needs layers that multiply, and bytes of {MEMORY!r}"
            )
        roofs.append((max(layer.lanes for layer in layers), bandwidth))
        points.append([place_of(layer) for layer in layers])
    xs = [x for found in points for x, _ in found] + [lanes / b for lanes, b in roofs]
    low, high = min(xs) / 2, max(xs) * 2
    with picture(path, HEIGHT + 1.6) as page:
        page.head(
            title("Roofline", results),
            "a point per layer; the roof of each machine, black where they share one",
        )
        page.legend(0.64, {each.label: SERIES[i] for i, each in enumerate(results)})
        axes = page.axes(0.75, _TOP, page_width() - 1.0, HEIGHT)
        axes.set(xscale="log", yscale="log")
        for i, ((lanes, bandwidth), found) in enumerate(zip(roofs, points, strict=True)):
            x = np.array([low, lanes / bandwidth, high])
            alike = sum(np.allclose(roof, (lanes, bandwidth), rtol=0.01) for roof in roofs)
            colour = SERIES[i] if alike == 1 else INK
            axes.plot(x, np.minimum(lanes, x * bandwidth), color=colour, linewidth=1.3, zorder=1.5)
            axes.plot(
                *zip(*found, strict=True),
                _MARKS[i],
                linestyle="none",
                color=SERIES[i],
                markersize=5.5,
                markeredgecolor=INK,
                markeredgewidth=0.4,
                alpha=0.85,
            )
        bottom = min([y for found in points for _, y in found] + [low * b for _, b in roofs])
        axes.set(
            xlim=(low, high),
            ylim=(bottom / 1.6, 1.6 * max(lanes for lanes, _ in roofs)),
            xlabel="effectual multiplications per byte of main memory",
            ylabel="effectual multiplications per cycle",
        )
        plain(axes)
        axes.grid(True, which="major", color=SOFT, alpha=0.2, linewidth=0.5)
        page.description = " ".join(
            f"Roofline of {each.label}: {lanes} multipliers, {digits(bandwidth)} bytes per cycle; "
            + ", ".join(f"{digits(y)} per cycle at {digits(x)} per byte" for x, y in found)
            + "."
            for each, (lanes, bandwidth), found in zip(results, roofs, points, strict=True)
        )
