"""The page: filled from a template, written whole or not at all. No script, no font and no picture comes from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.files import replaced
from simulator.record.result import Result
from simulator.report.html.content import content
from simulator.report.html.figures import Figure, figures

MOST_BYTES = 3_000_000
"""Layers' own timelines, the shortest first, are left out of a page that would be larger."""

_LAYERS = 8


def report(result: Result, baseline: Result | None, path: str | Path) -> None:
    """Write the page of a result.

    Parameters
    ----------
    result : Result
    baseline : Result or None
        Compared layer by layer, where it has them all.
    path : str or Path
        Ends in .html.

    Raises
    ------
    InputError
        Another suffix, a result without cycles, or a file that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: a report ends in .html")
    if not result.cycles:
        raise InputError(f"{result.trace} on {result.machine}: no cycles to report")
    told, drawn = content(result, baseline), figures(result, baseline, _LAYERS)
    own = [figure for figure in drawn if figure.folded]
    text = _filled(told, drawn)
    while len(text.encode()) > MOST_BYTES and own:
        drawn.remove(own.pop())
        text = _filled(told, drawn)
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _filled(told: dict[str, Any], drawn: list[Figure]) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.render(**told, figures=drawn)
