"""Matrix Market .mtx (as the SuiteSparse collection ships it), through SciPy's reader.

Source: Boisvert, Pozo, Remington, The Matrix Market exchange formats, NIST 1996. Coordinate and array layouts; the other half
of a symmetric matrix is filled in; of a pattern only positions are known. Complex numbers have no place in a trace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import MOST_ELEMENTS, ArrayFile, Entry
from simulator.frontend.arrays.smtx_file import Fill
from simulator.frontend.packages import package

_KINDS = {"real": "float64", "integer": "int64", "pattern": "bool"}


def open_mtx(path: Path, fill: Fill) -> ArrayFile:
    """The matrix of a file; positions without values (``pattern``) are filled by choice.

    Raises
    ------
    InputError
        SciPy is missing, or the file is no real, integer or pattern matrix, too large, or damaged.
    """
    market = package("scipy.io", "sparse")
    try:
        rows, columns, entries, layout, kind, symmetry = market.mminfo(str(path))
    except (ValueError, OSError, OverflowError, TypeError, IndexError) as error:
        raise InputError(f"{path}: cannot be read as Matrix Market: {_words(error)}") from None
    if kind not in _KINDS:
        raise InputError(f"{path}, line 1: a matrix of {kind} numbers: choices: {', '.join(_KINDS)}")
    if not 1 <= rows * columns <= MOST_ELEMENTS:
        raise InputError(f"{path}: {rows} x {columns}: must have 1 to {MOST_ELEMENTS:,} elements")
    if entries > path.stat().st_size:
        raise InputError(f"{path}: {entries:,} entries: more than the file can hold")
    notes = [f"{path}: a pattern: the file has no values"] if kind == "pattern" else []
    if symmetry != "general":
        notes.append(f"{path}: {symmetry}: the other half is filled in")

    def load(_: str) -> NDArray[Any]:
        try:
            found = market.mmread(str(path))
        except (ValueError, OSError, OverflowError, TypeError, IndexError) as error:
            raise InputError(f"{path}: cannot be read as Matrix Market: {_words(error)}") from None
        if layout == "coordinate":
            return np.asarray(fill(_mask(found)) if kind == "pattern" else found.toarray())
        return np.asarray(found)

    return ArrayFile(str(path), {path.stem: Entry((rows, columns), _KINDS[kind])}, load, notes=tuple(notes))


def _mask(found: Any) -> NDArray[np.bool_]:
    mask = np.zeros(found.shape, np.bool_)
    mask[found.row, found.col] = True
    return mask


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
