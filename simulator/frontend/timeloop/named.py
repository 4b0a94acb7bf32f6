"""Specifications by name (those of hwconfigs/design_points/) or by path, told from other YAML files by their sections."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.errors import InputError
from simulator.hardware.document import MAX_BYTES
from simulator.paths import data_root

FOLDER = "design_points"
SUFFIX = ".yaml"
_SECTION = re.compile(
    rb"^[\"']?(architecture|problem|mapping|sparse[-_]optimizations|[EA]RT(_summary)?|variables|cycles)[\"']?\s*:",
    re.M,
)
_MACHINE = re.compile(rb"^[\"']?(organisation|fidelity|datapath|value_bits)[\"']?\s*:", re.M)


def names() -> tuple[str, ...]:
    """Names of the specifications that come with the package, sorted."""
    folder = data_root("hwconfigs") / FOLDER
    return tuple(sorted(path.stem for path in folder.glob(f"*{SUFFIX}")))


def locate(text: str) -> Path | None:
    """The specification a name or path means; None when it means something else.

    A path is one when it is a YAML file with a section such as ``architecture``, or a folder that has such a file
    and is not what a run wrote.
    """
    path = Path(text)
    if path.is_dir() and (path / "result.h5").is_file():
        return None
    if path.is_dir():
        found = any(
            is_specification(file) for file in sorted(path.iterdir()) if file.suffix in (".yaml", ".yml")
        )
        return path if found else None
    if path.exists():
        return path if path.suffix in (".yaml", ".yml") and is_specification(path) else None
    if text in names():
        return data_root("hwconfigs") / FOLDER / f"{text}{SUFFIX}"
    return None


def is_specification(path: Path) -> bool:
    """Whether a file has a section of a specification, and is no machine.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    return _SECTION.search(text) is not None and _MACHINE.search(text) is None
