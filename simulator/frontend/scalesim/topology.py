"""Rows of a topology: every cell held to what it may be, the bad one named by line and column.

    convolution   Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,
    GEMM          Layer, M, N, K,

A header line, commas at the ends of lines and blank lines are as SCALE-Sim writes them. Convolutions have no padding of
their own (the sizes are those after padding) and one stride for both axes. A column behind these, the N:M of sparse layers
in version 3, is read as the pattern of the weights. Source of the format: scalesim-project/SCALE-Sim, topologies/ and its
documentation.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import InputError
from simulator.sparsity.patterns import parse
from simulator.workload.einsum import MAX_ELEMENTS

CONVOLUTION = (
    "IFMAP Height", "IFMAP Width", "Filter Height", "Filter Width", "Channels", "Num Filter", "Strides",
)  # fmt: skip
GEMM = ("M", "N", "K")
KINDS = {"conv": CONVOLUTION, "gemm": GEMM}
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Topology:
    """One layer.

    Attributes
    ----------
    name : str
    kind : str
        ``conv`` or ``gemm``.
    sizes : tuple of int
        In the order of :data:`CONVOLUTION` or :data:`GEMM`, elements.
    pattern : str or None
        N:M of the weights, where the file says one.
    """

    name: str
    kind: str
    sizes: tuple[int, ...]
    pattern: str | None = None

    @property
    def macs(self) -> int:
        """Dense multiplications."""
        if self.kind == "gemm":
            return math.prod(self.sizes)
        height, width, r, s, channels, filters, stride = self.sizes
        return ((height - r) // stride + 1) * ((width - s) // stride + 1) * r * s * channels * filters


def read(path: str | Path, kind: str | None = None) -> tuple[Topology, ...]:
    """The layers of a topology file.

    Parameters
    ----------
    path : str or Path
    kind : str, optional
        ``conv`` or ``gemm``; told from the number of columns of the header if not given.

    Raises
    ------
    InputError
        No such file, or rows that are not as above: all of them at once, each with line and column.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or "is no text in UTF-8"
        raise InputError(f"{path}: {words}") from None
    rows = [(number, _cells(line)) for number, line in enumerate(lines, start=1)]
    rows = [(number, cells) for number, cells in rows if cells]
    if not rows:
        raise InputError(f"{path}: has no rows")
    columns = KINDS[_kind(path, rows[0][1], kind)]
    body = rows[1:] if not any(cell.isdigit() for cell in rows[0][1][1:]) else rows
    if not body:
        raise InputError(f"{path}: has a header and no layers")
    mistakes: list[str] = []
    found = [_row(path, number, cells, columns, mistakes) for number, cells in body]
    _repeated(path, body, mistakes)
    if mistakes:
        raise InputError("\n".join(mistakes))
    return tuple(each for each in found if each is not None)


def _cells(line: str) -> list[str]:
    """The cells of a line, without the empty ones behind the last."""
    cells = [cell.strip() for cell in next(csv.reader([line]), [])]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _kind(path: Path, first: Sequence[str], kind: str | None) -> str:
    if kind is not None:
        if kind not in KINDS:
            raise InputError(f"kind={kind!r}: choices: {', '.join(KINDS)}")
        return kind
    for name, columns in KINDS.items():
        if len(first) - 1 in (len(columns), len(columns) + 1):
            return name
    raise InputError(
        f"{path}: its first line has {len(first)} columns: a convolution has a name and {', '.join(CONVOLUTION)}; "
        f"a GEMM a name and {', '.join(GEMM)}"
    )


def _row(
    path: Path, number: int, cells: list[str], columns: Sequence[str], mistakes: list[str]
) -> Topology | None:
    place = f"{path}, line {number}"
    if len(cells) - 1 not in (len(columns), len(columns) + 1):
        mistakes.append(f"{place}: has {len(cells)} columns, must have a name and {', '.join(columns)}")
        return None
    before = len(mistakes)
    sizes = []
    for column, (what, cell) in enumerate(zip(columns, cells[1:], strict=False), start=2):
        if not cell.isascii() or not cell.isdigit() or not 1 <= int(cell[:12]) <= _LARGEST or len(cell) > 12:
            mistakes.append(
                f"{place}, column {column} ({what}): {cell!r}: must be a whole number from 1 to {_LARGEST}"
            )
        else:
            sizes.append(int(cell))
    pattern = _pattern(place, cells[len(columns) + 1 :], len(columns) + 2, mistakes)
    if len(mistakes) == before and len(columns) == len(CONVOLUTION):
        _fits(place, sizes, mistakes)
    if len(mistakes) > before:
        return None
    kind = "conv" if len(columns) == len(CONVOLUTION) else "gemm"
    made = Topology(cells[0] or f"line {number}", kind, tuple(sizes), pattern)
    if made.macs > MAX_ELEMENTS:
        mistakes.append(f"{place}: {made.macs:,} multiplications: at most {MAX_ELEMENTS:,}")
    return made


def _pattern(place: str, cells: Sequence[str], column: int, mistakes: list[str]) -> str | None:
    if not cells:
        return None
    try:
        return parse(cells[0]).text
    except InputError as error:
        mistakes.append(f"{place}, column {column} (sparsity N:M): {error}")
        return None


def _fits(place: str, sizes: Sequence[int], mistakes: list[str]) -> None:
    height, width, r, s, _, _, stride = sizes
    for column, what, kernel, size in ((4, "Filter Height", r, height), (5, "Filter Width", s, width)):
        if kernel > size:
            mistakes.append(f"{place}, column {column} ({what}): {kernel}: larger than the input, {size}")
    if stride > max(r, s, 1) and stride > min(height, width):
        mistakes.append(f"{place}, column 8 (Strides): {stride}: larger than the input, {height} x {width}")


def _repeated(path: Path, rows: Sequence[tuple[int, list[str]]], mistakes: list[str]) -> None:
    seen: dict[str, int] = {}
    for number, cells in rows:
        if cells[0] in seen:
            mistakes.append(
                f"{path}, line {number}, column 1: {cells[0]!r}: names line {seen[cells[0]]} already"
            )
        seen[cells[0]] = number


def write(layers: Sequence[Topology], path: str | Path) -> None:
    """Write layers of one kind as a topology file.

    Raises
    ------
    InputError
        Layers of both kinds, or none, or a file that cannot be written.
    """
    kinds = {layer.kind for layer in layers}
    if len(kinds) != 1:
        raise InputError(
            f"a topology file has layers of one kind, not {' and '.join(sorted(kinds)) or 'none'}"
        )
    columns = KINDS[kinds.pop()]
    lines = [", ".join(["Layer name", *columns]) + ","]
    lines += [", ".join([layer.name.replace(",", " "), *map(str, layer.sizes)]) + "," for layer in layers]
    try:
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
