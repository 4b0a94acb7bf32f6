"""``trace``: make traces from recipes, and look into them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from simulator.cli import shared
from simulator.cli.changes import Changes, changes, claimed, finish, output
from simulator.cli.console import print_json, print_table, progress_bar

SCHEMA_VERSION = 1
_TENSORS = ("weights", "inputs", "outputs")
_DENSITIES = tuple((f"{name} non-zero (%)", True) for name in _TENSORS)


@click.group()
def command() -> None:
    """Make or inspect traces."""


@command.command("make")
@click.argument("recipe")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write [default: RECIPE.h5].")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="Option of the recipe; repeatable."
)
@shared.force
@shared.quiet
def make(recipe: str, output: Path | None, options: tuple[str, ...], force: bool, quiet: bool) -> None:
    """Make a trace from RECIPE (see `trace recipes`)."""
    from simulator.cli.inputs import pairs
    from simulator.errors import InputError
    from simulator.workload import recipes

    recipes.describe(recipe)
    target = output or Path(f"{recipe}.h5")
    if target.exists() and not force:
        raise InputError(f"{target} exists; give --force to overwrite it, or another --output")
    with progress_bar(recipe, quiet) as report:
        recipes.make(
            recipe,
            target,
            pairs(options, "--option"),
            progress=lambda done, steps: report(done, steps, recipe),
        )
    click.echo(f"wrote {target}")


@command.command("info")
@click.argument("file")
@shared.as_json
def info(file: str, as_json: bool) -> None:
    """Show what a trace holds."""
    from simulator.workload.named import trace_path

    show_trace(trace_path(file), as_json)


@command.command("recipes")
def list_recipes() -> None:
    """List the recipes."""
    from simulator.workload import recipes

    for name in recipes.names():
        click.echo(f"{name}\n{textwrap.indent(recipes.describe(name), '    ')}")


@command.command("change")
@click.argument("file")
@output
@changes
def change(file: str, out: Path, force: bool, changes: Changes) -> None:
    """Prune, quantise, reorder or cut a trace."""
    from simulator.frontend.imported import Imported
    from simulator.workload.named import trace_path
    from simulator.workload.trace_file import load

    claimed(out, force)
    with load(trace_path(file)) as trace:
        finish(Imported(trace), changes, out, force)


@command.command("export")
@click.argument("file")
@shared.out("All tensors: .npz, .safetensors; one matrix: .smtx, .mtx.")
@shared.layers
@click.option(
    "--operand",
    default="weights",
    show_default=True,
    help="weights or inputs: what a file of one matrix gets.",
)
@shared.force
def export(file: str, out: Path, layers: str, operand: str, force: bool) -> None:
    """Write the tensors of a trace for other tools; `import` reads them back."""
    from simulator import transform
    from simulator.frontend.arrays import write
    from simulator.workload.named import trace_path
    from simulator.workload.trace_file import load

    claimed(out, force)
    with load(trace_path(file)) as trace:
        lost = write(transform.choose(trace, layers), out, operand)
    for what in lost:
        click.echo(f"not written: {what}", err=True)
    click.echo(f"wrote {out}")


def show_trace(path: Path, as_json: bool) -> None:
    """Print the trace at `path`."""
    from simulator.workload.trace_file import info as trace_info

    found: dict[str, Any] = trace_info(path)
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "kind": "trace", **found})
        return
    click.echo(f"{found['name']}: {len(found['layers'])} layers, digest {found['digest']}")
    for name, value in found["attributes"].items():
        click.echo(f"{name}: {_text(value)}")
    columns = [("layer", False), ("einsum", False), ("MACs", True), ("pattern", False), *_DENSITIES]
    print_table("Layers", columns, [_row(layer) for layer in found["layers"]])


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    text = f"{value:.6g}" if isinstance(value, float) else str(value).strip()
    return "\n" + textwrap.indent(text, "    ") if "\n" in text else text


def _row(layer: dict[str, Any]) -> list[str]:
    tensors = layer["tensors"]
    densities = [
        f"{100 * tensors[name]['density_ratio']:.1f}" if name in tensors else "-" for name in _TENSORS
    ]
    return [layer["name"], layer["einsum"], f"{layer['macs_counts']:,}", layer["pattern"] or "-", *densities]
