"""``show``: a machine with the origin of every number, a design point, a trace, or the summary of a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared
from simulator.cli.console import print_json, print_table

if TYPE_CHECKING:
    from simulator.hardware import Machine
    from simulator.record.result import Result

SCHEMA_VERSION = 1


@click.command()
@click.argument("what", metavar="NAME|FILE|FOLDER")
@shared.problem
@shared.mapping
@shared.as_json
def command(what: str, problem: str | None, mapping: str | None, as_json: bool) -> None:
    """Show a machine, a design point, a trace or a result.

    NAME is a machine of hwconfigs/ or a design point of hwconfigs/design_points/, FILE a machine or a Timeloop specification
    (.yaml), a trace or a result (.h5), FOLDER what `run` wrote or the files of a specification.
    """
    from simulator.frontend.timeloop.named import locate

    specification = locate(what)
    if specification is not None:
        from simulator.cli.show_point import show_point
        from simulator.frontend.timeloop import load_told

        show_point(*load_told(specification, problem, mapping), as_json)
        return
    if problem or mapping:
        raise click.UsageError("--problem and --mapping are for specifications of Timeloop")
    from simulator.api import load
    from simulator.cli.run_sample import sampled_of, show_sample
    from simulator.hardware import Machine
    from simulator.record.result import Result
    from simulator.workload.model import Trace

    sampled = sampled_of(Path(what))
    if sampled is not None:
        print_json(sampled.summary()) if as_json else show_sample(sampled)
        return
    found = load(what)
    if isinstance(found, Machine):
        show_machine(found, as_json)
    elif isinstance(found, Result):
        show_result(found, as_json)
    elif isinstance(found, Trace):
        from simulator.cli.trace import show_trace
        from simulator.workload.named import trace_path

        found.close()
        show_trace(trace_path(what), as_json)


def show_machine(machine: Machine, as_json: bool) -> None:
    """Print the resolved machine: each parameter with its source or the reason it was assumed."""
    from simulator.hardware import parameters

    listed = list(parameters(machine))
    if as_json:
        print_json(_machine_document(machine))
        return
    click.echo(
        f"{machine.name}: {machine.description}\nreference: {machine.reference}\ndigest: {machine.digest}"
    )
    rows = [(p.path, p.text, _origin(p.source, p.assumed)) for p in listed]
    print_table("Parameters", [("parameter", False), ("value", False), ("origin", False)], rows)
    for part in ("modelled", "approximated", "left_out"):
        click.echo(f"{part.replace('_', ' ')}:")
        for line in getattr(machine.fidelity, part):
            click.echo(f"  - {line}")


def _machine_document(machine: Machine) -> dict[str, Any]:
    from simulator.hardware import parameters

    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "machine",
        "name": machine.name,
        "description": machine.description,
        "reference": machine.reference,
        "digest": machine.digest,
        "fidelity": machine.fidelity.model_dump(mode="json"),
        "parameters": {
            p.path: {"value": p.text, "source": p.source, "assumed": p.assumed} for p in parameters(machine)
        },
    }


def _origin(source: str | None, assumed: str | None) -> str:
    return source if source is not None else f"assumed: {assumed}" if assumed is not None else "chosen"


def show_result(result: Result, as_json: bool) -> None:
    """Print what a run said."""
    from simulator.report.table import table

    if as_json:
        print_json(result.summary())
        return
    if not result.complete:
        click.echo("incomplete: the run was interrupted; only finished layers are listed")
    columns, rows = table(result)
    print_table(f"{result.trace} on {result.machine}", columns, rows)
    click.echo(f"rung {result.rung}, engine {result.engine}, seed {result.seed}, digest {result.digest}")
    for assumption in dict.fromkeys(text for layer in result.layers for text in layer.assumptions):
        click.echo(f"assumed: {assumption}")
