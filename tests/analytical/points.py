"""A design point small enough to check by hand."""

from __future__ import annotations

from fractions import Fraction

from simulator.hardware.hierarchy import Compute, Hierarchy, Storage, Timing
from simulator.hardware.saf import Features, LevelFeatures
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product, access

EVERY = frozenset({"A", "B", "Z"})


def loop(rank: str, bound: int, axis: str = "") -> Loop:
    """A perfect loop."""
    return Loop(rank, bound, bound, axis)


def product(m: int, n: int, k: int) -> Product:
    """Z[m,n] += A[m,k] B[k,n]."""
    sizes = {"m": m, "n": n, "k": k}

    def tensor(name: str, *ranks: str) -> Access:
        return access(name, tuple(((rank, 1),) for rank in ranks), sizes)

    operands = tensor("A", "m", "k"), tensor("B", "k", "n")
    return Product("gemm", tuple(sizes.items()), operands, tensor("Z", "m", "n"))


def gemm(
    bandwidth: int | None = 4,
    features: dict[str, LevelFeatures] | None = None,
    density: dict[str, Fraction] | None = None,
    compute: tuple[str, ...] = (),
    latency: int = 1,
) -> DesignPoint:
    """8 x 8 x 16 on 4 multipliers below a buffer below a DRAM of `bandwidth` words per cycle each way."""
    rate = None if bandwidth is None else Fraction(bandwidth)
    dram = Storage(
        "dram", "dram", "DRAM", 1, 1, 1, 8, read_bandwidth=rate, write_bandwidth=rate, timing=Timing(latency)
    )
    buffer = Storage("buffer", "buffer", "SRAM", 1, 1, 1, 8, capacity=256)
    nest = Nest(
        (
            LevelNest("dram", (loop("m", 2), loop("n", 4)), (), EVERY),
            LevelNest("buffer", (loop("k", 16), loop("n", 2)), (loop("m", 4, "X"),), EVERY),
        )
    )
    told = {name: Occupancy("hypergeometric", value) for name, value in (density or {}).items()}
    return DesignPoint(
        "gemm",
        product(8, 8, 16),
        Hierarchy("two levels", (dram, buffer), Compute("mac", "mac", 4, 4, 1, 8)),
        nest,
        Features(features or {}, compute),
        told,
    )
