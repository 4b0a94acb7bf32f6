"""What verbs print: results on stdout, progress on stderr and only where somebody watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

WIDE, UNFOLDED = 200, 1000
"""Columns assumed when stdout is a file or a pipe; columns no table needs."""


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
        Header, and whether the column holds numbers; those are right-aligned. A table with numbers is never folded or cut,
        however narrow the terminal.
    rows : sequence of sequence of str
    totals : int
        That many rows at the end are set off by a line.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header, numeric in columns:
        table.add_column(Text(_stacked(header)), justify="right" if numeric else "left", overflow="fold")
    for i, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), end_section=i == len(rows) - totals - 1)
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    if any(numeric for _, numeric in columns):
        whole = console.measure(table, options=console.options.update(width=UNFOLDED)).maximum
        console.width = max(console.width, whole)
    with console.capture() as drawn:
        console.print(table)
    lines = (line.rstrip() for line in drawn.get().splitlines())
    click.echo("\n".join([title, *(line for line in lines if line)]))


def _stacked(header: str) -> str:
    """A header on two lines: the unit, or else the last word, below."""
    words, bracket, unit = header.partition(" (")
    return f"{words}\n({unit}" if bracket else "\n".join(header.rsplit(" ", 1))


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
