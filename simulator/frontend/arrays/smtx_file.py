"""DLMC's .smtx: where a matrix is not zero, in compressed sparse rows. There are no values in the format.

    rows, columns, non-zeros
    rows + 1 row pointers
    column index of each non-zero

Source: Gale, Zaharia, Young, Elsen, Sparse GPU Kernels for Deep Learning, SC 2020 (arXiv 2006.10901): the Deep Learning
Matrix Collection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import MOST_ELEMENTS, ArrayFile, Entry

Fill = Any
"""Turns a mask into values, or leaves it."""


def open_smtx(path: Path, fill: Fill) -> ArrayFile:
    """The matrix of a file, as a mask or with values by choice.

    Parameters
    ----------
    path : Path
    fill : callable
        Given the mask, what to read.

    Raises
    ------
    InputError
        Sizes, pointers or columns that are no matrix; the message gives the line.
    """
    rows, columns, nonzeros = _sizes(path)
    told = f"{path}: positions only: the format has no values"
    return ArrayFile(
        str(path),
        {path.stem: Entry((rows, columns), "bool")},
        lambda _: fill(_mask(path, rows, columns, nonzeros)),
        notes=(told,),
    )


def _sizes(path: Path) -> tuple[int, int, int]:
    with path.open("rb") as stream:
        first = stream.readline(200).decode("ascii", "replace").strip()
    parts = first.replace(",", " ").split()
    if len(parts) != 3 or not all(part.isdigit() and len(part) < 19 for part in parts):
        raise InputError(
            f"{path}, line 1: {first[:60]!r}: must be 'rows, columns, non-zeros', three whole numbers"
        )
    rows, columns, nonzeros = map(int, parts)
    if not 1 <= rows * columns <= MOST_ELEMENTS:
        raise InputError(f"{path}, line 1: {rows} x {columns}: must have 1 to {MOST_ELEMENTS:,} elements")
    if nonzeros > rows * columns or nonzeros + rows > path.stat().st_size:
        raise InputError(f"{path}, line 1: {nonzeros:,} non-zeros: more than the matrix or the file can hold")
    return rows, columns, nonzeros


def _mask(path: Path, rows: int, columns: int, nonzeros: int) -> NDArray[np.bool_]:
    with path.open("rb") as stream:
        stream.readline()
        pointers = _numbers(path, 2, stream.readline(), rows + 1, nonzeros)
        indices = _numbers(path, 3, stream.read(), nonzeros, columns - 1)
    steps = np.diff(pointers)
    if pointers[0] != 0 or pointers[-1] != nonzeros or (steps < 0).any():
        raise InputError(f"{path}, line 2: row pointers must rise from 0 to {nonzeros}")
    mask = np.zeros((rows, columns), np.bool_)
    mask[np.repeat(np.arange(rows), steps), indices] = True
    if int(np.count_nonzero(mask)) != nonzeros:
        raise InputError(f"{path}, line 3: a column is named twice in a row")
    return mask


def _numbers(path: Path, line: int, text: bytes, count: int, most: int) -> NDArray[np.int64]:
    words = text.split()
    try:
        numbers = np.array(words, dtype=np.int64)
    except (ValueError, OverflowError):
        raise InputError(f"{path}, line {line}: must be whole numbers") from None
    if len(numbers) != count:
        raise InputError(f"{path}, line {line}: has {len(numbers):,} numbers, must have {count:,}")
    bad = np.flatnonzero((numbers < 0) | (numbers > most))
    if len(bad):
        raise InputError(
            f"{path}, line {line}: number {int(bad[0]) + 1} is {int(numbers[bad[0]])}: must be from 0 to {most}"
        )
    return numbers
