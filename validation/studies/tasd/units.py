"""How many TASD units hide the extraction of terms, and where they do not: columns of the other operand that a pass streams.

A pass loads its slots while the one before it streams C columns. Dense inputs fill all 1024 slots, so U units need about 1024 / U
cycles: 16 of them 64. With fewer than 64 columns, or fewer units, the multipliers wait.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import simulator
from simulator.transform.tasd import with_series

UNITS = (2, 4, 8, 16, 32, 64)
COLUMNS = (16, 32, 64, 128)
SERIES = ("4:8", "4:8+1:8", "1:8")
ROWS, DEPTH = 1024, 512


@dataclass(frozen=True)
class Hidden:
    """Cycles of a product with so many units, over those with as many as ever help."""

    series: str
    columns: int
    units: int
    slowdown: float
    waiting: float


def measured(density: float = 1.0) -> list[Hidden]:
    """All points: inputs of `density` decomposed, 1024 columns of them, K = 512."""
    rng = np.random.default_rng(3)
    inputs = rng.integers(1, 127, (DEPTH, ROWS)) * (rng.random((DEPTH, ROWS)) < density)
    found = []
    for series in SERIES:
        for columns in COLUMNS:
            weights = rng.integers(-127, 128, (columns, DEPTH)).astype(np.int8)
            layer = with_series(simulator.gemm(weights, inputs.astype(np.int8)), "inputs", series)
            free = {
                "dram.bandwidth": "unlimited",
                "glb.read_bandwidth": "unlimited",
                "glb.write_bandwidth": "unlimited",
            }
            free |= {"array.refill_bandwidth": "unlimited"}

            def cycles(
                units: int, layer: simulator.Layer = layer, free: dict[str, str] = free
            ) -> tuple[int, float]:
                told = {**free, "tasd.units": str(units)}
                result = simulator.simulate("ttc_vegeta_m8", layer, verify=False, overrides=told)
                stalls = result.layers[0].stalls["array"]
                return result.cycles, stalls.get("refill", 0) / result.cycles

            best, _ = cycles(4096)
            for units in UNITS:
                taken, waiting = cycles(units)
                found.append(Hidden(series, columns, units, taken / best, waiting))
    return found
