"""``compare``: an estimate beside the simulation of the same thing, and what every assumption between them costs."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared
from simulator.cli.console import print_json, print_table, progress_bar

if TYPE_CHECKING:
    from simulator.record.comparison import Comparison, LayerComparison

OUTSIDE = 3
_SHARE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*\Z")


@click.command()
@click.argument("hw", metavar="HW")
@click.argument("trace", required=False)
@shared.model
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with an estimate made elsewhere: statistics of Timeloop, as text or XML, or their folder.",
)
@click.option(
    "--tolerance", metavar="SHARE", help="Exit with 3 when a layer's error in cycles is larger, e.g. 5%."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for comparison.json and waterfall.png.",
)
@shared.layers
@shared.sets
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="Seed of operands that are drawn.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the tables.")
@shared.quiet
def command(
    hw: str,
    trace: str | None,
    model: str,
    against: Path | None,
    tolerance: str | None,
    out: Path | None,
    layers: str,
    sets: tuple[str, ...],
    seed: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare an estimate of TRACE on HW with its simulation, and say what every assumption costs.

    HW is a name in hwconfigs/ or a .yaml file, TRACE a .h5 file or a name in traces/. HW may also be a Timeloop or Sparseloop
    specification (a name, a file or a folder): TRACE is then a .npz file with an array per operand or a trace whose layers fit it;
    without TRACE operands are drawn from the occupancies it declares.
    """
    from simulator.cli.inputs import pairs
    from simulator.cli.run_point import ARRAYS, arrays, specification
    from simulator.cli.workload import workload_of

    allowed = None if tolerance is None else _share(tolerance)
    changes = pairs(sets, "--set") or None
    point = specification(hw)
    tensors = None if point is None or trace is None or not trace.endswith(ARRAYS) else arrays(point, trace)
    with nullcontext() if trace is None or tensors is not None else workload_of(trace, layers) as workload:
        found = _compare(hw, workload, tensors, model, against, changes, seed, quiet)
    if out is not None:
        _write(found, out)
    if as_json:
        print_json(found.summary())
    else:
        _print(found, out)
    if allowed is not None:
        _check(found, allowed)


def _share(text: str) -> Fraction:
    """A percentage as an exact share; a bare number is refused."""
    from simulator.errors import InputError

    found = _SHARE.match(text)
    if found is None:
        raise InputError(f"--tolerance {text!r}: expected a percentage, for example '5%'")
    return Fraction(found.group(1)) / 100


def _compare(
    hw: str,
    workload: Any,
    tensors: Any,
    model: str,
    against: Path | None,
    changes: dict[str, str] | None,
    seed: int,
    quiet: bool,
) -> Comparison:
    from simulator.api import compare

    done = 0
    many = 1 if workload is None else len(workload.layers)
    with progress_bar(f"compare {hw}", quiet) as report:

        def step(layer: LayerComparison) -> None:
            nonlocal done
            done += 1
            report(done, many, f"compare {hw} {layer.name}")

        report(0, many, f"compare {hw}")
        return compare(
            hw,
            workload,
            tensors=tensors,
            model=model,
            against=against,
            overrides=changes,
            seed=seed,
            on_layer=step,
        )


def _write(found: Comparison, out: Path) -> None:
    from simulator.errors import InputError
    from simulator.files import replaced
    from simulator.report.waterfall import waterfall

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror or error}") from None
    with replaced(out / "comparison.json") as temporary:
        temporary.write_text(
            json.dumps(found.summary(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    waterfall(found, out / "waterfall.png")


def _print(found: Comparison, out: Path | None) -> None:
    from simulator.report import comparison as tables

    columns, rows = tables.ladder(found)
    print_table(
        f"{found.workload} on {found.hardware}: {found.model} beside the simulation",
        columns,
        rows,
    )
    total = found.total
    columns, rows = tables.figures(total)
    if rows:
        print_table("figures of all layers" if len(found.layers) > 1 else "figures", columns, rows)
    step = tables.largest(total)
    if step is not None:
        share = tables.percent(step.cycles / total.cycles["S4"])
        click.echo(f"most: {step.cause}, {tables.signed(step.cycles)} cycles ({share} % of the truth)")
    for text in tables.missing(total):
        click.echo(f"not told: {text}")
    for text in total.notes:
        click.echo(f"noted: {text}")
    if out is not None:
        click.echo(f"wrote {out / 'comparison.json'} and {out / 'waterfall.png'}")


def _check(found: Comparison, tolerance: Fraction) -> None:
    outside = found.outside(tolerance)
    if outside:
        from simulator.report.comparison import percent

        worst = max(outside, key=lambda layer: abs(layer.relative))
        click.echo(
            f"outside the tolerance of {float(100 * tolerance):g} %: {len(outside)} of {len(found.layers)} layers, "
            f"worst {worst.name} with {percent(worst.relative)} %",
            err=True,
        )
        raise click.exceptions.Exit(OUTSIDE)
