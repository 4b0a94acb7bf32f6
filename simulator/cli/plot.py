"""``plot``: pictures of a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from simulator.record.result import Result

KINDS = ("timeline", "stalls", "energy", "speedup", "roofline")
SUFFIXES = (".png", ".svg", ".pdf")
WIDTHS = ("screen", "single", "double")


@click.command()
@click.argument("outs", metavar="FOLDER|FILE..", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), default="timeline", show_default=True, help="What to draw.")
@click.option("--layer", metavar="NAME", help="Only this layer (timeline).")
@click.option(
    "--width",
    type=click.Choice(WIDTHS),
    default=WIDTHS[0],
    show_default=True,
    help="For a screen, or a paper: one column (3.5 in) or two (7.16 in), without a title.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME",
    help="What a result is called beside others; repeat it, in their order [default: machines, or folders].",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File ending in .png, .svg or .pdf [default: KIND.png beside the first result].",
)
def command(
    outs: tuple[Path, ...],
    kind: str,
    layer: str | None,
    width: str,
    labels: tuple[str, ...],
    output: Path | None,
) -> None:
    """Draw a result that `run` wrote, or several beside one another on the same scales.

    Of several results, speed-ups are those over the first.
    """
    from simulator.errors import InputError
    from simulator.report.paper import sized

    if output is not None and output.suffix.lower() not in SUFFIXES:
        raise InputError(f"--output {output}: must end in one of {', '.join(SUFFIXES)}")
    if layer is not None and kind != "timeline":
        raise InputError(f"--layer {layer}: only the timeline draws a single layer, not {kind}")
    if labels and len(outs) == 1:
        raise InputError(f"--label {labels[0]}: names results drawn beside one another; there is only one")
    results = [result_of(out) for out in outs]
    folder = outs[0] if outs[0].is_dir() else outs[0].parent
    target = output or folder / f"{kind}.png"
    for result in results:
        _known(result, layer)
    with sized(width):
        if len(results) == 1:
            _draw(results[0], folder, kind, layer, target)
        else:
            _beside(results, [out.name or str(out.resolve()) for out in outs], labels, kind, layer, target)
    click.echo(f"wrote {target}")


def _draw(result: Result, folder: Path, kind: str, layer: str | None, target: Path) -> None:
    from simulator import report

    if kind == "timeline":
        report.timeline(result, layer, target)
    elif kind == "speedup":
        report.speedup(result, baseline_of(folder), target)
    elif kind == "stalls":
        report.stalls(result, target)
    elif kind == "roofline":
        report.roofline(result, target)
    else:
        report.energy(result, target)


def _beside(
    results: list[Result],
    places: list[str],
    labels: tuple[str, ...],
    kind: str,
    layer: str | None,
    target: Path,
) -> None:
    from simulator.report import beside

    named = beside.labelled(results, places, labels)
    if kind == "timeline":
        beside.timeline(named, layer, target)
    else:
        draw = {
            "stalls": beside.stalls,
            "energy": beside.energy,
            "speedup": beside.speedup,
            "roofline": beside.roofline,
        }
        draw[kind](named, target)


def result_of(path: Path) -> Result:
    """The result of a folder or file that a run wrote, or InputError."""
    from simulator.api import load
    from simulator.cli.run_sample import refuse
    from simulator.errors import InputError
    from simulator.record.result import Result

    if not path.exists():
        raise InputError(f"{path}: no such file or folder; give what `sparsecycle run` wrote")
    refuse(path, "this")
    if path.is_dir() and not (path / "result.h5").is_file():
        raise InputError(f"{path}: has no result.h5; give a folder that `sparsecycle run` wrote")
    found = load(path / "result.h5" if path.is_dir() else path)
    if not isinstance(found, Result):
        raise InputError(f"{path}: expected a result, got a {type(found).__name__.lower()}")
    return found


def baseline_of(folder: Path) -> Result:
    """The baseline beside it, or InputError."""
    from simulator.errors import InputError

    path = folder / "baseline.h5"
    if not path.is_file():
        raise InputError(f"{folder}: has no baseline.h5 to compare with; run again with --baseline")
    return result_of(path)


def _known(result: Result, layer: str | None) -> None:
    from simulator.errors import InputError, suggest

    names = [each.name for each in result.layers]
    if layer is not None and layer not in names:
        raise InputError(f"--layer {layer!r}: no such layer in the result; {suggest(layer, names)}")
