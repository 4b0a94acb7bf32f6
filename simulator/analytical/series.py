"""What a layer costs as a series of terms on a stationary machine, in closed form.

With the stationary operand (M x K), the streamed one (K x N), windows of W coordinates of K, X multipliers, a windows at once
and term i keeping n_i of every m coordinates, a pass of term i holds r_i = X m / (a W n_i) rows::

    steps  = groups ceil(K / W) ceil(N / a) sum_i ceil(M / r_i)
    glb    = a W bytes per step + what the passes load once per a C columns of N
    dram   = every operand and every output once
    tasd   = non-zeros that the units take, n_i per block at most, over the units (series of inputs)
    cycles = max(steps, glb / bandwidth, dram / bandwidth, tasd);   energy = sum over actions of count x table

of the a that takes the fewest cycles. No latency, no tiles, no balance; operands are of 8 b and dense, and what several rows of a
convolution's matrix share is counted as often. For dense products the machine takes no fewer cycles. The terms as such are arXiv
2403.07953's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from simulator.errors import InfeasibleError
from simulator.transform.tasd import Asked, Series
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class Resources:
    """What the model knows of a machine.

    Attributes
    ----------
    multipliers, arrays, window, columns : int
        Multipliers of all arrays; arrays; coordinates of K per step; columns of partial sums of an array.
    abreast : tuple of int
        Windows that arrays may take at once.
    glb, dram : Fraction or None
        Bytes per cycle, None: unlimited.
    row : int
        Bytes of a row of the global buffer.
    offset_bits : int
        Bits of the place of a value in its block.
    units : int or None
        TASD units.
    energies : mapping of str to float
        pJ per action.
    """

    multipliers: int
    arrays: int
    window: int
    columns: int
    abreast: tuple[int, ...]
    glb: Fraction | None
    dram: Fraction | None
    row: int
    offset_bits: int
    units: int | None
    energies: Mapping[str, float]


def estimate(machine: Resources, layer: Layer, choice: Asked | None) -> tuple[int, float]:
    """(Cycles, pJ) of a layer with a series; None: as a dense one.

    Raises
    ------
    InfeasibleError
        No row of a term fits the array.
    """
    view = GemmView(layer)
    side = choice.side if choice is not None else "weights"
    series = choice.series if choice is not None else Series(((1, 1),))
    sizes = (view.M, view.N) if side == "weights" else (view.N, view.M)
    some = [a for a in machine.abreast if _rows(machine, a, series)[-1] > 0]
    if not some:
        raise InfeasibleError(f"series {series.text}: the array has no multipliers for a row of its terms")
    return min(_Layer(machine, a, view.groups, *sizes, view.K, side, series).cost() for a in some)


def _rows(machine: Resources, abreast: int, series: Series) -> list[int]:
    """Rows that a pass of each term holds, and the fewest of them last."""
    slots = [Fraction(machine.window * kept, length) for kept, length in series.terms]
    rows = [math.floor(machine.multipliers / abreast / each) for each in slots]
    return [*rows, min(rows)]


class _Layer:
    def __init__(
        self, machine: Resources, abreast: int, groups: int, m: int, n: int, k: int, side: str, series: Series
    ) -> None:
        self.machine, self.abreast, self.groups, self.m, self.n = machine, abreast, groups, m, n
        self.side, self.series, self.window = side, series, machine.window
        self.windows = -(-k // self.window)
        self.k = k
        slots = [Fraction(self.window * kept, length) for kept, length in series.terms]
        rows = _rows(machine, abreast, series)[:-1]
        self.passes = sum(-(-m // most) for most in rows)
        self.held = sum((m * each for each in slots), Fraction(0))
        """Values in registers, all terms, per window."""
        self.columns = groups * self.windows * n * self.passes
        """Columns of the streamed operand that passes meet, over all windows."""
        self.steps = groups * self.windows * -(-n // abreast) * self.passes
        self.reloads = groups * self.windows * -(-n // (abreast * machine.columns))

    def cost(self) -> tuple[int, float]:
        """Cycles and pJ."""
        rates = [(self._glb(), self.machine.glb), (self._dram(), self.machine.dram)]
        bounds = [Fraction(self.steps), *(Fraction(size) / rate for size, rate in rates if rate is not None)]
        if self.side == "inputs" and self.machine.units is not None:
            bounds.append(self._picks() * self.reloads / self.machine.units)
        energies = self.machine.energies
        return math.ceil(max(bounds)), sum(float(n) * energies[name] for name, n in self._actions().items())

    def _load(self) -> Fraction:
        """Bytes the passes of a window load."""
        if self.side == "inputs":
            return Fraction(self.m * self.window)
        if self.series.length == 1:
            return Fraction(self.held)
        return self.held * (1 + Fraction(self.machine.offset_bits, 8))

    def _glb(self) -> Fraction:
        return Fraction(self.columns * self.window) + self._load() * self.reloads

    def _dram(self) -> Fraction:
        stationary = self._load() * self.windows if self.side == "weights" else Fraction(self.m * self.k)
        return self.groups * (stationary + self.n * self.k + self.m * self.n)

    def _picks(self) -> Fraction:
        """Cycles of units that a window's blocks take at most, all terms."""
        blocks = Fraction(self.m * self.window, self.series.length)
        return blocks * sum(kept for kept, _ in self.series.terms)

    def _actions(self) -> dict[str, Fraction]:
        streamed, row = Fraction(self.columns * self.window), self.machine.row
        macs = self.groups * self.windows * self.n * self.held
        sums = Fraction(self.columns, self.passes) * self.m * len(self.series.terms)
        outputs = Fraction(self.groups * self.m * self.n)
        filled = self._dram() - outputs
        found: dict[str, Fraction] = {
            "dram_read": filled / 8,
            "dram_write": outputs / 8,
            "sram_write": filled / row,
            "sram_read": self._glb() / row,
            "operand_write": Fraction(self.held) * self.reloads,
            "fetch_write": streamed,
            "fetch_read": streamed,
            "window_shift": streamed,
            "noc_byte": streamed * self.machine.arrays / self.abreast,
            "mac": macs,
            "value_mux": macs,
            "operand_read": macs,
            "psum_read": sums,
            "psum_write": sums,
            "drain_word": outputs,
        }
        if self.side == "inputs":
            found["tasd_compare"] = self._picks() * self.reloads * (self.series.length - 1)
        return found
