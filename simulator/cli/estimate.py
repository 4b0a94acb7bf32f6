"""``estimate``: what an analytical model says of a trace on a machine, or of a design point."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from simulator.cli import shared
from simulator.cli.console import print_json, print_table

if TYPE_CHECKING:
    from simulator.mapping.design_point import DesignPoint
    from simulator.record.estimate import Estimate

SCHEMA_VERSION = 1


@click.command()
@click.argument("hw", metavar="HW")
@click.argument("trace", required=False)
@shared.model
@click.option(
    "--measured",
    is_flag=True,
    help="Take the density of every tensor of the layer instead of what is declared (or the trace's average).",
)
@shared.sets
@shared.layers
@shared.problem
@shared.mapping
@click.option("--levels", is_flag=True, help="Also print every memory's accesses per tensor.")
@shared.as_json
def command(
    hw: str,
    trace: str | None,
    model: str,
    measured: bool,
    sets: tuple[str, ...],
    layers: str,
    problem: str | None,
    mapping: str | None,
    levels: bool,
    as_json: bool,
) -> None:
    """Estimate TRACE on HW with an analytical model; nothing is simulated.

    HW is a name in hwconfigs/ or a .yaml file, TRACE a .h5 file or a name in traces/. HW may also be a Timeloop or Sparseloop
    specification (a file or a folder), which has a workload of its own and takes no TRACE. The models sparseloop-2022,
    sparseloop-2025 and sparseloop-artifact give the numbers of published versions, their defects included.
    """
    from simulator.api import DECLARED, MEASURED, estimate
    from simulator.cli.inputs import pairs
    from simulator.cli.workload import workload_of

    changes = pairs(sets, "--set") or None
    hardware = _hardware(hw, problem, mapping)
    with nullcontext() if trace is None else workload_of(trace, layers) as workload:
        found = estimate(hardware, workload, model, MEASURED if measured else DECLARED, changes)
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "estimates": [each.summary() for each in found]})
        return
    _print(found, levels)


def _hardware(hw: str, problem: str | None, mapping: str | None) -> DesignPoint | str:
    """The design point of a specification, or the name of a machine."""
    from simulator.frontend.timeloop import load
    from simulator.frontend.timeloop.named import locate

    specification = locate(hw)
    if specification is not None:
        return load(specification, problem, mapping)
    if problem or mapping:
        raise click.UsageError("--problem and --mapping are for specifications of Timeloop")
    return hw


def _print(found: tuple[Estimate, ...], levels: bool) -> None:
    columns = [("layer", False), ("cycles", True), ("compute (cycles)", True), ("bound", False)]
    columns += [("multiplied", True), ("gated", True), ("skipped", True), ("energy (uJ)", True)]
    rows = [_row(each) for each in found]
    print_table(f"{found[0].model} estimate", columns, rows)
    for each in found if levels else ():
        _print_levels(each)
    if found[0].mimics:
        click.echo(f"mimics: {found[0].mimics}")
    for text in dict.fromkeys(text for each in found for text in each.assumptions):
        click.echo(f"assumed: {text}")


def _row(each: Estimate) -> list[str]:
    counts = (each.computes.actual, each.computes.gated, each.computes.skipped)
    told = [f"{float(count):,.0f}" for count in counts]
    energy = f"{each.energy / 1e6:.4g}" if each.energy_pj else "not told"
    return [each.name, f"{each.cycles:,}", f"{each.compute_cycles:,}", each.bound, *told, energy]


def _print_levels(each: Estimate) -> None:
    columns = [("memory", False), ("tensor", False), ("access", False), ("dense (words)", True)]
    columns += [("actual", True), ("gated", True), ("skipped", True)]
    rows = [
        [level.name, tensor, access.replace("_", " "), *(f"{float(v):,.0f}" for v in vars(counts).values())]
        for level in each.levels
        for tensor, accesses in level.tensors.items()
        for access, counts in accesses.items()
        if any(vars(counts).values())
    ]
    print_table(each.name, columns, rows)
