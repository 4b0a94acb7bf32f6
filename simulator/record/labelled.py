"""Arrays whose rows have names: lists of labels as attributes of a dataset, of its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.hdf5 import Data, Dataset, Node

COUNTS = ("int64", "uint64", "int32", "uint32", "int16", "uint16", "int8", "uint8")
"""Element types a count is read from."""


def flat(values: Mapping[str, int], units: str, long_name: str) -> Data:
    """Whole numbers under a `name` each."""
    return Data(
        np.array(list(values.values()), dtype=np.int64), units, long_name, ("name",), {"name": list(values)}
    )


def nested(values: Mapping[str, Mapping[str, float]], dtype: type, units: str, long_name: str) -> Data:
    """Numbers under two names, `outer` and `inner`; `all_outer` keeps outer names without any."""
    rows = [(a, b, value) for a, inner in values.items() for b, value in inner.items()]
    names = {"outer": [a for a, _, _ in rows], "inner": [b for _, b, _ in rows], "all_outer": list(values)}
    return Data(np.array([value for _, _, value in rows], dtype=dtype), units, long_name, ("row",), names)


def labels(node: Node | Dataset, name: str, kind: type) -> list[Any]:
    """A list attribute of exactly that element type, or InputError."""
    value = node.attrs.get(name)
    if not isinstance(value, list) or any(type(item) is not kind for item in value):
        raise InputError(f"{node.where}: attribute {name!r} is {value!r}: must be a list of {kind.__name__}")
    return value


def rows(
    node: Node, name: str, dtypes: tuple[str, ...], columns: int | None, named: Mapping[str, type]
) -> tuple[NDArray[Any], list[list[Any]]]:
    """A dataset and the lists that name its rows, all of its length, or InputError.

    Parameters
    ----------
    node : Node
    name : str
    dtypes : tuple of str
    columns : int or None
        Numbers per row; None: the dataset has one axis.
    named : mapping of str to type
        The lists, and the type of their elements.
    """
    found = node.dataset(name, dtypes, (None,) if columns is None else (None, columns))
    lists = [labels(found, label, kind) for label, kind in named.items()]
    for label, values in zip(named, lists, strict=True):
        if len(values) != found.shape[0]:
            raise InputError(f"{found.where}: {len(values)} names in {label!r} for {found.shape[0]} rows")
    return found.read(), lists


def read_flat(node: Node, name: str) -> dict[str, int]:
    """What :func:`flat` wrote."""
    values, (names,) = rows(node, name, COUNTS, None, {"name": str})
    return dict(zip(names, values.tolist(), strict=True))


def read_nested(node: Node, name: str, dtypes: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What :func:`nested` wrote."""
    values, (outer, inner) = rows(node, name, dtypes, None, {"outer": str, "inner": str})
    found: dict[str, dict[str, Any]] = {key: {} for key in labels(node.dataset(name), "all_outer", str)}
    for a, b, value in zip(outer, inner, values.tolist(), strict=True):
        found.setdefault(a, {})[b] = value
    return found
