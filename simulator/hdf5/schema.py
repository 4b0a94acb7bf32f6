"""What attributes may be, and what the checksum of a tree covers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from simulator.errors import InputError

Attribute = str | bool | int | float | list[Any] | tuple[Any, ...]

PREFIX = "sparsecycle-"
RESERVED = ("format", "format_version", "tool_version", "tree_sha256")


def plain(value: Any, where: str) -> Any:
    """An attribute as str, bool, int, float or a list of one of them."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, tuple | list):
        if set(map(type, value)) == {str} and "\0" not in "".join(value):  # as nearly all are
            return list(value)
        items = [plain(item, where) for item in value]
        if any(isinstance(item, list) for item in items) or len({type(item) for item in items}) > 1:
            raise InputError(f"{where}: {value!r}: a list must hold one of str, bool, int, float")
        return items
    if isinstance(value, str):
        if "\0" in value:
            raise InputError(f"{where}: text with a NUL character")
        return value
    if isinstance(value, bool | float) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    raise InputError(f"{where}: {value!r}: must be str, bool, int (64 bits), float or a list of one of them")


def describe(
    shape: tuple[int, ...], dtype: Any, axes: tuple[str, ...], attrs: dict[str, Any]
) -> dict[str, Any]:
    """An array as the checksum of a tree covers it."""
    return {"shape": list(shape), "dtype": np.dtype(dtype).str, "axes": list(axes), "attrs": attrs}


def sha256_of(described: dict[str, Any]) -> str:
    """Checksum of everything in a file but its arrays' contents."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
