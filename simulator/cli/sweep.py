"""``sweep``: many points from one specification, over processes or a cluster, in one table with its Pareto front."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared
from simulator.cli.progress import span

if TYPE_CHECKING:
    from simulator.sweeps import Sweep
    from simulator.sweeps.points import Point
    from simulator.sweeps.work import Row


@click.command()
@click.argument("spec", metavar="SPEC.yaml", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write, or to continue.")
@click.option(
    "--jobs",
    type=click.IntRange(0, 1024),
    default=0,
    help="Processes that share the points [default: one per processor].",
)
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler to run on, e.g. tcp://10.0.0.1:8786.")
@click.option(
    "--x", metavar="COLUMN", help="First axis of the Pareto front [default: the specification's, or cycles]."
)
@click.option("--y", metavar="COLUMN", help="Second axis [default: the specification's, or energy_pj].")
@click.option(
    "--dry-run", is_flag=True, help="Check the specification and list its points; simulate nothing."
)
@click.option("--force", is_flag=True, help="Run every point, also those that are in the folder already.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@shared.quiet
def command(
    spec: Path,
    out: Path | None,
    jobs: int,
    cluster: str | None,
    x: str | None,
    y: str | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate every point of SPEC.yaml: a grid or a list over machines, their parameters, traces, layers, patterns and rungs.

    The folder gets points.csv, points.json and pareto.png. A sweep that was interrupted is continued by the same command, and
    points that are in the folder already are not run again. A point that fails is a row with its error and exit code.
    The command ends with 0 if every point has a result or is infeasible.
    """
    from simulator.cli.console import print_json
    from simulator.sweeps import sweep
    from simulator.sweeps.log import FILE

    if dry_run:
        _list(spec)
        return
    if out is None:
        raise click.UsageError("Missing option '--out'.")
    if force and (out / FILE).is_file():
        (out / FILE).unlink()
    with _progress(spec.name, quiet) as report:
        found = sweep(spec, out, jobs, cluster, x, y, report)
    if report.before:
        click.echo(
            f"continuing: {report.before} of {len(found.points)} points were finished before", err=True
        )
    if as_json:
        print_json(found.document())
    else:
        _print(found, out)
    for row in found.failed:
        click.echo(
            f"failed: point {row['point']} ({_settings(found, row)}), exit code {row['exit_code']}: {row['error']}",
            err=True,
        )
    raise click.exceptions.Exit(found.exit_code)


def _list(spec: Path) -> None:
    from simulator.sweeps import read
    from simulator.sweeps.points import points_of
    from simulator.sweeps.table import label, rows_of, varied

    told, document = read(spec)
    points = points_of(told, document, Path("traces"))
    rows = rows_of(points, {point.index: [{"exit_code": 0}] for point in points})
    names = varied(rows)
    for row in rows:
        click.echo(f"{row['point']}: {label(row, names) or row['machine']}")
    click.echo(f"{len(points)} {'point' if len(points) == 1 else 'points'}")


def _print(found: Sweep, out: Path) -> None:
    from simulator.cli.console import print_table
    from simulator.sweeps.table import varied

    names = [*varied(found.rows), *(["layer"] if found.rows and "layer" in found.rows[0] else [])]
    told = list(dict.fromkeys([found.x, found.y, "cycles", "energy_pj", "edp_pj_cycles", "bound"]))
    columns = [
        ("point", True),
        *((n, False) for n in names),
        *((n, n != "bound") for n in told),
        ("front", False),
    ]
    rows = [
        [
            str(row["point"]),
            *(str(row[n]) for n in names),
            *(_shown(row, n) for n in told),
            "*" if row["pareto_front"] else "",
        ]
        for row in found.rows
    ]
    print_table(
        f"{len(found.points)} points, {len(found.failed)} failed; front of {found.x} and {found.y}",
        columns,
        rows,
    )
    click.echo(f"wrote {out}/")


def _shown(row: dict[str, Any], name: str) -> str:
    value = row.get(name, "")
    if row["exit_code"]:
        return "failed"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _settings(found: Sweep, row: dict[str, Any]) -> str:
    from simulator.sweeps.table import label, varied

    return label(row, varied(found.rows)) or str(row["machine"])


class _Report:
    """What a sweep reports to: counts, and moves a bar at the pace of the points of this run."""

    def __init__(self, draw: Callable[[int, int, str], None]) -> None:
        self._draw, self._start = draw, time.monotonic()
        self.done = self.failed = self.before = 0

    def __call__(self, point: Point, rows: Sequence[Row], before: bool, of: int) -> None:
        self.done += 1
        self.before += before
        self.failed += bool(rows[0]["exit_code"])
        ran = self.done - self.before
        left = (of - self.done) * (time.monotonic() - self._start) / ran if ran else None
        told = "" if left is None else f"about {span(left)} left"
        self._draw(self.done, of, f"{self.failed} failed  {told}" if self.failed else told)


@contextmanager
def _progress(what: str, quiet: bool) -> Iterator[_Report]:
    """A bar on stderr where somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield _Report(lambda done, of, told: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("points  {task.fields[told]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, told="")
        yield _Report(lambda done, of, told: bar.update(task, completed=done, total=of, told=told))
