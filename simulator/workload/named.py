"""Traces by name: those of traces/, or any by their path."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import InputError, suggest
from simulator.paths import data_names, data_root

SUFFIX = ".h5"


def names() -> tuple[str, ...]:
    """Names of the traces that come with the package."""
    return tuple(name.removesuffix(SUFFIX) for name in data_names("traces", SUFFIX))


def locate(text: str) -> str:
    """A path that exists as it is, a trace of traces/ by its name; anything else unchanged (a machine's name)."""
    if not Path(text).exists() and text in names():
        return str(data_root("traces") / f"{text}{SUFFIX}")
    return text


def trace_path(text: str) -> Path:
    """The trace file that `text` names.

    Raises
    ------
    InputError
        No such file, and no trace of traces/ with that name.
    """
    path = Path(locate(text))
    if path.is_dir():
        raise InputError(f"{text}: is a folder, expected a trace file ({SUFFIX})")
    if not path.exists():
        raise InputError(f"{text}: no such trace file; {suggest(Path(text).stem, names())}")
    return path
