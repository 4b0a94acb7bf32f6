"""Matrix Market .mtx, as the SuiteSparse collection ships it.

    %%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric|skew-symmetric
    % comments
    rows columns entries                    coordinate: then a line 'row column [value]' per entry, counted from 1
    rows columns                            array: then the values, columns one after the other

The other half of a symmetric matrix is filled in, entries named twice are added up, and of a pattern only positions are known.
Complex numbers have no place in a trace. Source: Boisvert, Pozo, Remington, The Matrix Market exchange formats, NISTIR 5935, 1996.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import MOST_ELEMENTS, ArrayFile, Entry
from simulator.frontend.arrays.smtx_file import Fill

_KINDS = {"real": "float64", "integer": "int64", "pattern": "bool"}
_LAYOUTS = ("coordinate", "array")
_SYMMETRIES = ("general", "symmetric", "skew-symmetric")
_MOST_HEADER = 1 << 20


@dataclass(frozen=True)
class _Header:
    """What comes before the entries: where they begin (bytes, and the line before them), and what they are."""

    layout: str
    kind: str
    symmetry: str
    sizes: tuple[int, ...]
    begin: int
    line: int


def open_mtx(path: Path, fill: Fill) -> ArrayFile:
    """The matrix of a file; positions without values (``pattern``) are filled by choice.

    Raises
    ------
    InputError
        No real, integer or pattern matrix, one that is too large, or a damaged file; the message gives the line.
    """
    header = _header(path)
    rows, columns = header.sizes[:2]
    notes = [f"{path}: a pattern: the file has no values"] if header.kind == "pattern" else []
    if header.symmetry != "general":
        notes.append(f"{path}: {header.symmetry}: the other half is filled in")
    entry = Entry((rows, columns), _KINDS[header.kind])
    return ArrayFile(str(path), {path.stem: entry}, lambda _: _matrix(path, header, fill), notes=tuple(notes))


def _header(path: Path) -> _Header:
    with path.open("rb") as stream:
        first = stream.readline(_MOST_HEADER).decode("ascii", "replace").lower().split()
        if len(first) != 5 or first[:2] != ["%%matrixmarket", "matrix"]:
            raise InputError(
                f"{path}, line 1: must be '%%MatrixMarket matrix', a layout, a kind and a symmetry"
            )
        for word, choices in zip(first[2:], (_LAYOUTS, tuple(_KINDS), _SYMMETRIES), strict=True):
            if word not in choices:
                raise InputError(f"{path}, line 1: {word!r}: choices: {', '.join(choices)}")
        line, text = 1, b"%"
        while text.startswith(b"%") or (text and not text.strip()):
            text, line = stream.readline(_MOST_HEADER), line + 1
        layout, kind, symmetry = first[2:]
        return _Header(layout, kind, symmetry, _sizes(path, line, text, first[2:]), stream.tell(), line)


def _sizes(path: Path, line: int, text: bytes, words: list[str]) -> tuple[int, ...]:
    layout, kind, symmetry = words
    parts = text.split()
    if len(parts) != (3 if layout == "coordinate" else 2) or not all(
        p.isdigit() and len(p) < 19 for p in parts
    ):
        names = "rows, columns, entries" if layout == "coordinate" else "rows, columns"
        raise InputError(f"{path}, line {line}: must be {names}: whole numbers")
    sizes = tuple(int(part) for part in parts)
    if not 1 <= sizes[0] * sizes[1] <= MOST_ELEMENTS:
        raise InputError(
            f"{path}, line {line}: {sizes[0]} x {sizes[1]}: must have 1 to {MOST_ELEMENTS:,} elements"
        )
    if (symmetry != "general" and sizes[0] != sizes[1]) or (layout == "array" and kind == "pattern"):
        raise InputError(
            f"{path}, line {line}: {' '.join(words)} of {sizes[0]} x {sizes[1]}: there is no such matrix"
        )
    least = 2 * (
        sizes[2] * (2 if kind == "pattern" else 3) if layout == "coordinate" else _stored(sizes, symmetry)
    )
    if least > path.stat().st_size + 1:
        raise InputError(f"{path}, line {line}: more entries than the file can hold")
    return sizes


def _stored(sizes: tuple[int, ...], symmetry: str) -> int:
    """Values of an array layout: all, or those on and below the diagonal, or below it."""
    n = sizes[0]
    return {
        "general": sizes[0] * sizes[1],
        "symmetric": n * (n + 1) // 2,
        "skew-symmetric": n * (n - 1) // 2,
    }[symmetry]


def _matrix(path: Path, header: _Header, fill: Fill) -> NDArray[Any]:
    with path.open("rb") as stream:
        stream.seek(header.begin)
        lines = stream.read().split(b"\n")
    words = [word for text in lines if not text.lstrip().startswith(b"%") for word in text.split()]
    width = (2 if header.kind == "pattern" else 3) if header.layout == "coordinate" else 1
    count = header.sizes[2] if header.layout == "coordinate" else _stored(header.sizes, header.symmetry)
    if len(words) != width * count:
        raise InputError(
            f"{path}, after line {header.line}: has {len(words):,} numbers, must have {width * count:,}"
        )
    if header.layout == "array":
        return _mirrored(_lower(header, _numbers(path, header, words)), header.symmetry)
    row, column = (_places(path, header, words[i::width], header.sizes[i]) for i in (0, 1))
    if header.kind == "pattern":
        mask = np.zeros(header.sizes[:2], np.bool_)
        mask[row, column] = True
        return np.asarray(fill(mask if header.symmetry == "general" else mask | mask.T))
    values = _numbers(path, header, words[2::width])
    matrix = np.zeros(header.sizes[:2], values.dtype)
    np.add.at(matrix, (row, column), values)
    return _mirrored(matrix, header.symmetry)


def _places(path: Path, header: _Header, words: list[bytes], size: int) -> NDArray[np.int64]:
    bad = next(
        (
            i
            for i, word in enumerate(words)
            if not word.isdigit() or len(word) > 18 or not 1 <= int(word) <= size
        ),
        None,
    )
    if bad is not None:
        text = words[bad][:20].decode("ascii", "replace")
        raise InputError(
            f"{path}, entry {bad + 1} after line {header.line}: {text!r}: must be from 1 to {size}"
        )
    return np.array(words, dtype=np.int64) - 1


def _numbers(path: Path, header: _Header, words: list[bytes]) -> NDArray[Any]:
    try:
        values = np.array(words, dtype=np.bytes_).astype(_KINDS[header.kind])
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path}, after line {header.line}: {' '.join(str(error).split())}") from None
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(f"{path}, after line {header.line}: a value is not finite; every value must be")
    return values


def _lower(header: _Header, values: NDArray[Any]) -> NDArray[Any]:
    """The values of an array layout in their places, column by column."""
    rows, columns = header.sizes
    if header.symmetry == "general":
        return np.ascontiguousarray(values.reshape(columns, rows).T)
    matrix = np.zeros((rows, columns), values.dtype)
    across, down = np.triu_indices(rows, 0 if header.symmetry == "symmetric" else 1)
    matrix[down, across] = values
    return matrix


def _mirrored(matrix: NDArray[Any], symmetry: str) -> NDArray[Any]:
    if symmetry == "general":
        return matrix
    other = np.tril(matrix, -1).T
    return np.asarray(matrix + (other if symmetry == "symmetric" else -other))
