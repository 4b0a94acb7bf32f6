"""``decompose``: the products of a checkpoint as sums of structured, quantised terms."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from simulator.cli import shared
from simulator.cli.changes import claimed


@click.command()
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@click.option("--sdq", "name", metavar="NAME", required=True, help="E.g. SDQ-W7:8-1:8int8-6:8fp4.")
@click.option(
    "--calibration",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Input activations, samples x K, by layer or module (.npz, .safetensors).",
)
@shared.out(".safetensors to write.")
@click.option("--trace", metavar="FILE", type=click.Path(path_type=Path), help="Trace (.h5) to write too.")
@click.option("--tokens", default=32, show_default=True, help="Activations of each layer in the trace.")
@click.option("--masks", is_flag=True, help="Keep in the trace only which operands are not zero, a bit each.")
@click.option(
    "--layers",
    metavar="GLOB",
    default="*_proj.weight",
    show_default=True,
    help="Tensors that are weights of products; all others are copied.",
)
@click.option(
    "--metric",
    default="magnitude",
    show_default=True,
    help="What outliers are judged by: magnitude, product, error.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
def command(
    model: Path,
    name: str,
    calibration: Path | None,
    out: Path,
    trace: Path | None,
    tokens: int,
    masks: bool,
    layers: str,
    metric: str,
    force: bool,
) -> None:
    """Sparsify, decompose and quantise the weights of MODEL (.safetensors, or .index.json of several).

    Layer by layer, a few rows at a time: memory does not grow with the model.
    """
    from simulator.errors import InputError
    from simulator.frontend.checkpoint import Job, decompose, open_checkpoint, trace_of
    from simulator.transform import sdq
    from simulator.workload.trace_file import save

    config = sdq.parse(name)
    for path in (out, *([trace] if trace else [])):
        claimed(path, force)
    if out.suffix != ".safetensors":
        raise InputError(f"{out}: suffix {out.suffix!r}: must be .safetensors")
    if trace is not None and calibration is None:
        raise InputError("--trace needs --calibration: its activations are the inputs of the layers")
    known = {} if calibration is None else activations(calibration)
    weights, bits, count = 0, 0.0, 0
    for layer in decompose(open_checkpoint(model), Job(config, layers, metric), out, known, _progress):
        _clear()
        shape = " x ".join(map(str, layer.shape))
        click.echo(f"{layer.name}  {shape}  {layer.bits:.3f} b/weight  error {layer.error:.2%}")
        size = layer.shape[0] * layer.shape[1]
        weights, bits, count = weights + size, bits + size * layer.bits, count + 1
    click.echo(
        f"{config.name}: {count} layers, {weights:,} weights, {bits / weights:.3f} b/weight\nwrote {out}"
    )
    if trace is not None:
        save(trace_of(open_checkpoint(out), known, tokens, masks), trace)
        click.echo(f"wrote {trace}")


def activations(path: Path) -> Mapping[str, Any]:
    """Arrays by name, each read when asked for.

    Raises
    ------
    InputError
        No such file, or one that is neither .npz nor .safetensors.
    """
    import zipfile

    import numpy as np

    from simulator.errors import InputError

    if path.suffix == ".safetensors":
        from simulator.frontend.checkpoint import Whole, open_checkpoint

        return Whole(open_checkpoint(path))
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: cannot be read as .npz: {getattr(error, 'strerror', None) or error}"
        ) from None
    if not isinstance(found, Mapping):
        raise InputError(f"{path}: must be an archive of arrays by layer (.npz)")
    return found


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done / of:6.1%}", nl=False, err=True)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r       \r", nl=False, err=True)
