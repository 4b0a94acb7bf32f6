"""Design points on drawn operands: the error as a function of density, imbalance and buffer depth, over seeds.

A product of 64 x 64 matrices with an inner rank of 64 on 16 processing elements: rows of A are spread over them, each keeps a
tile of both operands and skips what meets a zero on the other side. The N d non-zeros of a matrix are drawn without
replacement; those of A by weights: with z standard normal and s the imbalance, an element of row m is as likely as

    w_m = exp(s z_m)

so that s = 0 is even, and all draws have the same density, which is all that the estimate is told. Buffer depth is the number of
transfers that wait between two memories and of the tiles a memory holds at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from simulator.comparison import Ladder
from simulator.comparison.subjects import point_subject
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage, Timing
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.registry import resolve
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product, access
from validation.studies.estimate_error.sample import Sample

SIZE, ELEMENTS = 64, 16
DENSITIES = (
    Fraction(1, 32),
    Fraction(1, 16),
    Fraction(1, 8),
    Fraction(1, 4),
    Fraction(1, 2),
    Fraction(3, 4),
    Fraction(1),
)
IMBALANCES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
DEPTHS = (1, 2, 3, 4, 8)
MIDDLE = Fraction(1, 4)
SEEDS = 10


def point(density: Fraction, depth: int = 2) -> DesignPoint:
    """The design point, both operands declared anywhere with this density."""
    sizes = dict.fromkeys("MNK", SIZE)
    product = Product(
        "GEMM",
        tuple(sizes.items()),
        (_tensor("A", "MK", sizes), _tensor("B", "KN", sizes)),
        _tensor("Z", "MN", sizes),
    )
    every = frozenset({"A", "B", "Z"})
    nest = Nest(
        (
            LevelNest("DRAM", (_loop("M", 2), _loop("N", 8)), (), every),
            LevelNest("GLB", (_loop("K", 4), _loop("N", 2)), (_loop("M", ELEMENTS, "X"),), every),
            LevelNest("PE", (_loop("M", 2), _loop("N", 4), _loop("K", 16)), (), every),
        )
    )
    told = {name: Occupancy("hypergeometric", density) for name in ("A", "B")}
    return DesignPoint("GEMM 64^3", product, _hierarchy(depth), nest, _features(), told)


def _tensor(name: str, ranks: str, sizes: dict[str, int]) -> Access:
    return access(name, tuple(((rank, 1),) for rank in ranks), sizes)


def _loop(rank: str, bound: int, axis: str = "") -> Loop:
    return Loop(rank, bound, bound, axis)


def _hierarchy(depth: int) -> Hierarchy:
    """Bandwidths leave the multipliers the limit at most densities; all sizes are assumed."""

    def memory(
        name: str, instances: int, words: Fraction | None, capacity: int | None, latency: int
    ) -> Storage:
        timing = Timing(latency, depth, depth)
        return Storage(
            name, name, "SRAM", instances, instances, 1, 16,
            capacity=capacity, metadata_bits=16, metadata_capacity=capacity,
            read_bandwidth=words, write_bandwidth=words, timing=timing,
        )  # fmt: skip

    memories = (
        memory("DRAM", 1, Fraction(32), None, 20),
        memory("GLB", 1, Fraction(64), 1 << 16, 4),
        memory("PE", ELEMENTS, Fraction(4), 1 << 12, 1),
    )
    return Hierarchy("16 processing elements", memories, Compute("MAC", "MAC", ELEMENTS, ELEMENTS, 1, 16))


def _features() -> Features:
    """Coordinate lists everywhere; an element skips what meets a zero on the other side."""
    stored = tuple(Representation(name, (RankFormat("CP", 4),)) for name in ("A", "B"))
    rules = (Rule("skipping", (Condition("A", ("B",)),)), Rule("skipping", (Condition("B", ("A",)),)))
    outer = LevelFeatures(stored)
    return Features({"DRAM": outer, "GLB": outer, "PE": LevelFeatures(stored, rules)})


def operands(density: Fraction, imbalance: float, seed: int) -> dict[str, NDArray[np.int64]]:
    """A with rows of their own densities, B even; both hold exactly their share of non-zeros."""
    rng = np.random.default_rng([seed, round(1000 * imbalance), density.numerator, density.denominator])
    rows = imbalance * rng.standard_normal(SIZE)
    return {"A": _drawn(density, rows, rng), "B": _drawn(density, np.zeros(SIZE), rng)}


def _drawn(density: Fraction, weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Ones at the largest of log weight + Gumbel noise: a weighted draw without replacement (Efraimidis and Spirakis, 2006)."""
    keys = weights[:, None] + rng.gumbel(size=(SIZE, SIZE))
    mask = np.zeros(SIZE * SIZE, np.int64)
    mask[np.argsort(-keys.reshape(-1))[: round(SIZE * SIZE * density)]] = 1
    return mask.reshape(SIZE, SIZE)


def sweeps(seeds: int = SEEDS) -> Iterator[tuple[str, float, int, Sample]]:
    """(Sweep, value, seed, comparison) of the statistical model: ``density``, ``imbalance`` and ``depth``."""
    for seed in range(seeds):
        for density in DENSITIES:
            yield "density", float(density), seed, sample(density, 0.0, 2, seed)
        for imbalance in IMBALANCES:
            yield "imbalance", imbalance, seed, sample(MIDDLE, imbalance, 2, seed)
        for depth in DEPTHS:
            yield "depth", depth, seed, sample(MIDDLE, 0.5, depth, seed)


def sample(density: Fraction, imbalance: float, depth: int, seed: int) -> Sample:
    """One design point on one draw, estimated by the statistical model."""
    told = replace(point(density, depth), name=f"d {density}, s {imbalance}, depth {depth}, seed {seed}")
    ladder = Ladder(point_subject(told, operands(density, imbalance, seed)), resolve("engine", "fast"))
    return Sample(
        "design point", "sweep", told.name, "sparseloop", ladder.compare(resolve("model", "sparseloop"))
    )
