"""The page: filled from a template, written whole or not at all. No script, no font and no picture comes from elsewhere."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.files import replaced
from simulator.report.html.content import content
from simulator.report.html.figures import figures

MOST_BYTES = 3_000_000
"""A page is never larger: layers' own timelines are left out first, and the page says how many."""

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
    text = ""
    for layers in (_LAYERS, 3, 0):
        text = _filled(result, baseline, layers)
        if len(text.encode()) <= MOST_BYTES:
            break
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _filled(result: Result, baseline: Result | None, layers: int) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.render(**content(result, baseline), figures=figures(result, baseline, layers))
