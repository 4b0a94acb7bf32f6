"""``events``: what every program does, item by item, in a window of cycles, for a viewer of traces or waveforms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared
from simulator.registry import names

if TYPE_CHECKING:
    from simulator.events import Log


@click.command()
@click.argument("hw", metavar="HW")
@click.argument("trace", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="File ending in .pftrace (Perfetto), .json (Chrome), .vcd (waveforms) or .csv (a row per item).",
)
@shared.layers
@click.option(
    "--cycles",
    metavar="FIRST:BEYOND",
    default=":",
    help="Only these cycles of the layers, one after the other, e.g. 0:5000 or 20000: [default: all].",
)
@click.option(
    "--engine", type=click.Choice(names("recorder")), default="fast", show_default=True, help="Who simulates."
)
@click.option("--rung", default="truth", show_default=True, help="order, buffers or truth (S2 .. S4).")
@shared.sets
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="Seed of operands that are drawn.")
@click.option(
    "--most",
    type=click.IntRange(1),
    help="Items and intervals to tell at most [default: 1,000,000]; more is an error.",
)
@shared.quiet
def command(
    hw: str,
    trace: str | None,
    output: Path,
    layers: str,
    cycles: str,
    engine: str,
    rung: str,
    sets: tuple[str, ...],
    seed: int,
    most: int | None,
    quiet: bool,
) -> None:
    """Record what happens on HW while TRACE runs: items, stalls, queues, bandwidth, and what led to what.

    HW and TRACE are those of `run`. Layers behind the window of --cycles are not run.
    """
    from simulator.api import write_events
    from simulator.cli.console import progress_bar
    from simulator.cli.inputs import pairs, window
    from simulator.report.events import suffix_of

    suffix_of(output)
    chosen: dict[str, Any] = {
        "cycles": window(cycles, "--cycles"),
        "engine": engine,
        "rung": rung,
        "overrides": pairs(sets, "--set"),
        "seed": seed,
        "most": most,
    }
    with progress_bar(hw, quiet) as report:
        log = _recorded(hw, trace, layers, {**chosen, "on_layer": lambda name: report(0, 1, name)})
        report(1, 1, f"writing {output}")
        write_events(log, output)
    told = f"{len(log.layers)} {'layer' if len(log.layers) == 1 else 'layers'}, {log.items:,} items"
    click.echo(f"wrote {output}: cycles {log.begin:,} to {log.end:,}, {told}; 1 cycle = 1 ns")


def _recorded(hw: str, trace: str | None, layers: str, chosen: dict[str, Any]) -> Log:
    from simulator.api import record_events
    from simulator.cli.run_point import ARRAYS, arrays, specification
    from simulator.cli.workload import workload_of

    point = specification(hw)
    if point is None and trace is None:
        raise click.UsageError("a machine needs a TRACE")
    if trace is None:
        return record_events(point if point is not None else hw, **chosen)
    if point is not None and trace.endswith(ARRAYS):
        return record_events(point, tensors=arrays(point, trace), **chosen)
    with workload_of(trace, layers) as workload:
        return record_events(hw if point is None else point, workload, **chosen)
