"""New datasets and attributes through h5py's low-level interface.

A Result is thousands of small objects, and h5py's high-level calls spend most of their time on what none of them has: chunks,
filters, an older attribute of the same name, types worked out anew. What is written is the same, byte for byte.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5ds, h5p, h5s, h5t
from numpy.typing import NDArray


def attribute(node: Any, name: str, value: Any) -> None:
    """Give an object a new attribute: str, bool, int, float, or a list of one of them."""
    text = isinstance(value, str) or (isinstance(value, list) and bool(value) and isinstance(value[0], str))
    array = np.array(value, dtype=object if text else None)
    stored, held = _types(h5py.string_dtype() if text else array.dtype)
    created = h5a.create(node.id, name.encode(), stored, _space(array.shape))
    created.write(np.asarray(array, dtype=h5py.string_dtype()) if text else array, mtype=held)


def dataset(node: Any, name: str, array: NDArray[Any], axes: tuple[str, ...]) -> Any:
    """Add a contiguous array, its axes named, to a group; the dataset."""
    if not name.isascii():
        created = node.create_dataset(name, data=array, track_times=False)
    else:
        stored, _ = _types(array.dtype)
        identity = h5d.create(node.id, name.encode(), stored, _space(array.shape), _untimed())
        if array.size:
            identity.write(h5s.ALL, h5s.ALL, array)
        created = h5py.Dataset(identity)
    for axis, label in enumerate(axes):
        h5ds.set_label(created.id, axis, label.encode())
    return created


@cache
def _types(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Type in the file, and the same bit for bit."""
    return h5t.py_create(dtype, logical=True), h5t.py_create(dtype)


@cache
def _space(shape: tuple[int, ...]) -> Any:
    return h5s.create_simple(shape)


@cache
def _untimed() -> Any:
    """Properties of a dataset that does not keep when it was made: equal content, equal bytes."""
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    return properties
