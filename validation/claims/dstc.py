"""Dual-side sparse tensor core: published times of a 4096^3 product at several densities, over that of the dense one.

Random masks, every element non-zero with the stated probability, 1024^3 (what parameters are worth: 512^3), several seeds; time
is the service time of one unit summed over its items, as :mod:`simulator.datapath.outer_product` says. Nothing is fitted: the
numbers are those of hwconfigs/dstc.yaml, with their sources. The paper tells neither the number of banks nor their size; banks of
one word (8 x 16 of them) were compared first, banks as wide as a row of a step (16 words, as in the artifact's register files)
second. Both are shown, as is what each parameter is worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np

import simulator
from simulator.datapath.outer_product import Unit, pack, service
from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.lowering.outer_product.layer import unit
from validation.claims import Claim, information, mean_error

PUBLISHED = (
    "Wang et al., Dual-side Sparse Tensor Core, ISCA 2021, figure 21, as read off by the Sparseloop MICRO 2022 public artifact "
    "(figure 13)"
)
OWN = "hwconfigs/dstc.yaml"
DENSE = (10, 10)
TIMES = {
    DENSE: 4600,
    (10, 4): 2500,
    (9, 10): 4160,
    (7, 4): 1820,
    (5, 10): 2690,
    (5, 4): 1480,
    (3, 10): 1930,
    (3, 4): 1100,
}
"""Time by density of A and of B, in tenths."""

SIZE, SMALL, LARGE, SEEDS = 1024, 512, 4096, 5
TOLERANCE = Fraction(5, 100)
UNLIMITED = dict.fromkeys(
    ("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth", "drain.bandwidth"), "unlimited"
)
ALONE = {**UNLIMITED, "units.rows": "1", "units.columns": "1"}

SLA = "Sparseloop MICRO 2022 public artifact, figure 15: reference cycles of its DSTC"
THROTTLED = (128, 1152, 1024, 44)
LAYERS = {
    THROTTLED: {"1": 78059, "1/2": 51197, "1/3": 41823, "1/4": 37083},
    (512, 128, 1024, 56): {"1": 45340, "1/2": 30226, "1/3": 25852, "1/4": 17980},
}
"""Cycles by (M, K, N, density of B in hundredths) and density of A; SMEM throttles the first layer's below 1, as its logs say."""

Point = tuple[int, int]


def claims() -> Iterator[Claim]:
    """All claims about DSTC."""
    base = described()
    rows = [point(at, base) for at in TIMES if at != DENSE]
    yield from rows
    yield mean_error("relative times, mean error", rows, TOLERANCE, PUBLISHED)
    yield from mechanisms(base)
    yield from sensitivity(base)
    yield size(base)
    yield from whole()
    yield from artifact()


def described() -> Unit:
    """The unit of the description."""
    machine = simulator.load("dstc")
    assert isinstance(machine, OuterProduct)
    return unit(machine)


@cache
def cycles(made: Unit, at: Point, seed: int, size: int = SIZE) -> int:
    """Service time of all items of random operands."""
    rng = np.random.default_rng([seed, *at])
    a, b = (rng.random((size, size)) < tenths / 10 for tenths in at)
    return int(service(made, pack(a, made.tile_rows), pack(b, made.tile_columns)).cycles.sum(dtype=np.int64))


def relative(made: Unit, at: Point, seed: int, size: int = SIZE) -> Fraction:
    """Time over that of the dense product."""
    return Fraction(cycles(made, at, seed, size), cycles(made, DENSE, 0, size))


def published(at: Point) -> Fraction:
    """What is published of the same."""
    return Fraction(TIMES[at], TIMES[DENSE])


def words(at: Point) -> str:
    """A point in words."""
    return f"A {at[0] / 10:g}, B {at[1] / 10:g} dense"


def point(at: Point, made: Unit) -> Claim:
    """The mean over the seeds, and how far they spread."""
    found = [relative(made, at, seed) for seed in range(SEEDS)]
    mean = sum(found, Fraction(0)) / SEEDS
    spread = float((max(found) - min(found)) / mean)
    note = f"{SEEDS} seeds spread by {spread:.2%}"
    return information(f"relative time, {words(at)}", mean, "1", PUBLISHED, published(at), note)


def error(name: str, made: Unit, size: int = SIZE) -> Claim:
    """The mean error of a unit, from one seed, and its residuals."""
    rows = {at: relative(made, at, 0, size) / published(at) - 1 for at in TIMES if at != DENSE}
    mean = sum(map(abs, rows.values()), Fraction(0)) / len(rows)
    note = ", ".join(f"{at[0] / 10:g}/{at[1] / 10:g} {float(off):+.1%}" for at, off in rows.items())
    return information(name, mean, "mean |error|", PUBLISHED, note=note)


def mechanisms(base: Unit) -> Iterator[Claim]:
    """One mechanism after the other, up to all of them."""
    apart = replace(base, bank_rows=base.tile_rows)
    yield error("mean error with rounding only", replace(apart, bandwidth=0))
    yield error("mean error with rounding and the port", apart)
    yield error("mean error with rounding and conflicts, an unlimited port", replace(base, bandwidth=0))
    yield error("mean error with rounding, the port and conflicts", base)


