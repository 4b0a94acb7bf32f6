"""TASD's tensor cores: what series save follows from their terms, and when units hide follows from their number.

With unlimited memories, rows that fill their passes and dense inputs (derived):

- busy cycles of the array with a series over those of dense weights are the sum of N / M, for weights and for inputs;
- the units are busy for (blocks x N) / units cycles per term, so over the array's cycles (slots / units) / columns of a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import simulator
from simulator.transform.tasd import parse, with_series
from validation.claims import Claim

DERIVED = "derived from the terms"
UNLIMITED = dict.fromkeys(
    ("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth", "array.refill_bandwidth"), "unlimited"
)
SERIES = {
    "ttc_stc_m4": ("2:4",),
    "ttc_stc_m8": ("4:8",),
    "ttc_vegeta_m4": ("1:4", "2:4", "2:4+1:4"),
    "ttc_vegeta_m8": ("1:8", "2:8", "2:8+1:8", "4:8", "4:8+1:8", "4:8+2:8"),
}
ROWS, DEPTH = 512, 256


def claims() -> Iterator[Claim]:
    """All claims."""
    for machine, some in SERIES.items():
        for side in ("weights", "inputs"):
            for series in some:
                dense, _ = busy(machine, side, None, 128)
                found, _ = busy(machine, side, series, 128)
                name = f"{machine}: busy cycles of {side} {series} over dense ones"
                yield exact(name, parse(series).cost, Fraction(found, dense))
    for columns in (16, 32, 64, 128):
        array, units = busy("ttc_vegeta_m8", "inputs", "4:8", columns)
        name = f"ttc_vegeta_m8: cycles of 16 units over those of the array, inputs 4:8, {columns} columns"
        yield exact(name, Fraction(64, columns), Fraction(units, array))


def exact(name: str, expected: Fraction, measured: Fraction) -> Claim:
    """A claim that holds only when equal."""
    return Claim(name, expected, measured, "1", Fraction(0), DERIVED)


def busy(machine: str, side: str, series: str | None, columns: int) -> tuple[int, int]:
    """Busy cycles of the array, and of the units, with memories that never limit."""
    still, moving = np.ones((ROWS, DEPTH), np.int8), np.ones((columns, DEPTH), np.int8)
    pair = (still, moving.T) if side == "weights" else (moving, still.T)
    length = int(parse(series).terms[0][1]) if series else int(machine[-1])
    told = with_series(simulator.gemm(*pair), side, series or f"{length}:{length}")
    overrides = {**UNLIMITED, "array.shared_window": "true"}
    result = simulator.simulate(machine, told, rung="totals", verify=False, overrides=overrides)
    return result.busy["array"], result.busy.get("tasd", 0)
