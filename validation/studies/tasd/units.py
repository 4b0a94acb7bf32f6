"""How many TASD units hide the extraction of terms, and where they do not: columns of the other operand that a pass streams.

A pass loads its slots while the one before it streams C columns. Dense inputs fill all 1024 slots, so U units need about 1024 / U
cycles: 16 of them 64. With fewer than 64 columns, or fewer units, the multipliers wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

import simulator
from simulator.transform.tasd import with_series

UNITS = (2, 4, 8, 16, 32, 64)
COLUMNS = (16, 32, 64, 128)
SERIES = ("4:8", "4:8+1:8", "1:8")
ROWS, DEPTH = 1024, 512


FREE = dict.fromkeys(
    ("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth", "array.refill_bandwidth"), "unlimited"
)
ENOUGH = 4096
"""Units that a batch of which takes every block of a pass."""


@dataclass(frozen=True)
class Hidden:
    """Cycles of a product with so many units, over those with as many as ever help.

    Attributes
    ----------
    series : str
    columns, units : int
    slowdown : float
    """

    series: str
    columns: int
    units: int
    slowdown: float


def measured() -> list[Hidden]:
    """All points: dense inputs decomposed, 1024 columns of them, K = 512."""
    return [
        Hidden(series, columns, units, slowdown(series, columns, units))
        for series in SERIES
        for columns in COLUMNS
        for units in UNITS
    ]


def slowdown(series: str, columns: int, units: int) -> float:
    """Cycles with some units over those with as many as ever help."""
    return cycles(series, columns, units) / cycles(series, columns, ENOUGH)


@cache
def cycles(series: str, columns: int, units: int) -> int:
    """Cycles of a product whose memories never limit."""
    rng = np.random.default_rng(3)
    inputs = rng.integers(1, 127, (DEPTH, ROWS)).astype(np.int8)
    weights = rng.integers(-127, 128, (columns, DEPTH)).astype(np.int8)
    layer = with_series(simulator.gemm(weights, inputs), "inputs", series)
    told = {**FREE, "tasd.units": str(units)}
    return simulator.simulate("ttc_vegeta_m8", layer, verify=False, overrides=told).cycles
