"""``report``: a result as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("out", metavar="FOLDER|FILE", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Page to write [default: report.html beside the result].",
)
def command(out: Path, output: Path | None) -> None:
    """Write a page of a result that `run` wrote: tables, pictures, configuration, assumptions; nothing from elsewhere."""
    from simulator.cli.plot import baseline_of, result_of
    from simulator.cli.run_sample import sampled_of
    from simulator.report.html import report

    sampled = sampled_of(out)
    if sampled is not None:
        from simulator.report.sampled import page

        target = output or (out if out.is_dir() else out.parent) / "report.html"
        page(sampled, target)
        click.echo(f"wrote {target}")
        return
    result = result_of(out)
    folder = out if out.is_dir() else out.parent
    beside = (folder / "baseline.h5").is_file() and out.is_dir()
    target = output or folder / "report.html"
    report(result, baseline_of(folder) if beside else None, target)
    click.echo(f"wrote {target}")
