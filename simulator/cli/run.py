"""``run``: simulate a trace on a machine and on a baseline, print a table per layer, write everything to a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared
from simulator.registry import names

if TYPE_CHECKING:
    from simulator.cli.progress import Progress
    from simulator.cli.unfinished import Kept
    from simulator.hardware import Machine
    from simulator.record.requests import RequestFile
    from simulator.record.result import Result
    from simulator.workload.model import Trace

VERIFY: dict[str, bool | str] = {"auto": "auto", "full": True, "off": False}
BASELINE, NONE = "tc", "none"
FOR_MACHINES = "--set, --requests, --sample, --series, --dry-run and --baseline"


@dataclass(frozen=True)
class Options:
    """What holds for both machines."""

    engine: str
    rung: str
    verify: bool | str
    seed: int
    quiet: bool
    jobs: int = 1


@click.command()
@click.argument("hw", metavar="HW")
@click.argument("trace", required=False)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option(
    "--engine", type=click.Choice(names("engine")), default="fast", show_default=True, help="Who simulates."
)
@click.option(
    "--rung", default="truth", show_default=True, help="totals, balance, order, buffers or truth (S0 .. S4)."
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a parameter of HW, e.g. glb.read_bandwidth='64 B/cycle'; repeatable.",
)
@shared.layers
@click.option(
    "--series",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Series of structured terms that layers run as, e.g. from tasder; a baseline without series runs them as they are.",
)
@click.option(
    "--baseline", metavar="HW", help="Machine to compare with, or none [default: tc, unless HW is tc]."
)
@click.option(
    "--verify",
    type=click.Choice(tuple(VERIFY)),
    default="auto",
    show_default=True,
    help="Check outputs against the dense einsum: samples of large layers, everything, nothing.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="Seed of sampled verification.",
)
@click.option(
    "--requests",
    metavar="COMPONENT",
    help="Write what HW's COMPONENT reads and writes, e.g. dram, to requests.txt: a line 'cycle R|W address' each.",
)
@click.option(
    "--jobs",
    type=click.IntRange(0, 1024),
    default=1,
    show_default=True,
    help="Processes that share the layers; 0: one per processor.",
)
@click.option(
    "--sample",
    "part",
    metavar="FRACTION",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Simulate only such a part of the tiles of each layer, e.g. 0.1, and estimate the rest, with intervals.",
)
@click.option("--plot/--no-plot", default=True, help="Draw timeline.png [default: plot].")
@click.option(
    "--dry-run", is_flag=True, help="Check everything and say what the run will take; simulate nothing."
)
@click.option("--force", is_flag=True, help="Overwrite the run in the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON instead of the table.")
@shared.quiet
def command(
    hw: str,
    trace: str | None,
    out: Path,
    engine: str,
    rung: str,
    sets: tuple[str, ...],
    layers: str,
    series: Path | None,
    baseline: str | None,
    verify: str,
    seed: int,
    requests: str | None,
    jobs: int,
    part: float | None,
    plot: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate TRACE on HW.

    HW is a name in hwconfigs/ or a .yaml file, TRACE a .h5 file or a name in traces/. HW may also be a Timeloop or Sparseloop
    specification (a name, a file or a folder): TRACE may then be an .npz file with an array per operand, or be left out to draw
    operands from the occupancies it declares. The folder gets result.h5, baseline.h5,
    config.yaml, summary.json, layers.csv and timeline.png; with --requests also requests.txt. A run that was interrupted or killed
    is continued by the same command. With --sample it gets sample.json, summary.json, layers.csv, config.yaml and sample.png.
    """
    from simulator.api.processes import prepare
    from simulator.cli import folder
    from simulator.cli.check import dry_run as told_only
    from simulator.cli.run_point import run_point, specification
    from simulator.cli.run_sample import run_sample
    from simulator.cli.unfinished import begun
    from simulator.cli.workload import workload_of

    options = _options(engine, rung, verify, seed, quiet, jobs)
    folder.claim(out, force, lambda place: requests is None and begun(place))
    point = specification(hw)
    if point is not None:
        if sets or requests or part or series or dry_run or baseline not in (None, NONE):
            raise click.UsageError(f"{FOR_MACHINES} are for machines; HW is a design point")
        folder.claim(out, force)
        _finish(run_point(point, trace, layers, options), out, plot, as_json)
        return
    if trace is None:
        raise click.UsageError("a machine needs a TRACE")
    prepare(1 if dry_run else jobs)
    machine = _machine(hw, sets)
    if part is not None and (requests or dry_run or baseline not in (None, NONE)):
        raise click.UsageError("--sample estimates HW alone: no --baseline, --requests or --dry-run")
    with workload_of(trace, layers, series) as workload:
        if part is not None:
            folder.claim(out, force)
            run_sample(machine, workload, part, options, out, plot, as_json)
            return
        machines = [machine, *filter(None, [_baseline(baseline, machine)])]
        if dry_run:
            told_only(machines, workload, options)
            return
        with (
            folder.draft(out, requests is not None) as draft,
            _kept(out, machines, workload, options, force, draft) as kept,
        ):
            result, compared = _simulate(machines, workload, options, out, _requests(draft, requests), kept)
            _write(out, result, compared, plot, draft)
    _show(result, compared, bool(sets), out, as_json)


def _options(engine: str, rung: str, verify: str, seed: int, quiet: bool, jobs: int) -> Options:
    from simulator.plan.rung import parse_rung

    parse_rung(rung)
    return Options(engine, rung, VERIFY[verify], seed, quiet, jobs)


def _machine(hw: str, sets: tuple[str, ...]) -> Machine:
    from simulator.cli.inputs import pairs
    from simulator.hardware import load, override

    return override(load(hw), pairs(sets, "--set"))


