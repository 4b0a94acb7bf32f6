"""What verbs print: results on stdout, progress on stderr and only where somebody watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

WIDE = 200
"""Columns assumed when stdout is a file or a pipe: nothing is folded there."""


def print_json(document: dict[str, Any]) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(
    title: str, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]], totals: int = 0
) -> None:
    """A table on stdout.

    Parameters
    ----------
    title : str
    columns : sequence of (str, bool)
        Header, and whether the column holds numbers (right-aligned, never folded).
    rows : sequence of sequence of str
    totals : int
        That many rows at the end are set off by a line.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    for header, numeric in columns:
        table.add_column(
            Text(header), justify="right" if numeric else "left", no_wrap=numeric, overflow="fold"
        )
    for i, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), end_section=i == len(rows) - totals - 1)
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(table)


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
