"""Tables in pages that are otherwise written by hand: between two marks they are made anew by a command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from simulator.errors import InputError

BEGIN, END = "<!-- tables -->", "<!-- end -->"
REACH = "<!-- reach -->"
"""Begins a second place on a page, that of the table of goals; it ends as the other does."""


def table(rows: Iterable[Iterable[str]], text: int = 1) -> list[str]:
    """Lines of a table whose first row is its heading; the columns from `text` on are set to the right."""
    first, *rest = [list(row) for row in rows]
    rule = ["---"] * text + ["--:"] * (len(first) - text)
    return ["| " + " | ".join(cells) + " |" for cells in (first, rule, *rest)]


def rewrite(page: Path, text: str, begin: str = BEGIN) -> None:
    """Put the tables where the page marks their place.

    Raises
    ------
    InputError
        The page marks none.
    """
    whole = page.read_text(encoding="utf-8")
    place = rf"(?s){re.escape(begin)}.*?{re.escape(END)}"
    made, found = re.subn(place, lambda _: f"{begin}\n{text}\n{END}", whole)
    if found != 1:
        raise InputError(f"{page}: has {found} places between {begin} and {END}: must be one")
    page.write_text(made, encoding="utf-8")
