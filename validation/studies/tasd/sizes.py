"""The same series on a product of the paper's size, where tiles are many and latencies count for little: EDP over that of tc.

A product of BERT-base (its second feed-forward layer on 512 tokens), seeded weights in int8; nothing of quality is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import simulator
from simulator.api.series import layer_cost
from simulator.hardware.organisations.stationary import Stationary
from simulator.search.tasder import Cost

SIZE = 768, 3072, 512
"""M, K, N."""

SERIES = {
    "ttc_stc_m4": ("2:4",),
    "ttc_stc_m8": ("4:8",),
    "ttc_vegeta_m4": ("1:4", "2:4", "2:4+1:4"),
    "ttc_vegeta_m8": ("1:8", "2:8", "2:8+1:8", "4:8", "4:8+2:8"),
}


@dataclass(frozen=True)
class Sized:
    """Cycles and energy of a series of weights, and of one of inputs, over those of the dense product on tc.

    Attributes
    ----------
    machine, series : str
    cycles, energy : dict of str to float
        By side.
    """

    machine: str
    series: str
    cycles: dict[str, float]
    energy: dict[str, float]

    def edp(self, side: str) -> float:
        """Energy-delay product over that of tc."""
        return self.cycles[side] * self.energy[side]


def sized(size: tuple[int, int, int] = SIZE) -> list[Sized]:
    """Every series on every machine."""
    m, k, n = size
    rng = np.random.default_rng(5)
    weights = rng.integers(-127, 128, (m, k)).astype(np.int8)
    layer = simulator.gemm(weights, rng.integers(-127, 128, (k, n)).astype(np.int8))

    def cost(machine: str, choice: tuple[str, str] | None) -> Cost:
        return layer_cost(simulator.load_machine(machine, Stationary), layer, choice)

    core, found = cost("tc", None), []
    for machine, some in SERIES.items():
        for series in some:
            each = {side: cost(machine, (side, series)) for side in ("weights", "inputs")}
            cycles = {side: told.cycles / core.cycles for side, told in each.items()}
            energy = {side: told.energy_pj / core.energy_pj for side, told in each.items()}
            found.append(Sized(machine, series, cycles, energy))
    return found