def _finish(result: Result, out: Path, plot: bool, as_json: bool) -> None:
    """Write and show what a design point gave."""
    _write(out, result, None, plot)
    _show(result, None, False, out, as_json)


def _show(result: Result, compared: Result | None, changed: bool, out: Path, as_json: bool) -> None:
    if as_json:
        from simulator.cli.console import print_json

        print_json(document(result, compared))
    else:
        _print(result, compared, changed, out)


def _baseline(name: str | None, machine: Machine) -> Machine | None:
    from simulator.hardware import load

    if name == NONE or (name is None and machine.name == BASELINE):
        return None
    return load(name or BASELINE)


def _requests(draft: Path | None, component: str | None) -> RequestFile | None:
    from simulator.record.requests import RequestFile

    return None if draft is None or component is None else RequestFile(draft, component)


def _kept(
    out: Path, machines: list[Machine], trace: Trace, options: Options, force: bool, draft: Path | None
) -> AbstractContextManager[Sequence[Kept]]:
    """Where finished layers of each machine are kept; nowhere with requests, which are written in one go."""
    from simulator.cli.unfinished import Kept, journals

    return nullcontext([Kept(None, 0)] * 2) if draft else journals(out, machines, trace, options, force)


def _simulate(
    machines: list[Machine],
    trace: Trace,
    options: Options,
    out: Path,
    requests: RequestFile | None,
    kept: Sequence[Kept],
) -> tuple[Result, Result | None]:
    from simulator.api import Interrupted
    from simulator.cli.progress import progress
    from simulator.cli.unfinished import as_baseline

    done: list[Result] = []
    with progress(machines, trace, options) as report:
        for i, each in enumerate(machines):
            report.begin(i, kept[i].layers)
            try:
                with nullcontext() if requests is None or i else requests as told:
                    one = as_baseline(each, trace) if i else trace
                    done.append(_one(each, one, options, report, told, kept[i].path))
            except Interrupted as stop:
                raise KeyboardInterrupt(_salvage(done, stop.result, out)) from None
    return done[0], (done[1] if len(done) > 1 else None)


def _one(
    machine: Machine,
    trace: Trace,
    options: Options,
    report: Progress,
    requests: RequestFile | None,
    keep: Path | None,
) -> Result:
    from simulator.api import simulate

    return simulate(
        machine,
        trace,
        engine=options.engine,
        rung=options.rung,
        verify=options.verify,
        seed=options.seed,
        on_layer=lambda layer: report.step(layer.name, layer.cycles),
        progress=lambda cycle, _: report.tell(cycle),
        requests=requests,
        jobs=options.jobs,
        keep=keep,
    )


def _salvage(done: list[Result], partial: Result, out: Path) -> str:
    """Save what an interrupted run finished; say where it is."""
    result, compared = (done[0], partial) if done else (partial, None)
    if not result.layers:
        return "before the first layer was finished; nothing was written"
    _write(out, result, compared if compared is not None and compared.layers else None, plot=False)
    return f"finished layers of {partial.machine} are in {out}, marked incomplete; the same command continues"


def document(result: Result, baseline: Result | None) -> dict[str, Any]:
    """The JSON summary of a run: the result's, with the baseline's and the speed-ups beside it."""
    if baseline is None:
        return {**result.summary(), "baseline": None, "speedup_ratio": None, "speedup_by_layer_ratio": {}}
    slower = {layer.name: layer.cycles for layer in baseline.layers}
    ratios = {x.name: slower[x.name] / x.cycles for x in result.layers if x.name in slower and x.cycles}
    whole = set(slower) == {layer.name for layer in result.layers} and result.cycles > 0
    return {
        **result.summary(),
        "baseline": baseline.summary(),
        "speedup_ratio": baseline.cycles / result.cycles if whole else None,
        "speedup_by_layer_ratio": ratios,
    }


def _write(
    out: Path, result: Result, baseline: Result | None, plot: bool, requests: Path | None = None
) -> None:
    from simulator.cli.folder import Writer, write
    from simulator.report.layers_csv import layers_csv

    summary = json.dumps(document(result, baseline), indent=2, ensure_ascii=False) + "\n"
    writers: dict[str, Writer] = {
        "result.h5": result.save,
        "config.yaml": lambda path: _text(path, result.config),
        "summary.json": lambda path: _text(path, summary),
        "layers.csv": lambda path: layers_csv(result, _whole(baseline, result), path),
    }
    if baseline is not None:
        writers["baseline.h5"] = baseline.save
    if requests is not None:
        writers["requests.txt"] = lambda path: os.replace(requests, path)
    if plot:
        writers["timeline.png"] = lambda path: _timeline(result, path)
    write(out, writers)


def _whole(baseline: Result | None, result: Result) -> Result | None:
    """The baseline, unless it was interrupted before it had all of the result's layers."""
    if baseline is None or len(baseline.layers) < len(result.layers):
        return None
    return baseline


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _timeline(result: Result, path: Path) -> None:
    from simulator.report.timeline import timeline

    timeline(result, None, path)


def _print(result: Result, baseline: Result | None, changed: bool, out: Path) -> None:
    from simulator.cli.console import print_table
    from simulator.report.table import table

    columns, rows = table(result, baseline)
    against = f", against {baseline.machine}" if baseline is not None else ""
    print_table(f"{result.trace} on {result.machine}{against}", columns, rows)
    if changed and baseline is not None:
        click.echo(f"--set changed {result.machine} only; {baseline.machine} is as described")
    outputs = sum(layer.verification.outputs for layer in result.layers)
    of = sum(layer.verification.of for layer in result.layers)
    click.echo(f"verified {outputs:,} of {of:,} outputs against the dense einsum")
    click.echo(f"wrote {out}/: digest {result.digest}")
