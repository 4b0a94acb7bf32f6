"""Files of arrays by their suffix, and what stands in for values a file does not have."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import ArrayFile
from simulator.frontend.arrays.mtx_file import open_mtx
from simulator.frontend.arrays.numpy_file import open_npy, open_npz
from simulator.frontend.arrays.safetensors_file import open_safetensors
from simulator.frontend.arrays.smtx_file import open_smtx

SUFFIXES = (".npy", ".npz", ".safetensors", ".smtx", ".mtx")
VALUES = ("mask", "ones", "normal")
"""What to read where a file has positions only: the positions, 1 everywhere, or seeded normal numbers."""


def open_arrays(path: str | Path, values: str = "mask", seed: int = 0) -> ArrayFile:
    """Open a file of arrays.

    Parameters
    ----------
    path : str or Path
        One of :data:`SUFFIXES`.
    values : str
        One of :data:`VALUES`, for files of positions only.
    seed : int
        Of normal numbers.

    Raises
    ------
    InputError
        No such file, another suffix, or a file that is not what its suffix says.
    """
    path = Path(path)
    if values not in VALUES:
        raise InputError(f"values={values!r}: choices: {', '.join(VALUES)}")
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: suffix {path.suffix!r}: choices: {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    fill = partial(_fill, values, seed)
    try:
        if path.suffix == ".smtx":
            return open_smtx(path, fill)
        if path.suffix == ".mtx":
            return open_mtx(path, fill)
        return {".npy": open_npy, ".npz": open_npz, ".safetensors": open_safetensors}[path.suffix](path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def _fill(values: str, seed: int, mask: NDArray[np.bool_]) -> NDArray[Any]:
    if values == "mask":
        return mask
    if values == "ones":
        return mask.astype(np.int8)
    drawn = np.zeros(mask.shape, np.float32)
    numbers = np.random.default_rng(seed).standard_normal(int(np.count_nonzero(mask)), dtype=np.float32)
    numbers[numbers == 0] = 1
    drawn[mask] = numbers
    return drawn
