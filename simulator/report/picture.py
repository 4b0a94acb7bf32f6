"""A page to draw on: one style, saved whole or not at all, equal bytes for equal results.

Figures are made without pyplot and with matplotlib's own defaults, so neither a display nor a user's settings
change them. matplotlib is imported when a picture is drawn.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError
from simulator.files import replaced
from simulator.report.colours import INK, SOFT
from simulator.report.paper import FORMATS, current, width
from simulator.report.shrink import shrink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
WIDTH = FORMATS["screen"].inches
"""Width of pictures for a screen in inches: 900 pixels at 100 dpi; bitmaps are drawn twice as fine, on paper six times."""
DPI, PAPER_DPI = 200, 600
HEAD = 0.5
"""Inches of a title and the line below it, which there is not on paper."""
_CHARACTER, _SWATCH, _LINE = 0.066, 0.3, 0.19

_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.handlelength": 1.0,
    "legend.handleheight": 1.0,
    "svg.hashsalt": "sparsecycle",
    "pdf.fonttype": 42,
    "text.parse_math": False,
}


@dataclass
class Page:
    """A figure being drawn, and what is said of it.

    Attributes
    ----------
    figure : matplotlib Figure
    title : str
        Also in the file's metadata.
    description : str
        Text alternative, written into the file's metadata.
    pushed : float
        Inches by which everything lies lower than it is told: less than none where there is no title.
    """

    figure: Figure
    title: str = ""
    description: str = ""
    pushed: float = 0.0

    @property
    def width(self) -> float:
        """Width in inches of the layout."""
        return float(self.figure.get_figwidth())

    @property
    def height(self) -> float:
        """Height in inches."""
        return float(self.figure.get_figheight())

    def axes(self, left: float, top: float, width: float, height: float, **options: Any) -> Axes:
        """Axes at a place in inches from the top left corner."""
        w, h, top = self.width, self.height, top + self.pushed
        return self.figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h), **options)

    def text(self, left: float, top: float, words: str, **options: Any) -> None:
        """Text whose first line has its top at a place in inches from the top left corner."""
        place = left / self.width, 1 - (top + self.pushed) / self.height
        self.figure.text(*place, words, va="top", **options)

    def head(self, title: str, below: str) -> None:
        """Title and the line below it; 0.6 inches."""
        self.title = title
        if current().paper:
            return
        self.text(0.12, 0.10, title, fontsize=12, fontweight="bold")
        self.text(0.12, 0.34, below, fontsize=9, color=SOFT)

    def legend(
        self, top: float, entries: dict[str, str], left: float = 0.12, columns: int | None = None
    ) -> None:
        """Names with their colours, in one line (on paper as many as are needed) or in so many columns."""
        from matplotlib.patches import Patch

        if current().paper and columns is None:
            columns = max(
                1, int((self.width - left) / (_SWATCH + _CHARACTER * max(map(len, entries), default=1)))
            )
            rows = -(-len(entries) // columns)
            self._push((rows - 1) * _LINE)
            top -= (rows - 1) * _LINE
        handles = [
            Patch(facecolor=c, edgecolor=SOFT, linewidth=0.4, label=name) for name, c in entries.items()
        ]
        self.figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(left / self.width, 1 - (top + self.pushed) / self.height),
            ncols=columns or len(handles),
            borderpad=0,
            borderaxespad=0,
            labelspacing=0.25,
            columnspacing=1.1,
            handletextpad=0.4,
            fontsize=8.5 * current().scale,
        )

    def _push(self, inches: float) -> None:
        """Make room below a legend: what is placed from now on lies lower, on a page that is longer."""
        assert not self.figure.texts, "nothing was placed yet"
        assert not self.figure.axes, "nothing was placed yet"
        self.figure.set_figheight(self.height + inches)
        self.pushed += inches


@contextlib.contextmanager
def picture(path: str | Path, height: float) -> Iterator[Page]:
    """A page `height` inches high, saved by the suffix of `path` when the block ends well.

    Raises
    ------
    InputError
        A suffix other than those of :data:`SUFFIXES`, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"{target}: pictures end in one of {', '.join(SUFFIXES)}")
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")  # a box stands for it
        matplotlib.rcdefaults()
        for name, value in _STYLE.items():
            matplotlib.rcParams[name] = value
        form = current()
        less, dpi = (HEAD, PAPER_DPI) if form.paper else (0.0, DPI)
        page = Page(Figure(figsize=(width(), height - less), dpi=dpi), pushed=-less)
        yield page
        if form.scale != 1:
            shrink(page.figure, form.scale)
        with replaced(target) as temporary:
            kind = target.suffix.lower()[1:]
            page.figure.savefig(temporary, format=kind, metadata=_metadata(kind, page))


def _metadata(kind: str, page: Page) -> dict[str, str | None]:
    if kind == "pdf":
        return {"Title": page.title, "Subject": page.description, "CreationDate": None}
    return {"Title": page.title, "Description": page.description} | ({"Date": None} if kind == "svg" else {})
