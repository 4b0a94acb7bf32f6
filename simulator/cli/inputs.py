"""What users name on the command line."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import InputError, suggest
from simulator.paths import data_names, data_root

TRACE = ".h5"


def locate(text: str) -> str:
    """A path that exists as it is, a trace of traces/ by its name; anything else unchanged (a machine's name)."""
    if not Path(text).exists() and f"{text}{TRACE}" in data_names("traces", TRACE):
        return str(data_root("traces") / f"{text}{TRACE}")
    return text


def trace_path(text: str) -> Path:
    """The trace file that `text` names.

    Raises
    ------
    InputError
        No such file, and no trace of traces/ with that name.
    """
    path = Path(locate(text))
    if not path.is_file():
        known = [name.removesuffix(TRACE) for name in data_names("traces", TRACE)]
        raise InputError(f"{text}: no such trace file; {suggest(Path(text).stem, known)}")
    return path


def pairs(items: tuple[str, ...], option: str) -> dict[str, str]:
    """``key=value`` options as a mapping.

    Raises
    ------
    InputError
        Not of that form, or a key given twice.
    """
    found: dict[str, str] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"{option} {item!r}: expected KEY=VALUE, for example {option} glb.read_bandwidth='64 B/cycle'"
            )
        if key.strip() in found:
            raise InputError(f"{option} {key.strip()}: given twice")
        found[key.strip()] = value.strip()
    return found
