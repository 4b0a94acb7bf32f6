"""``run --sample``: estimates with intervals, in a folder that holds no result.h5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.cli.run import Options
    from simulator.hardware import Machine
    from simulator.record.sample import Sampled, SampledLayer
    from simulator.workload.model import Trace

FILE = "sample.json"
"""What a folder of a sample holds in place of result.h5."""


def run_sample(
    machine: Machine, trace: Trace, fraction: float, options: Options, out: Path, plot: bool, as_json: bool
) -> None:
    """Sample, write the folder and print the table."""
    from simulator.api.sampling import sample
    from simulator.cli.console import print_json, progress_bar

    names, done = [layer.name for layer in trace.layers], 0
    with progress_bar(machine.name, options.quiet) as report:

        def step(_: SampledLayer) -> None:
            nonlocal done
            done += 1
            report(done, len(names), f"{machine.name} {names[min(done, len(names) - 1)]}")

        report(0, len(names), f"{machine.name} {names[0]}")
        found = sample(
            machine, trace, fraction, options.engine, options.rung, options.verify,
            seed=options.seed, jobs=options.jobs, on_layer=step,
        )  # fmt: skip
    _write(out, found, plot)
    if as_json:
        print_json(found.summary())
    else:
        show_sample(found)
        click.echo(f"wrote {out}/")


def _write(out: Path, found: Sampled, plot: bool) -> None:
    import json

    from simulator.cli.folder import Writer, write
    from simulator.report.sampled import sample_picture

    def text(content: str) -> Writer:
        def writer(path: Path) -> None:
            path.write_text(content, encoding="utf-8")

        return writer

    writers: dict[str, Writer] = {
        FILE: found.save,
        "config.yaml": text(found.config),
        "summary.json": text(json.dumps(found.summary(), indent=2, ensure_ascii=False) + "\n"),
        "layers.csv": text(found.csv()),
    }
    if plot:
        writers["sample.png"] = lambda path: sample_picture(found, path)
    write(out, writers)


def show_sample(found: Sampled) -> None:
    """Print a sample as a table."""
    from simulator.cli.console import print_table
    from simulator.record.sample import NOTE
    from simulator.report.sampled import table

    columns, rows = table(found)
    print_table(f"{found.trace} on {found.machine}: {NOTE}", columns, rows)
    reasons: dict[str, list[str]] = {}
    for layer in found.layers:
        if layer.whole:
            reasons.setdefault(layer.whole, []).append(layer.name)
    for reason, names in reasons.items():
        click.echo(f"simulated whole ({reason}): {', '.join(names)}")
    click.echo(
        f"rung {found.rung}, engine {found.engine}, seed {found.seed}; intervals hold the chance of the draw, not the bias"
    )


def sampled_of(path: Path) -> Sampled | None:
    """The sample of a folder or of a sample.json; None where there is none."""
    from simulator.record.sample import load

    file = path / FILE if path.is_dir() else path
    return load(file) if file.name == FILE and file.is_file() else None


def refuse(path: Path, what: str) -> None:
    """Refuse what needs a simulation of the whole.

    Raises
    ------
    InputError
        `path` holds a sample.
    """
    if sampled_of(path) is not None:
        raise InputError(
            f"{path}: holds a sample, not a result: {what} needs the whole simulated; run without --sample"
        )
