"""Charts with a row per layer: names on the left, bars to the right, a gap between groups ``group/layer``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simulator.report.colours import PAPER
from simulator.report.picture import Page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, BAR, _GAP, _CHARACTER = 0.235, 0.72, 0.45, 0.073


class Rows:
    """Places of layers on the vertical axis, in rows from the top.

    Attributes
    ----------
    names : tuple of str
    places : list of float
        Middle of each row.
    span : float
        Rows and gaps in all.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.places: list[float] = []
        at = 0.0
        for i, name in enumerate(self.names):
            if i and "/" in name and name.split("/")[0] != self.names[i - 1].split("/")[0]:
                at += _GAP
            self.places.append(at + 0.5)
            at += 1
        self.span = max(at, 1.0)

    @property
    def height(self) -> float:
        """Inches the rows take."""
        return ROW * self.span

    @property
    def left(self) -> float:
        """Inches the names take."""
        return 0.3 + _CHARACTER * max((len(self.shown(name)) for name in self.names), default=0)

    def shown(self, name: str) -> str:
        """A name, its middle left out where it is long."""
        return name if len(name) <= 28 else f"{name[:14]}…{name[-13:]}"

    def axes(self, page: Page, left: float, top: float, width: float, named: bool) -> Axes:
        """Axes over all rows; `named` writes the layers on the left."""
        axes = page.axes(left, top, width, self.height)
        axes.set(ylim=(self.span, 0), yticks=[])
        axes.spines["left"].set_visible(False)
        if named:
            axes.set_yticks(self.places, [self.shown(name) for name in self.names])
            axes.tick_params(axis="y", length=0, pad=4)
        return axes

    def stack(self, axes: Axes, parts: Sequence[Sequence[float]], colours: Sequence[str]) -> None:
        """Stacked bars: `parts` holds for each colour a length per layer."""
        reached = [0.0] * len(self.names)
        for lengths, colour in zip(parts, colours, strict=True):
            if any(lengths):
                axes.barh(self.places, lengths, BAR, left=reached, color=colour, linewidth=0)
            reached = [at + length for at, length in zip(reached, lengths, strict=True)]

    def notes(self, axes: Axes, at: Sequence[float], texts: Sequence[str], **options: Any) -> None:
        """A small text behind each bar."""
        for place, x, text in zip(self.places, at, texts, strict=True):
            axes.annotate(
                text,
                (x, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                annotation_clip=False,
                zorder=5,
                bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 0.8},
                **options,
            )