def sensitivity(base: Unit) -> Iterator[Claim]:
    """What the parameters are worth, one at a time, on the smaller product."""
    one_word = replace(base, bank_rows=8, bank_columns=16, bank_words=1)
    yield error("mean error, 8 x 16 banks of one word", one_word, SMALL)
    turned = replace(base, rows=base.columns, columns=base.rows)
    yield error(f"mean error, steps of {turned.rows} x {turned.columns}, the operands changed over", turned)
    for change in (
        ("bank_rows", (4, 16)),
        ("bank_columns", (2,)),
        ("bank_words", (8, 32)),
        ("queue", (4, 8, 32)),
        ("depth", (8, 32, SMALL)),
        ("bandwidth", (112, 120, 128)),
    ):
        name, values = change
        for value in values:
            yield error(
                f"mean error, {name} {value} instead of {getattr(base, name)}", replace(base, **{name: value})
            )


def size(base: Unit) -> Claim:
    """A product of the published size takes as long as so many of the smaller one."""
    at, times = (3, 4), (LARGE // SIZE) ** 3
    mean = Fraction(sum(cycles(base, at, seed) for seed in range(SEEDS)), SEEDS)
    large = Fraction(cycles(base, at, 0, LARGE))
    name = f"cycles of {LARGE}^3 over {times} times those of {SIZE}^3, {words(at)}"
    return Claim(name, Fraction(1), large / (times * mean), "1", Fraction(1, 100), OWN)


def whole() -> Iterator[Claim]:
    """From the engine: the truth of one unit between unlimited memories; beside it, of the machine on the resources it shares."""
    alone = truths("one unit, memories unlimited", ALONE)
    yield from alone
    yield mean_error("relative times, one unit, mean error", alone, TOLERANCE, PUBLISHED)
    yield from truths("the whole machine", {})
    yield from around()


ASSUMED: tuple[dict[str, str], ...] = (
    {},
    {"units.rows": "2", "units.columns": "4"},
    {"units.operand_buffers": "1"},
    {"units.operand_buffers": "4"},
    {"glb.data_word": "1 B"},
    {"glb.read_latency": "4 cycle"},
    {"glb.tile_buffers": "3"},
    {"dram.latency": "50 cycle"},
    {"dram.latency": "200 cycle"},
    {"dram.burst": "64 B"},
    {"drain.bandwidth": "32 B/cycle"},
    {"drain.queue": "64"},
)
"""Numbers of the description that are assumed and act around the units, changed."""


def around() -> Iterator[Claim]:
    """What the assumed numbers around the units are worth, on the smaller product."""
    for change in ASSUMED:
        rows = truths("the whole machine", change, SMALL)
        told = mean_error("", rows, TOLERANCE, PUBLISHED)
        assert told.measured is not None
        what = ", ".join(f"{path}={value}" for path, value in change.items()) or "as described"
        yield information(
            f"mean error of the whole machine, {SMALL}^3, {what}",
            told.measured,
            "mean |error|",
            PUBLISHED,
            note=told.note,
        )


def truths(name: str, overrides: dict[str, str], size: int | None = None) -> list[Claim]:
    """Relative times of the machine at every point."""
    dense, found = truth(DENSE, overrides, size), []
    for at in TIMES:
        if at != DENSE:
            measured = Fraction(truth(at, overrides, size), dense)
            found.append(
                information(f"relative time, {name}, {words(at)}", measured, "1", PUBLISHED, published(at))
            )
    return found


def truth(at: Point, overrides: dict[str, str], size: int | None = None) -> int:
    """Cycles of the machine, on a product of :data:`SIZE` when none is given."""
    size = SIZE if size is None else size
    rng = np.random.default_rng([0, *at])
    a, b = (rng.random((size, size)) < tenths / 10 for tenths in at)
    layer = simulator.gemm(a, np.ascontiguousarray(b.T))
    return simulator.simulate("dstc", layer, verify=False, overrides=overrides).cycles


def artifact() -> Iterator[Claim]:
    """The artifact's own DSTC: the same shared memory, multipliers in units of 16 x 16, no conflicts.

    Where its shared memory is the limit, ours at rung S0 must be that too, but for words of 8 B and the upper bits of bitmasks.
    """
    for layer, rows in LAYERS.items():
        m, k, n, hundredths = layer
        for density, expected in rows.items():
            rng = np.random.default_rng(0)
            a, b = rng.random((m, k)) < float(Fraction(density)), rng.random((k, n)) < hundredths / 100
            made = simulator.gemm(a, b)
            found = {rung: simulator.simulate("dstc", made, rung=rung, verify=False) for rung in ("S0", "S4")}
            name = f"cycles of {m} x {k} x {n}, A {density}, B {hundredths / 100:g} dense"
            totals, truth = Fraction(found["S0"].cycles), Fraction(found["S4"].cycles)
            if layer == THROTTLED and density != "1":
                yield Claim(f"S0 {name}", Fraction(expected), totals, "cycles", Fraction(2, 100), SLA)
            else:
                yield information(f"S0 {name}", totals, "cycles", SLA, expected)
            yield information(
                f"truth, {name}", truth, "cycles", SLA, expected, "units of 8 x 16 with conflicts"
            )
