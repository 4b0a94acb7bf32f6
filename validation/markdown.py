"""Tables in pages that are otherwise written by hand: between two marks they are made anew by a command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from simulator.errors import InputError

BEGIN, END = "<!-- tables -->", "<!-- end -->"


def table(rows: Iterable[Iterable[str]], text: int = 1) -> list[str]:
    """Lines of a table whose first row is its heading; the columns from `text` on are set to the right."""
    first, *rest = [list(row) for row in rows]
    rule = ["---"] * text + ["--:"] * (len(first) - text)
    return ["| " + " | ".join(cells) + " |" for cells in (first, rule, *rest)]


def rewrite(page: Path, text: str) -> None:
    """Put the tables where the page marks their place.

    Raises
    ------
    InputError
        The page marks none.
    """
    whole = page.read_text(encoding="utf-8")
    place = rf"(?s){re.escape(BEGIN)}.*?{re.escape(END)}"
    made, found = re.subn(place, lambda _: f"{BEGIN}\n{text}\n{END}", whole)
    if found != 1:
        raise InputError(f"{page}: has {found} places between {BEGIN} and {END}: must be one")
    page.write_text(made, encoding="utf-8")
