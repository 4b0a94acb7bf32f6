"""``plot``: pictures of a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from simulator.record.result import Result

KINDS = ("timeline", "stalls", "energy", "speedup", "roofline")
SUFFIXES = (".png", ".svg", ".pdf")


@click.command()
@click.argument("out", metavar="FOLDER|FILE", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), default="timeline", show_default=True, help="What to draw.")
@click.option("--layer", metavar="NAME", help="Only this layer (timeline).")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File ending in .png, .svg or .pdf [default: KIND.png beside the result].",
)
def command(out: Path, kind: str, layer: str | None, output: Path | None) -> None:
    """Draw a result that `run` wrote."""
    from simulator.errors import InputError

    if output is not None and output.suffix not in SUFFIXES:
        raise InputError(f"--output {output}: must end in one of {', '.join(SUFFIXES)}")
    if layer is not None and kind != "timeline":
        raise InputError(f"--layer {layer}: only the timeline draws a single layer, not {kind}")
    result = result_of(out)
    folder = out if out.is_dir() else out.parent
    target = output or folder / f"{kind}.png"
    if kind == "timeline":
        from simulator.report.timeline import timeline

        timeline(result, _known(result, layer), target)
    elif kind == "speedup":
        from simulator.report.speedup import speedup

        speedup(result, baseline_of(folder), target)
    elif kind == "stalls":
        from simulator.report.stalls import stalls

        stalls(result, target)
    elif kind == "roofline":
        from simulator.report.roofline import roofline

        roofline(result, target)
    else:
        from simulator.report.energy import energy

        energy(result, target)
    click.echo(f"wrote {target}")


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


def _known(result: Result, layer: str | None) -> str | None:
    from simulator.errors import InputError, suggest

    names = [each.name for each in result.layers]
    if layer is not None and layer not in names:
        raise InputError(f"--layer {layer!r}: no such layer in the result; {suggest(layer, names)}")
    return layer
