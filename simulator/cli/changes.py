"""What verbs that write traces may do to one on its way: the same options, in the same order, everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared

if TYPE_CHECKING:
    from simulator.frontend.imported import Imported
    from simulator.workload.model import Trace

_OPTIONS = (
    shared.layers,
    click.option("--every", type=int, default=1, metavar="N", help="Of those only one in N."),
    click.option(
        "--crop",
        "crops",
        multiple=True,
        metavar="RANK=SIZE",
        help="A box of each layer, from a seeded place: m, n, k of products; m, c, b of convolutions; repeatable.",
    ),
    click.option(
        "--permute",
        "permutations",
        multiple=True,
        metavar="RANK=ORDER",
        help="Reorder a rank: ascending or descending by non-zeros, random, reversed; repeatable.",
    ),
    click.option(
        "--prune", metavar="PATTERN", help="Prune weights by magnitude, e.g. 2:4 or 'unstructured(0.25)'."
    ),
    click.option("--quantise", metavar="KIND", help="Quantise operands of floating point: int8 or int16."),
    click.option(
        "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of everything drawn."
    ),
)


@dataclass(frozen=True)
class Changes:
    """What was asked for; done in the order layers, crop, permute, prune, quantise."""

    layers: str
    every: int
    crops: tuple[str, ...]
    permutations: tuple[str, ...]
    prune: str | None
    quantise: str | None
    seed: int

    def of(self, trace: Trace) -> Trace:
        """The trace, changed.

        Raises
        ------
        InputError
            See :mod:`simulator.transform`.
        """
        from simulator import transform
        from simulator.cli.inputs import pairs
        from simulator.cli.quantities import whole

        trace = transform.choose(trace, self.layers, self.every)
        if self.crops:
            sizes = {
                rank: whole(size, f"--crop {rank}") for rank, size in pairs(self.crops, "--crop").items()
            }
            trace = transform.crop(trace, sizes, seed=self.seed)
        for rank, order in pairs(self.permutations, "--permute").items():
            trace = transform.permute(trace, rank, order, seed=self.seed)
        if self.prune is not None:
            trace = transform.prune(trace, self.prune)
        return trace if self.quantise is None else transform.quantise(trace, self.quantise)


def changes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options; it is called with `changes`, a :class:`Changes`."""
    import functools
    from dataclasses import fields

    @functools.wraps(command)
    def wrapped(*args: Any, **given: Any) -> None:
        told = Changes(**{field.name: given.pop(field.name) for field in fields(Changes)})
        command(*args, changes=told, **given)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def output(command: Callable[..., None]) -> Callable[..., None]:
    """Where a trace is written."""
    written: Callable[..., None] = shared.out("Trace to write (.h5).")(shared.force(command))
    return written


def finish(found: Imported, changes: Changes, out: Path, force: bool) -> None:
    """Change and save what was read; say what was written on stdout and what was not understood on stderr.

    Raises
    ------
    InputError
        The file exists and `force` is not given, or cannot be written.
    """
    from simulator.workload.trace_file import save

    trace = changes.of(found.trace)
    save(trace, claimed(out, force))
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    macs = sum(layer.einsum.macs for layer in trace.layers)
    click.echo(f"{trace.name}: {len(trace.layers)} layers, {macs:,} dense multiplications\nwrote {out}")


def claimed(out: Path, force: bool) -> Path:
    """The path, refused when it exists and is not to be overwritten.

    Raises
    ------
    InputError
        It exists.
    """
    from simulator.errors import InputError

    if out.exists() and not force:
        raise InputError(f"{out} exists; give --force to overwrite it, or another --out")
    return out
