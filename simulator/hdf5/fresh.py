"""New groups, datasets and attributes through h5py's low-level interface.

A Result is thousands of small objects, and h5py's high-level calls spend most of their time on what none of them has: chunks,
filters, an older attribute of the same name, types worked out anew, labels of axes one by one. What is read is the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5p, h5s, h5t
from numpy.typing import NDArray

Node = Any
"""A file, a group or a dataset: its low-level identity."""
_TEXT = h5py.string_dtype()
_LABEL = h5t.py_create(h5py.string_dtype("ascii"), logical=True)


def group(node: Node, name: str) -> Node:
    """Add a group."""
    return h5g.create(node, name.encode(), _link(name.isascii()), _untimed(h5p.GROUP_CREATE))


def dataset(node: Node, name: str, array: NDArray[Any], axes: tuple[str, ...]) -> Node:
    """Add a contiguous array, its axes named, to a group."""
    stored, _ = _types(array.dtype)
    space, properties = _space(array.shape), _untimed(h5p.DATASET_CREATE)
    made = h5d.create(node, name.encode(), stored, space, properties, _link(name.isascii()))
    if array.size:
        made.write(h5s.ALL, h5s.ALL, array)
    if axes:
        labels = np.array(axes, dtype=_TEXT)
        _, held = _types(labels.dtype)
        h5a.create(made, b"DIMENSION_LABELS", _LABEL, _space(labels.shape)).write(labels, mtype=held)
    return made


def attribute(node: Node, name: str, value: Any) -> None:
    """Give an object a new attribute: str, bool, int, float, or a list of one of them."""
    text = isinstance(value, str) or (isinstance(value, list) and bool(value) and isinstance(value[0], str))
    array = np.array(value, dtype=_TEXT if text else None)
    stored, held = _types(array.dtype)
    h5a.create(node, name.encode(), stored, _space(array.shape)).write(array, mtype=held)


@cache
def _types(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Type in the file, and the same bit for bit."""
    return h5t.py_create(dtype, logical=True), h5t.py_create(dtype)


@cache
def _space(shape: tuple[int, ...]) -> Any:
    return h5s.create_simple(shape)


@cache
def _untimed(kind: Any) -> Any:
    """Properties of a group or dataset that does not keep when it was made: equal content, equal bytes."""
    properties = h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


@cache
def _link(plain: bool) -> Any:
    """Properties of a link, whose name is plain ASCII or not."""
    properties = h5p.create(h5p.LINK_CREATE)
    properties.set_char_encoding(h5t.CSET_ASCII if plain else h5t.CSET_UTF8)
    return properties
