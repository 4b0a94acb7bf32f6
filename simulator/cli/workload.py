"""The layers of a trace that a command is to run, and the series they run with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.workload.model import Trace


def workload_of(text: str, glob: str, series: Path | None = None) -> Trace:
    """The layers of a trace whose names match, with the series that a file tells for them.

    Raises
    ------
    InputError
        No such trace, no layer that matches, or a series file that is none or names layers there are not.
    """
    from simulator.workload.named import trace_path
    from simulator.workload.trace_file import load

    trace = load(trace_path(text))
    if series is not None:
        trace = _with_series(trace, series)
    return _layers(trace, text, glob)


def _with_series(trace: Trace, series: Path) -> Trace:
    from simulator.errors import InputError
    from simulator.search.tasder import read
    from simulator.transform.tasd import apply

    choices = read(series)
    try:
        return apply(trace, choices)
    except InputError as error:
        raise InputError(f"{series}: {error}") from None


def _layers(trace: Trace, text: str, glob: str) -> Trace:
    from dataclasses import replace
    from fnmatch import fnmatchcase

    from simulator.errors import InputError, suggest

    chosen = tuple(layer for layer in trace.layers if fnmatchcase(layer.name, glob))
    if not trace.layers:
        raise InputError(f"{text}: has no layers to run")
    if not chosen:
        raise InputError(
            f"--layers {glob!r}: matches no layer of {text}; {suggest(glob, [x.name for x in trace.layers])}"
        )
    return trace if len(chosen) == len(trace.layers) else replace(trace, layers=chosen)
