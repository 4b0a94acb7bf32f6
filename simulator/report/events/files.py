"""Which format a log of events is written in: its suffix says so."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from simulator.errors import InputError
from simulator.events import Log
from simulator.files import replaced

SUFFIXES = {
    ".pftrace": "perfetto",
    ".json": "chrome",
    ".vcd": "vcd",
    ".csv": "table",
}
"""Suffix and the module that writes it."""


def suffix_of(path: str | Path) -> str:
    """The suffix of a file of events.

    Raises
    ------
    InputError
        None that is known.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        told = "Perfetto (.pftrace), Chrome (.json), waveforms (.vcd), a row per item (.csv)"
        raise InputError(f"{path}: events end in one of {', '.join(SUFFIXES)}: {told}")
    return suffix


def write(log: Log, path: str | Path) -> None:
    """Write a log, whole or not at all.

    Raises
    ------
    InputError
        A suffix that is not known, or the file cannot be written.
    """
    writer: Callable[[Log, Path], None] = import_module(
        f"simulator.report.events.{SUFFIXES[suffix_of(path)]}"
    ).write
    with replaced(path) as temporary:
        writer(log, temporary)
