"""Runs that were interrupted: finished layers are kept in the folder of the run, and the same command continues from them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.errors import InputError, SimulatorError, WorkerError

if TYPE_CHECKING:
    from simulator.cli.run import Options
    from simulator.hardware import Machine
    from simulator.workload.model import Trace


@dataclass(frozen=True)
class Kept:
    """Where the layers of a machine are kept, None for nowhere, and how many are there."""

    path: Path | None
    layers: int


FOLDER = "unfinished"
"""In the folder of a run, while it has not finished; a journal per machine."""


def begun(out: Path) -> bool:
    """Whether a run in this folder can be continued."""
    return (out / FOLDER).is_dir()


@contextlib.contextmanager
def journals(
    out: Path, machines: Sequence[Machine], trace: Trace, options: Options, force: bool
) -> Iterator[list[Kept]]:
    """Files in which the layers of each machine are kept; gone when the block ends well, or because of its inputs.

    Raises
    ------
    InputError
        The folder holds an unfinished run of something else and `force` is not given.
    """
    folder = out / FOLDER
    if force and folder.is_dir():
        shutil.rmtree(folder)
    paths = [folder / name for name in ("result.journal", "baseline.journal")[: len(machines)]]
    kept = _check(out, paths, machines, trace, options)
    try:
        yield kept
    except WorkerError:
        raise
    except SimulatorError:
        _remove(out)
        raise
    _remove(out)


def as_baseline(machine: Machine, trace: Trace) -> Trace:
    """The trace as a baseline gets it: without series of terms if it is a machine that runs none."""
    from simulator.transform.tasd import without_series

    return trace if getattr(machine.datapath, "terms", None) is not None else without_series(trace)


def _check(
    out: Path, paths: list[Path], machines: Sequence[Machine], trace: Trace, options: Options
) -> list[Kept]:
    from simulator.api.keeping import journal_of
    from simulator.api.processes import Work
    from simulator.plan.rung import parse_rung

    kept = []
    for path, machine in zip(paths, machines, strict=True):
        if not path.exists():
            kept.append(Kept(path, 0))
            continue
        rung = str(parse_rung(options.rung))
        work = Work(machine, options.engine, rung, options.verify, options.seed)
        try:
            whole = trace if path == paths[0] else as_baseline(machine, trace)
            journal = journal_of(path, work, trace.name, whole.digest)
        except InputError as error:
            raise InputError(
                f"--out {out}: an unfinished run cannot be continued: {error}; give --force to start anew, "
                "or another folder"
            ) from None
        journal.close()
        told = f"{len(journal.layers)} of {len(trace.layers)} layers of {machine.name} were finished before"
        click.echo(f"continuing: {told}", err=True)
        kept.append(Kept(path, len(journal.layers)))
    return kept


def _remove(out: Path) -> None:
    shutil.rmtree(out / FOLDER, ignore_errors=True)
    with contextlib.suppress(OSError):
        out.rmdir()
