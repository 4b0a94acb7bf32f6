"""Trees written: whole or not at all, the same bytes for the same content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.files import replaced
from simulator.hdf5 import fresh
from simulator.hdf5.schema import PREFIX, RESERVED, Attribute, describe, plain, sha256_of


@dataclass(frozen=True)
class Data:
    """An array to write.

    Attributes
    ----------
    array : ndarray of bool, integers or floats, any shape, or a callable that gives it
        A callable is asked when the array's turn has come, so that a file of many large arrays never holds two.
    units, long_name : str
        What one element is counted in, and what the array is, in words.
    axes : tuple of str
        Name of each axis; empty for none.
    attrs : mapping of str to attribute
    """

    array: NDArray[Any] | Callable[[], NDArray[Any]]
    units: str
    long_name: str
    axes: tuple[str, ...] = ()
    attrs: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Attributes and children to write."""

    attrs: Mapping[str, Attribute] = field(default_factory=dict)
    children: Mapping[str, Data | Group] = field(default_factory=dict)


def write(
    path: str | Path,
    kind: str,
    version: int,
    attrs: Mapping[str, Attribute],
    tree: Mapping[str, Data | Group],
) -> None:
    """Write a file whole or not at all: under a temporary name in the same folder, then renamed.

    Parameters
    ----------
    path : str or Path
    kind : str
        What the file is, e.g. ``trace``; `format` becomes ``sparsecycle-trace``.
    version : int
        Version of the schema of that kind.
    attrs : mapping of str to attribute
        Root attributes: str, bool, int, float, or a list of one of them.
    tree : mapping of str to Data or Group

    Raises
    ------
    InputError
        The folder does not exist or cannot be written, or an attribute or array is of a type not kept.
    """
    target = Path(path)
    head: dict[str, Attribute] = {
        "format": PREFIX + kind,
        "format_version": version,
        "tool_version": _tool_version(),
    }
    if clash := sorted(set(attrs) & set(RESERVED)):
        raise InputError(f"{target}: attribute {clash[0]!r} is written by itself, choose another name")
    root = Group({**attrs, **head}, tree)
    with replaced(target) as draft:
        try:
            with h5py.File(draft, "w", libver=("v108", "v108"), track_order=False) as file:
                described = _write_group(file.id, root, str(target))
                file.attrs["tree_sha256"] = sha256_of(described)
        except OSError as error:
            raise InputError(f"{target}: cannot be written: {error}") from None


def _write_group(node: Any, group: Group, where: str) -> dict[str, Any]:
    described: dict[str, Any] = {"attrs": _write_attrs(node, group.attrs, where)}
    for name, child in sorted(group.children.items()):
        if not name or "/" in name or name == "." or "\0" in name:
            raise InputError(f"{where}: {name!r}: names are not empty, '.' or with a slash")
        place = f"{where}/{name}"
        if isinstance(child, Data):
            described[name] = _write_data(node, name, child, place)
        else:
            described[name] = _write_group(fresh.group(node, name), child, place)
    return described


def _write_data(node: Any, name: str, data: Data, where: str) -> dict[str, Any]:
    array = np.asarray(data.array() if callable(data.array) else data.array)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{where}: dtype {array.dtype}: must be bool, integer or floating point")
    if data.axes and len(data.axes) != array.ndim:
        raise InputError(f"{where}: {len(data.axes)} axis names {data.axes} for {array.ndim} axes")
    array = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    made = fresh.dataset(node, name, array, data.axes)
    digest = hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()
    attrs = {**data.attrs, "units": data.units, "long_name": data.long_name, "sha256": digest}
    return describe(array.shape, array.dtype, data.axes, _write_attrs(made, attrs, where))


def _write_attrs(node: Any, attrs: Mapping[str, Attribute], where: str) -> dict[str, Any]:
    found = {name: plain(value, f"{where}: attribute {name!r}") for name, value in sorted(attrs.items())}
    for name, value in found.items():
        fresh.attribute(node, name, value)
    return found


def _tool_version() -> str:
    try:
        return metadata.version("sparsecycle")
    except metadata.PackageNotFoundError:
        return "not installed"
