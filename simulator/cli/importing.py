"""``import``: files of another tool, resolved to one file, and what of them is not understood."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Read the files of another tool."""


@command.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--problem", metavar="FILE", help="Which problem of a folder that has several: its name or how it begins."
)
@click.option("--mapping", metavar="FILE", help="Which mapping, in the same way.")
@click.option(
    "--version",
    type=click.Choice(("0.3", "0.4")),
    default="0.4",
    show_default=True,
    help="Version of the format to write.",
)
@click.option(
    "--plain",
    is_flag=True,
    help="Leave out our own sections (timing, name, notes); the front end of v0.4 refuses them.",
)
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; stdout if not given."
)
def timeloop(
    paths: tuple[str, ...],
    problem: str | None,
    mapping: str | None,
    version: str,
    plain: bool,
    out: Path | None,
) -> None:
    """Resolve a Timeloop or Sparseloop specification to one file.

    PATH is a folder, a file with all sections, or the files that have them. Which file each section is
    from, and what is not understood, is told on stderr.
    """
    from simulator.errors import InputError
    from simulator.frontend.timeloop import dump, load_told

    point, read = load_told(list(paths), problem=problem, mapping=mapping)
    text = dump(point, version, own=not plain)
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{out}: {error.strerror or error}") from None
    click.echo(text if out is None else f"{point.name}: {point.product.text}\nwritten to {out}\n", nl=False)
    for told in read:
        click.echo(f"read {told}", err=True)
    for note in point.unmodelled:
        click.echo(f"not modelled: {note}", err=True)
