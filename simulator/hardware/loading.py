"""Machines by name or path, with overrides, and back to text."""

from __future__ import annotations

import difflib
import weakref
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError, suggest
from simulator.hardware.document import Document, parse, read
from simulator.hardware.machine import Machine
from simulator.hardware.mapping import AUTO
from simulator.hardware.parameters import Parameter, parameters, plain
from simulator.hardware.problems import check
from simulator.paths import data_names, data_path

SUFFIXES = (".yaml", ".yml")
_HDF5 = (".h5", ".hdf5")
OVERRIDE = "override"


def load(name_or_path: str | Path) -> Machine:
    """Load a machine.

    Parameters
    ----------
    name_or_path : str or Path
        A name in hwconfigs/, e.g. ``highlight``, or the path of a YAML file.

    Raises
    ------
    InputError
        No such machine, or its description is wrong; every problem is named with file, line and column.
    """
    text = str(name_or_path)
    if text in names():
        return check(read(data_path("hwconfigs", text + SUFFIXES[0])))
    path = Path(name_or_path)
    if path.is_dir() or (path.exists() and path.suffix in _HDF5):
        found = "is a folder" if path.is_dir() else "is an HDF5 file"
        raise InputError(
            f"{text}: {found}, expected a machine ({SUFFIXES[0]}, or one of {', '.join(names())})"
        )
    if not path.exists():
        raise InputError(f"no machine called {text!r}, and no such file; {suggest(text, names())}")
    return check(read(path))


def loads(text: str, name: str = "<text>") -> Machine:
    """The machine a YAML text describes; see :func:`load`."""
    return check(parse(text, name))


def names() -> tuple[str, ...]:
    """Names of the machines that come with the package."""
    return tuple(name.removesuffix(SUFFIXES[0]) for name in data_names("hwconfigs", SUFFIXES[0]))


def dump(machine: Machine) -> str:
    """The resolved description as YAML; loading it gives an equal machine."""
    known = _dumped.get(id(machine))
    if known is not None and known[0]() is machine:
        return known[1]
    text = yaml.safe_dump(plain(machine), sort_keys=False, allow_unicode=True, width=2**16)
    _dumped[id(machine)] = weakref.ref(machine, partial(_forget, id(machine))), text
    return text


_dumped: dict[int, tuple[weakref.ref[Machine], str]] = {}
"""Texts of the machines that live, which never change, by their identity."""


def _forget(key: int, _: weakref.ref[Machine]) -> None:
    _dumped.pop(key, None)


def override(machine: Machine, changes: Mapping[str, str | int | bool]) -> Machine:
    """A machine with other parameters; the source of a changed quantity is ``override``.

    Parameters
    ----------
    machine : Machine
    changes : mapping of str to str, int or bool
        By dotted path: ``glb.read_bandwidth``, ``mapping.tile.N``, ``datapath.gating``; values as text in the units a
        description takes, e.g. ``64 B/cycle`` or ``unlimited``.

    Raises
    ------
    InputError
        Unknown parameter, or a value that breaks its rule; every problem is named.
    """
    known = {parameter.path: parameter for parameter in parameters(machine)}
    wholes = {path for path in changes if (p := known.get(path.removeprefix("components."))) and p.whole}
    if wholes and len(wholes) < len(changes):  # a part given by name first, then its numbers
        machine = override(machine, {path: changes[path] for path in wholes})
        return override(machine, {path: text for path, text in changes.items() if path not in wholes})
    data = plain(machine)
    faults: list[str] = []
    for path, text in changes.items():
        found = known.get(path.removeprefix("components."))
        if found is None:
            faults.append(f"{OVERRIDE} {path}: unknown parameter; {_near(path, list(known))}")
        else:
            _put(data, found, text)
    try:
        changed = _checked(data)
    except InputError as error:
        faults.append(str(error))
    if faults:
        raise InputError("\n".join(faults))
    return changed


def _checked(data: Any) -> Machine:
    try:
        return check(Document(OVERRIDE, data))
    except InputError as error:
        raise InputError("\n".join(_renamed(line) for line in str(error).splitlines())) from None


def _renamed(line: str) -> str:
    """A line about the data with the path the caller wrote instead of its place."""
    _, path, rule = line.split(": ", 2)
    return f"{OVERRIDE} {path.removeprefix('components.').removesuffix('.value')}: {rule}"


def _put(data: Any, parameter: Parameter, text: str | int | bool) -> None:
    *way, last = parameter.key
    for part in way:
        data = data[part]
    size = way == ["mapping", "tile"]
    if parameter.absent and text == parameter.absent:
        data.pop(last, None)
    elif parameter.whole:
        number = _whole(text)
        data[last] = text if isinstance(number, str) else {"value": number, "source": OVERRIDE}
    elif text == AUTO:
        data[last] = AUTO
    elif size or isinstance(data[last], dict):
        number = size or isinstance(data[last]["value"], int)
        data[last] = {"value": _whole(text) if number else text, "source": OVERRIDE}
    elif isinstance(data[last], bool) or str(text).lower() in ("true", "false"):
        data[last] = {"true": True, "false": False}.get(str(text).lower(), text)
    elif isinstance(data[last], list) or parameter.path == "mapping.order":
        data[last] = [part.strip() for part in str(text).split(",")]
    else:
        data[last] = text


def _whole(text: str | int | bool) -> str | int | bool:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else text


def _near(path: str, known: list[str]) -> str:
    head = path.rsplit(".", 1)[0] + "."
    family = [name for name in known if name.startswith(head)]
    near = difflib.get_close_matches(path, known, n=3, cutoff=0.4) or [
        name for name in known if name.rsplit(".", 1)[-1] == path.rsplit(".", 1)[-1]
    ]
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}choices: {', '.join(family or near or known)}"
