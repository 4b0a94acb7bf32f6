"""The table of what is reached for: ``python -m validation.benchmarks.speed [--only ROW...] [--rounds N] [--page docs/speed.md]``.

Work, goal, measured, ratio to the goal; one core, CPU time, warm, medians; where it says so, wall time. The rows `stepped`,
`blocks` (all of LLaMA-7B, minutes) and `cores` (minutes; for a machine that does nothing else) are made only when they are named.
Several rounds, one after the other, give the middle of their values and the range of all. With --page the page gets what was
made; its other rows stay.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from validation import markdown
from validation.benchmarks.speed import commands, cores, estimates, host, networks, products
from validation.benchmarks.speed.rows import HEADING, Row, middle

ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "structured": products.structured,
    "dual": products.dual,
    "parts": products.parts,
    "resnet": networks.resnet,
    "artifact": estimates.artifact,
    "llama": networks.llama,
    "long": products.long,
    "reference": products.reference,
    "quickstart": commands.quickstart,
    "host": host.limits,
    "stepped": host.stepped,
    "blocks": networks.blocks,
    "cores": cores.cores,
}
ASKED = ("stepped", "blocks", "cores")
"""Rows that are made only when they are named."""


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.benchmarks.speed", description=__doc__)
    options.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=", ".join(ROWS))
    options.add_argument("--page", type=Path, help="page whose table of goals is replaced")
    options.add_argument("--rounds", type=int, default=1, metavar="N", help="how often every row is made")
    chosen = options.parse_args(arguments)
    if chosen.rounds < 1:
        options.error(f"--rounds {chosen.rounds}: must be at least 1")
    made: dict[tuple[str, str], list[Row]] = {}
    for turn in range(chosen.rounds):
        for name in chosen.only or [name for name in ROWS if name not in ASKED]:
            sys.stderr.write(f"{name}{f', round {turn + 1}' if chosen.rounds > 1 else ''}\n")
            for row in ROWS[name]():
                sys.stderr.write(f"  {'; '.join(filter(None, row.cells()))}\n")
                made.setdefault((row.work, row.what), []).append(row)
    rows = [middle(rounds) for rounds in made.values()]
    show(rows)
    if chosen.page:
        cells = beside(chosen.page.read_text(encoding="utf-8"), [row.cells() for row in rows])
        lines = markdown.table([HEADING, *cells], text=len(HEADING))
        markdown.rewrite(chosen.page, "\n".join(lines), markdown.REACH)


def beside(page: str, made: list[list[str]]) -> list[list[str]]:
    """Rows that were made in place of those of the page for the same work and part; a new one behind the one made before it."""
    _, _, place = page.partition(markdown.REACH)
    lines = [line for line in place.partition(markdown.END)[0].splitlines() if line.startswith("| ")]
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    rows = [cells for cells in found if len(cells) == len(HEADING) and cells[0] not in (HEADING[0], "---")]
    after = len(rows)
    for cells in made:
        known = [at for at, row in enumerate(rows) if row[:2] == cells[:2]]
        if known:
            after = known[0]
            rows[after] = cells
        else:
            rows.insert(after, cells)
        after += 1
    return rows


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table(title="what is reached for; one core, CPU time, medians")
    for heading in HEADING:
        table.add_column(heading)
    for row in rows:
        table.add_row(*map(Text, row.cells()))
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
