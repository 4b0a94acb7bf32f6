"""Loops of a rank, outermost first, from the sizes of its pieces.

A rank of size n is cut in pieces of u_1 > u_2 > ... elements; with u_0 the whole rank and the last piece one element, loop i
runs ceil(u_(i-1) / u_i) times, and in the last round as often as the last element's digit says:
n - 1 = sum of d_i u_i, last_i = d_i + 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.mapping import Tiling
from simulator.mapping.nest import Loop


def cut(rank: str, size: int, pieces: Sequence[tuple[int, str]]) -> tuple[Loop, ...]:
    """Loops over pieces.

    Parameters
    ----------
    rank : str
    size : int
        Elements of the rank.
    pieces : sequence of (int, str)
        Elements of a piece of every loop, outermost first, each dividing the one before it, the last 1; and the axis: ``""``,
        ``"X"`` or ``"Y"``.

    Returns
    -------
    tuple of Loop
        One per piece; a loop may have one iteration.
    """
    loops, whole, rest = [], size, size - 1
    for piece, axis in pieces:
        piece = min(piece, whole)
        bound = -(-whole // piece)
        loops.append(Loop(rank, bound, rest // piece + 1, axis))
        whole, rest = piece, rest % piece
    return tuple(loops)


def real(loops: Sequence[Loop]) -> tuple[Loop, ...]:
    """Those that run more than once."""
    return tuple(loop for loop in loops if loop.bound > 1)


def placed(tiling: Tiling, loops: tuple[Loop, Loop, Loop, Loop]) -> tuple[tuple[Loop, ...], tuple[Loop, ...]]:
    """Loops A2, B1, A1 and K1 of a tiling (:mod:`simulator.mapping.tiling`), those outside and those inside what the GLB
    holds; of several pieces of K, an inner operand kept for one visit only is taken as kept for its loop.
    """
    outer, inner = tiling.hold if tiling.is_outer("weights") else tiling.hold[::-1]
    if inner == 2:
        split = 0 if outer == 2 else 1
    elif outer:
        split = 2
    else:
        split = 3 if inner == 1 else 4
    return loops[:split], loops[split:]
