"""The pictures of a page, inside it: SVG where that is small, else PNG; each with its text alternative."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.energy import energy
from simulator.report.roofline import roofline
from simulator.report.speedup import speedup
from simulator.report.stalls import stalls
from simulator.report.timeline import timeline

LARGE = 300_000
"""Bytes above which a picture is a bitmap."""


@dataclass(frozen=True)
class Figure:
    """A picture in a page.

    Attributes
    ----------
    title, alternative : str
    source : str
        A ``data:`` address.
    folded : bool
        Shown when it is opened.
    """

    title: str
    alternative: str
    source: str
    folded: bool = False


def figures(result: Result, baseline: Result | None, layers: int) -> list[Figure]:
    """All pictures of a result; timelines of so many layers, the longest."""
    drawn: list[tuple[str, Callable[[Path], None], bool]] = [
        ("Utilisation over time", partial(timeline, result, None), False),
        ("Where the cycles go", partial(stalls, result), False),
    ]
    if result.energy:
        drawn.append(("Where the energy goes", partial(energy, result), False))
    drawn.append(("Roofline", partial(roofline, result), False))
    if baseline is not None:
        drawn.append((f"Speed-up over {baseline.machine}", partial(speedup, result, baseline), False))
    longest = sorted((layer for layer in result.layers if layer.cycles), key=lambda layer: -layer.cycles)
    if len(result.layers) > 1:
        drawn += [
            (f"Layer {each.name}", partial(timeline, result, each.name), True) for each in longest[:layers]
        ]
    found = [_figure(*each) for each in drawn]
    return [each for each in found if each is not None]


def _figure(title: str, draw: Callable[[Path], None], folded: bool) -> Figure | None:
    """A picture, None where there is nothing of its kind to draw."""
    with tempfile.TemporaryDirectory() as folder:
        vector, bitmap = Path(folder) / "x.svg", Path(folder) / "x.png"
        try:
            draw(vector)
        except InputError:
            return None
        text = vector.read_text(encoding="utf-8")
        alternative = re.search(r"<dc:description>(.*?)</dc:description>", text, re.S)
        kind, octets = "svg+xml", text.encode()
        if len(octets) > LARGE:
            draw(bitmap)
            kind, octets = "png", bitmap.read_bytes()
    source = f"data:image/{kind};base64,{base64.b64encode(octets).decode('ascii')}"
    return Figure(title, unescape(alternative.group(1)) if alternative else title, source, folded)
