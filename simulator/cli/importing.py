"""``import``: files of another tool as a trace or a design point, and what of them is not understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared
from simulator.cli.changes import Changes, changes, claimed, finish, output

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BY_SUFFIX = dict.fromkeys((".npy", ".npz", ".safetensors", ".smtx", ".mtx"), "arrays") | {
    ".csv": "scalesim",
    ".onnx": "onnx",
}


class Readers(click.Group):
    """A verb per kind of file; a file named first is given to the one of its suffix."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The reader that is named, or that of the first argument's suffix."""
        suffix = Path(args[0]).suffix.lower() if args else ""
        if args and args[0] not in self.commands and suffix in _BY_SUFFIX:
            args = [_BY_SUFFIX[suffix], *args]
        elif args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(
                f"{args[0]!r}: neither a reader ({', '.join(self.commands)}) nor a file with a suffix that tells one "
                f"({', '.join(_BY_SUFFIX)})",
                ctx,
            )
        return super().resolve_command(ctx, args)


@click.group(cls=Readers)
def command() -> None:
    """Read the files of another tool: `import FILE` goes by the suffix, or name the reader."""


@command.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--problem", metavar="FILE", help="Which problem of a folder that has several: its name or how it begins."
)
@shared.mapping
@click.option(
    "--version",
    type=click.Choice(("0.3", "0.4")),
    default="0.4",
    show_default=True,
    help="Version of the format to write.",
)
@click.option(
    "--plain",
    is_flag=True,
    help="Leave out our own sections (timing, name, notes); the front end of v0.4 refuses them.",
)
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; stdout if not given."
)
def timeloop(
    paths: tuple[str, ...],
    problem: str | None,
    mapping: str | None,
    version: str,
    plain: bool,
    out: Path | None,
) -> None:
    """Resolve a Timeloop or Sparseloop specification to one file.

    PATH is a folder, a file with all sections, or the files that have them. Which file each section is
    from, and what is not understood, is told on stderr.
    """
    from simulator.errors import InputError
    from simulator.frontend.timeloop import dump, load_told

    point, read = load_told(list(paths), problem=problem, mapping=mapping)
    text = dump(point, version, own=not plain)
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{out}: {error.strerror or error}") from None
    click.echo(text if out is None else f"{point.name}: {point.product.text}\nwritten to {out}\n", nl=False)
    for told in read:
        click.echo(f"read {told}", err=True)
    for note in point.unmodelled:
        click.echo(f"not modelled: {note}", err=True)


@command.command()
@click.argument("path", metavar="FILE")
@click.option(
    "--inputs", metavar="FILE", help="Another file of arrays, with the inputs of the layers by their names."
)
@click.option(
    "--values",
    default="mask",
    show_default=True,
    help="What to read where a file has positions only: mask, ones, normal.",
)
@click.option(
    "--columns", type=int, default=128, show_default=True, help="N of products whose inputs are drawn."
)
@click.option("--density", default="0.5", show_default=True, help="Of the non-zeros of drawn inputs, 0..1.")
@click.option(
    "--image",
    default="14x14",
    show_default=True,
    metavar="HxW",
    help="Image of convolutions whose inputs are drawn.",
)
@click.option("--stride", type=int, default=1, show_default=True, help="Of those convolutions.")
@click.option("--padding", type=int, default=0, show_default=True, help="Likewise.")
@output
@changes
def arrays(
    path: str,
    inputs: str | None,
    values: str,
    columns: int,
    density: str,
    image: str,
    stride: int,
    padding: int,
    out: Path,
    force: bool,
    changes: Changes,
) -> None:
    """Read arrays: .npy, .npz, .safetensors, .smtx (DLMC), .mtx (Matrix Market).

    Arrays called X.weights and X.inputs are the operands of layer X; a matrix or filters alone are weights, and the
    non-zeros of their inputs are drawn, or read from --inputs.
    """
    from simulator.cli.quantities import image_of, share
    from simulator.frontend.arrays import Drawn, open_arrays, read_layers

    claimed(out, force)
    drawn = Drawn(columns, share(density, "--density"), image_of(image), stride, padding, changes.seed)
    with open_arrays(path, values, changes.seed) as file:
        if inputs is None:
            found = read_layers(file, drawn)
        else:
            with open_arrays(inputs, values, changes.seed) as second:
                found = read_layers(file, drawn, second)
    finish(found, changes, out, force)


@command.command()
@click.argument("path", metavar="FILE")
@click.option("--kind", help="conv or gemm, where the columns do not tell.")
@click.option(
    "--pattern", default="dense", show_default=True, help="Of the weights, where the file says none."
)
@click.option("--density", default="1", show_default=True, help="Of the inputs' non-zeros, 0..1.")
@output
@changes
def scalesim(
    path: str, kind: str | None, pattern: str, density: str, out: Path, force: bool, changes: Changes
) -> None:
    """Read a SCALE-Sim topology (.csv, convolutions or GEMMs): shapes, with non-zeros drawn."""
    from simulator.frontend.scalesim import read, trace_of

    claimed(out, force)
    found = trace_of(read(path, kind), Path(path).stem, pattern, density, changes.seed)
    finish(found, changes, out, force)


@command.command("onnx")
@click.argument("path", metavar="FILE")
@click.option(
    "--bind",
    "bound",
    multiple=True,
    metavar="SYMBOL=SIZE",
    help="Size of a symbolic dimension, e.g. N=1; repeatable.",
)
@click.option(
    "--feed",
    metavar="FILE",
    help="Inputs to run the graph on, recording activations: .npz or .safetensors by name, .npy for a single one.",
)
@click.option(
    "--density", default="0.5", show_default=True, help="Of activations drawn where nothing is fed."
)
@output
@changes
def onnx_model(
    path: str,
    bound: tuple[str, ...],
    feed: str | None,
    density: str,
    out: Path,
    force: bool,
    changes: Changes,
) -> None:
    """Read an ONNX model (.onnx): convolutions and matrix products, with weights and recorded activations."""
    from simulator.cli.inputs import pairs
    from simulator.cli.quantities import share, whole
    from simulator.frontend.onnx import read, trace_of

    claimed(out, force)
    sizes = {symbol: whole(size, f"--bind {symbol}") for symbol, size in pairs(bound, "--bind").items()}
    graph = read(path, sizes)
    feeds = None if feed is None else _fed(feed, list(graph.feeds))
    found = trace_of(graph, Path(path).stem, feeds, share(density, "--density"), changes.seed)
    finish(found, changes, out, force)


def _fed(path: str, names: list[str]) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name; a single array is the single input of a graph."""
    from simulator.frontend.arrays import open_arrays

    with open_arrays(path) as file:
        if len(file.entries) == len(names) == 1:
            return {names[0]: file.load(next(iter(file.entries)))}
        return {name: file.load(name) for name in file.entries}
