"""What verbs print: results on stdout, progress on stderr and only where somebody watches."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, zip_longest
from typing import Any

import click

WIDE = 200
"""Columns assumed when stdout is a file or a pipe."""
_CONTROL = dict.fromkeys(b"\a\b\v\f\r")
"""Characters that move a terminal's cursor."""


def print_json(document: dict[str, Any]) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(title: str, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout.

    Parameters
    ----------
    title : str
    columns : sequence of (str, bool)
        Header, and whether the column holds numbers; those are right-aligned. A table with numbers is never folded or cut,
        however narrow the terminal.
    rows : sequence of sequence of str
    """
    numeric = [numbers for _, numbers in columns]
    heading = [_stacked(header) for header, _ in columns]
    lines = _whole(heading, rows, numeric) if any(numeric) else _folded(heading, rows)
    click.echo("\n".join([title, *(line for line in lines if line)]))


def _stacked(header: str) -> str:
    """A header on two lines: the unit, or else the last word, below."""
    words, bracket, unit = header.partition(" (")
    return f"{words}\n({unit}" if bracket else "\n".join(header.rsplit(" ", 1))


def _whole(heading: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[str]:
    """Lines of a table as wide as it is, headers above a line and on its lower edge."""
    from rich.cells import cell_len

    above, *cells = ([_lines(cell) for cell in row] for row in (heading, *rows))
    high = max(map(len, above))
    above = [[""] * (high - len(header)) + header for header in above]
    texts = list(zip(above, *cells, strict=True))
    widths = [max(cell_len(line) for cell in column for line in cell) for column in texts]

    def drawn(row: Sequence[Sequence[str]]) -> Iterator[str]:
        for line in zip_longest(*row, fillvalue=""):
            rooms = [" " * (wide - cell_len(text)) for wide, text in zip(widths, line, strict=True)]
            placed = zip(rooms, line, numeric, strict=True)
            told = "   ".join(room + text if right else text + room for room, text, right in placed)
            yield f" {told}".rstrip()

    rule = " " + "─" * (sum(widths) + 3 * (len(widths) - 1))
    plain = os.environ.get("TERM") == "dumb"
    header = (line if plain else click.style(line, bold=True) for line in drawn(above))
    return [*header, rule, *chain(*map(drawn, cells))]


def _lines(cell: str) -> list[str]:
    return cell.translate(_CONTROL).expandtabs().split("\n")


def _folded(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table of text no wider than the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in heading:
        table.add_column(Text(header), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    with console.capture() as drawn:
        console.print(table)
    return [line.rstrip() for line in drawn.get().splitlines()]


Report = Callable[[float, float, str], None]
"""Called with (done, of, what is being worked on)."""


@contextmanager
def progress_bar(what: str, quiet: bool) -> Iterator[Report]:
    """A bar on stderr when it is a terminal, otherwise nothing; yields the callable that moves it."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, of, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of, text: bar.update(task, completed=done, total=of, description=text)
