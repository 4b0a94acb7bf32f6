"""Recorded tensors of a design point: arrays in ``.npy`` and ``.npz`` files.

``x.npy`` is one array; of ``x.npz`` the array with the tensor's name is read, or the only one; ``x.npz:name`` names another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.workload.product import Access


def read(path: str, access: Access) -> NDArray[np.int64]:
    """A recorded tensor.

    Parameters
    ----------
    path : str
        See above.
    access : Access
        The tensor: its name and the shape the array must have.

    Returns
    -------
    ndarray of int64
        In the tensor's shape. Whole numbers are kept; of other numbers only where they are not zero is known: 1 there.

    Raises
    ------
    InputError
        No such file or array, not a plain array of numbers, or another shape.
    """
    file, _, member = path.partition(".npz:")
    file = f"{file}.npz" if member else path
    try:
        with _arrays(file) as arrays:
            array = np.asarray(arrays[_chosen(file, member, access.name, list(arrays))])
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise InputError(f"cannot read {file}: {' '.join(str(error).split())}") from None
    if array.shape != access.shape:
        raise InputError(f"{access.name} has shape {access.shape}, the array in {file} {array.shape}")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{file}: an array of {array.dtype}, expected numbers")
    return array.astype(np.int64) if array.dtype.kind in "biu" else (array != 0).astype(np.int64)


@contextmanager
def _arrays(file: str) -> Iterator[Any]:
    loaded = np.load(file, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        yield {"": loaded}
        return
    with loaded:
        yield loaded


def _chosen(file: str, member: str, tensor: str, names: list[str]) -> str:
    if names == [""]:
        return ""
    name = member or (tensor if tensor in names else names[0] if len(names) == 1 else tensor)
    if name not in names:
        raise InputError(f"{file}: no array {name!r}; {suggest(name, names)}")
    return name
