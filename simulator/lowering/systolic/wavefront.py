"""What an array does in every step of a fold.

With r x c of the R x C multipliers used, T steps of stream, and (R', C') = (R, C) when wavefronts cross the whole array, (r, c)
otherwise, multiplier (i, j) works on stream position u - i - j in step u, so the multiplications of step u are

    active(u) = #{i < r, j < c : 0 <= u - i - j < T}

and the last multiplier is done after T + R' + C' - 2 steps. Row i reads its value of position t in step t + i, column j in
step t + j:

    skewed(d; w, T) = #{x < w : 0 <= d - x < T}      values a w-wide edge needs in step d

* os: both edges stream. Sums leave ``direct`` when they are done, #{i, j : u = T - 1 + i + j} in step u, or ``shift`` down: when
  column j is done, its sums follow each other out of the bottom, R' more steps in all.
* ws, is: R' pushes before bring the operand that stays down the columns, those of the rows beyond the fold's empty-handed. The sum
  of stream position t leaves column j at the bottom in step u = t + R' - 1 + j.

Steps of a fold:

    os direct  T + R' + C' - 2            os shift  2 R' + C' + T - 2            ws, is  R' pushes and T + R' + C' - 2

Source: the register-level array itself; the totals are those of Samajdar et al., SCALE-Sim, ISPASS 2020, and of its code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """A fold without its place in the layer.

    Attributes
    ----------
    rows, columns, steps : int
        r, c and T.
    crossed : (int, int)
        R' and C'.
    stays : bool
        An operand stays (ws, is); otherwise partial sums do (os).
    shift : bool
        Finished sums of an os array shift down.
    """

    rows: int
    columns: int
    steps: int
    crossed: tuple[int, int]
    stays: bool
    shift: bool

    @property
    def pushes(self) -> int:
        """Pushes of the operand that stays."""
        return self.crossed[0] if self.stays else 0

    @property
    def length(self) -> int:
        """Steps of the fold, without the pushes."""
        out = self.crossed[0] if self.shift and not self.stays else 0
        return self.steps + sum(self.crossed) - 2 + out


def skewed(width: int, steps: int) -> Counts:
    """Values a `width`-wide edge needs in each of its steps + width - 1 steps."""
    d = np.arange(steps + width - 1, dtype=np.int64)
    return np.minimum(np.minimum(d + 1, len(d) - d), min(width, steps))


def active(shape: Shape) -> Counts:
    """Multiplications in every step, shape (length,)."""
    # position t is on the multipliers with i + j = u - t, so step u sees T consecutive diagonals of the used grid
    diagonal = np.convolve(np.ones(shape.rows, np.int64), np.ones(shape.columns, np.int64))
    edge = np.concatenate(([0], np.cumsum(diagonal)))
    u = np.arange(shape.length, dtype=np.int64)
    last = len(diagonal)
    found: Counts = edge[np.clip(u + 1, 0, last)] - edge[np.clip(u + 1 - shape.steps, 0, last)]
    return found


def leaving(shape: Shape) -> Counts:
    """Sums that leave the array in every step, shape (length,)."""
    out = np.zeros(shape.length, dtype=np.int64)
    if shape.stays:
        first, counts = shape.crossed[0] - 1, skewed(shape.columns, shape.steps)
    else:
        counts = skewed(shape.columns, shape.rows)
        first = shape.steps - 1
        if shape.shift:
            first += 2 * shape.crossed[0] - shape.rows
    out[first : first + len(counts)] = counts
    return out


def takes(shape: Shape) -> tuple[Counts, Counts]:
    """Steps (0 or 1) that need values at the left edge, and at the top edge or (first step) the operand that stays, shape
    (length,) each.
    """
    west, north = np.zeros((2, shape.length), dtype=np.int64)
    west[: shape.steps + shape.rows - 1] = 1
    north[: 1 if shape.stays else shape.steps + shape.columns - 1] = 1
    return west, north
