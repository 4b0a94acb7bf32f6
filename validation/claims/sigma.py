"""SIGMA-like machines: cycles are linear in the non-zeros of the weights and pinned by distribution bandwidth, as in STONNE.

STONNE's SIGMA controller fills P multipliers with whole rows of the stationary matrix and streams N columns past them, one value
per cycle into each of its `dn_bw` groups of P / dn_bw multipliers; a value that no multiplier of a group awaits is not sent there.
So a further column costs each round what its busiest group awaits, and a full group awaits as many values as it has multipliers
unless they share coordinates::

    d cycles / d N  =  sum over rounds of the most values any group awaits  ~  non-zeros / dn_bw

The machine `sigma` is set up alike (a network per group that takes a value per cycle, rows kept whole, zeros sent, memories
without limits); what each further column costs is compared, which leaves out what both spend at the beginning of a round: STONNE
waits there until the tree is empty, this machine loads the next round as soon as the multipliers are done.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

import simulator
from validation.claims import Claim, information, within

STONNE = (
    "STONNE at commit 22634b8, -SparseGEMM -dataflow=MK_STA_KN_STR -rn_bw = num_ms, run for this table on these masks: "
    "its cycles for 16 columns less those for 8"
)
LAW = "a full group awaits as many values as it has multipliers: non-zeros / (groups x values per cycle)"

FREE = {
    "dram.bandwidth": "unlimited",
    "dram.latency": "1 cycle",
    "dram.burst": "64 KiB",
    "drain.bandwidth": "unlimited",
    "glb.write_bandwidth": "unlimited",
    "glb.read_bandwidth": "unlimited",
    "glb.mask_bandwidth": "unlimited",
    "distribution.values": "1",
    "reduction.sums": "1024",
}
ALIKE = {"datapath.rows": "whole", "datapath.zeros": "sent", "datapath.unmatched": "kept"}
DENSITIES = (0.05, 0.2, 0.4, 0.6, 0.8)
COLUMNS = (8, 16)
REPORTED = {
    (256, 48, 64, 16): ((1011, 1715), (2436, 4132), (4695, 7959), (6681, 11321), (11720, 19880)),
    (256, 48, 64, 8): ((1705, 3073), (4332, 7724), (8351, 14879), (11876, 21156), (20773, 37093)),
    (256, 48, 64, 4): ((2423, 4335), (7864, 14448), (15682, 28738), (22285, 40845), (39017, 71657)),
    (128, 96, 128, 16): ((657, 1169), (1993, 3529), (3751, 6631), (5520, 9744), (10615, 18807)),
    (128, 96, 128, 32): ((376, 632), (1131, 1899), (2140, 3580), (3156, 5268), (6053, 10149)),
}
"""(M, K, num_ms, dn_bw): STONNE's cycles for 8 and for 16 dense columns, per density of :func:`weights`."""


def claims() -> Iterator[Claim]:
    """All claims about packed stationary operands."""
    for case, reported in REPORTED.items():
        for density, cycles in zip(DENSITIES, reported, strict=True):
            yield from _stonne(case, density, cycles)
    for values in (1, 2, 4):
        for density in DENSITIES:
            yield _linear(density, values)


def weights(m: int, k: int, density: float) -> NDArray[np.bool_]:
    """Random non-zeros of the density and, as STONNE wants three in a row at least, the first three of every row."""
    mask = np.random.default_rng(1).random((m, k)) < density
    mask[:, :3] = True
    return mask


def _cycles(mask: NDArray[np.bool_], columns: int, changes: dict[str, str]) -> int:
    case = simulator.gemm(mask, np.ones((mask.shape[1], columns), dtype=bool))
    return simulator.simulate("sigma", case, verify=False, overrides=FREE | changes).cycles


def _stonne(case: tuple[int, int, int, int], density: float, reported: tuple[int, int]) -> Iterator[Claim]:
    m, k, multipliers, groups = case
    array = {"array.units": str(groups), "array.unit_multipliers": str(multipliers // groups)}
    mask = weights(m, k, density)
    cycles = [_cycles(mask, columns, ALIKE | array) for columns in COLUMNS]
    what = f"{np.count_nonzero(mask)} non-zeros of {m} x {k}, {multipliers} multipliers in {groups} groups"
    added = (cycles[1] - cycles[0], reported[1] - reported[0])
    yield within(f"cycles of 8 further columns, {what}", added[1], added[0], "cycles", 0, STONNE)
    note = "STONNE empties its tree before it loads the next round"
    yield information(f"cycles of 8 columns, {what}", cycles[0], "cycles", STONNE, reported[0], note)


def _linear(density: float, values: int) -> Claim:
    """Rows split, so that every group but the last is full: one further column over what its non-zeros take."""
    mask = np.random.default_rng(2).random((256, 256)) < density
    changes = {"distribution.values": str(values), "array.unit_multipliers": "16", "array.units": "16"}
    once, twice = (_cycles(mask, columns, changes) for columns in (64, 128))
    count = np.count_nonzero(mask)
    name = (
        f"cycles of a further column, {count} non-zeros of 256 x 256, 16 groups that take {values} per cycle"
    )
    expected = Fraction(int(count), 16 * values)
    return Claim(name, expected, Fraction(twice - once, 64), "cycles", Fraction(1, 20), LAW)
