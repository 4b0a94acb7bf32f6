"""The loop nest of a stationary-weight machine, walked visit by visit with the pieces it keeps.

::

    for group: for A2: for B1: for A1: for K1: a visit, that is an accumulator tile and a piece of K

A is the outer of M and N, B the other. A piece stays for a stretch of the walk and is fetched again when its
stretch is over: the group (hold 2), the block of A (hold 1, rank A), the tile of B within a block (hold 1,
rank B), the visit (hold 0). Where K is one piece, a tile visited over and over stays without being held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class Nest:
    """Sizes and what was decided, as plain numbers.

    Attributes
    ----------
    groups, m, n, k : int
        Elements.
    rows, columns, abreast, window : int
        Of an accumulator tile; columns a step works on; coordinates of K per step.
    outer : str
        ``M`` or ``N``.
    block, piece : int
        Tiles of the outer rank in a block; windows in a piece of K.
    hold : dict of str to int
        By operand.
    cuts : tuple of int
        First row of every accumulator tile and the number of rows, when tiles differ.
    spans : tuple of range
        Windows in the order they run, when they differ.
    """

    groups: int
    m: int
    n: int
    k: int
    rows: int
    columns: int
    abreast: int
    window: int
    outer: str
    block: int
    piece: int
    hold: dict[str, int]
    cuts: tuple[int, ...] = ()
    spans: tuple[range, ...] = ()


@dataclass(frozen=True)
class Visit:
    """Element ranges of a visit, and whether each operand's piece is fetched for it."""

    group: int
    m: range
    n: range
    windows: tuple[range, ...]
    begin: bool
    end: bool
    fetched: dict[str, bool]

    @property
    def pieces(self) -> dict[str, tuple[int, int, int]]:
        """Names of the pieces used."""
        first = self.windows[0].start
        return {
            "weights": (self.group, self.m.start, first),
            "inputs": (self.group, self.n.start, first),
        }

    def columns(self, abreast: int) -> list[list[int]]:
        """Columns of each step of a pass."""
        return [list(self.n[i : i + abreast]) for i in range(0, len(self.n), abreast)]


def cut(size: int, part: int) -> list[range]:
    """0 .. size - 1 in parts."""
    return [range(start, min(start + part, size)) for start in range(0, size, part)]


def visits(nest: Nest) -> Iterator[Visit]:
    """Every visit in order."""
    rows = [range(a, b) for a, b in pairwise(nest.cuts)] if nest.cuts else cut(nest.m, nest.rows)
    tiles = {"M": rows, "N": cut(nest.n, nest.columns)}
    outer, inner = tiles[nest.outer], tiles["N" if nest.outer == "M" else "M"]
    windows = list(nest.spans) or cut(nest.k, nest.window)
    pieces = cut(len(windows), nest.piece)
    here: dict[str, set[tuple[int, ...]]] = {"weights": set(), "inputs": set()}
    stretch: dict[str, tuple[int, ...]] = {"weights": (-1,), "inputs": (-1,)}
    count = 0
    for group in range(nest.groups):
        for number, block in enumerate(cut(len(outer), nest.block)):
            for b in range(len(inner)):
                for a in block:
                    for piece in pieces:
                        m, n = (outer[a], inner[b]) if nest.outer == "M" else (inner[b], outer[a])
                        fetched = {}
                        for tensor, start in (("weights", m.start), ("inputs", n.start)):
                            one = (len(pieces) == 1, len(inner) == 1)
                            now = _stretch(nest, tensor, one, (group, number, b, count))
                            if now != stretch[tensor]:
                                here[tensor], stretch[tensor] = set(), now
                            key = (start, piece.start)
                            fetched[tensor] = key not in here[tensor]
                            here[tensor].add(key)
                        span = tuple(windows[w] for w in piece)
                        begin, end = piece == pieces[0], piece == pieces[-1]
                        yield Visit(group, m, n, span, begin, end, fetched)
                        count += 1


def _stretch(
    nest: Nest, tensor: str, one: tuple[bool, bool], at: tuple[int, int, int, int]
) -> tuple[int, ...]:
    """What names the stretch of the walk a piece stays for: it is over when the name changes."""
    group, block, b, _visit = at
    hold, (whole, single) = nest.hold[tensor], one
    if hold == 2:
        return (group,)
    if (tensor == "weights") == (nest.outer == "M"):
        return (group, block) if hold == 1 or (whole and nest.block == 1) else at
    if whole and single:
        return (group,)
    return (group, block, b) if hold == 1 or whole else at


def element(view: GemmView, group: int, k: int, n: int) -> tuple[int, ...] | None:
    """The element of the recorded inputs at a coordinate of the product, None in the padding."""
    einsum = view.layer.einsum
    if einsum.operation == "gemm":
        return (k, n)
    size, p = dict(einsum.ranks), einsum.parameters
    r, s, c = k // (size["s"] * size["c"]), k // size["c"] % size["s"], k % size["c"]
    image, row, column = n // (size["p"] * size["q"]), n // size["q"] % size["p"], n % size["q"]
    y = p["stride"][0] * row + p["dilation"][0] * r - p["padding"][0]
    x = p["stride"][1] * column + p["dilation"][1] * s - p["padding"][1]
    _, _, height, width = view.layer.inputs.shape
    inside = 0 <= y < height and 0 <= x < width
    return (image, group * size["c"] + c, y, x) if inside else None
