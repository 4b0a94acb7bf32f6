"""``validate``: measure claims about the machines; exit code 3 when one does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import shared
from simulator.cli.console import print_json, print_table, progress_bar

if TYPE_CHECKING:
    from validation.claims import Claim

FAILED = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of recorded data, a folder per set of claims in it; ../shared/data when it is there.",
)
@shared.as_json
@click.option("--markdown", is_flag=True, help="Print a page instead.")
def command(names: tuple[str, ...], data: Path | None, as_json: bool, markdown: bool) -> None:
    """Measure claims, those of the sets NAME or all but the sets that take minutes, and print what is
    expected beside what is measured.

    Exits with 3 when a claim does not hold.
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown: give one of them")
    from validation import table

    measured = _measured(names, data)
    if as_json:
        print_json(table.document(measured))
    elif markdown:
        click.echo(table.page(measured))
    else:
        _print(measured)
    if not all(claim.holds for claims in measured.values() for claim in claims):
        raise click.exceptions.Exit(FAILED)


def _measured(names: tuple[str, ...], data: Path | None) -> dict[str, list[Claim]]:
    from validation.registry import chosen, measure

    sets = measure(names, data)
    wanted = chosen(names)
    measured: dict[str, list[Claim]] = {}
    with progress_bar("validate", False) as report:
        report(0, len(wanted), wanted[0])
        for name, claims in sets:
            measured[name] = claims
            done = len(measured)
            report(done, len(wanted), wanted[min(done, len(wanted) - 1)])
    return measured


def _print(measured: dict[str, list[Claim]]) -> None:
    from validation import table

    for name, claims in measured.items():
        print_table(f"{name}: {table.summary(claims)}", table.COLUMNS, [table.row(claim) for claim in claims])
        click.echo()
    click.echo(table.summary(claim for claims in measured.values() for claim in claims))
