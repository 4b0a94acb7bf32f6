"""Random design points, for tests of everything that reads, estimates or runs one.

A point is drawn through a `Draw` (see networks.py), so the same code serves a seeded generator and Hypothesis. What is drawn
is always legal: factors multiply to the sizes (imperfect ones too, where asked for), tiles fit, every level has a rank for each
loop of a tensor it compresses, and the formats of a level end in those of the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from networks import Draw, choice

from simulator.energy.reference_table import ReferenceTable
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage, Timing
from simulator.hardware.saf import (
    Condition,
    Features,
    LevelFeatures,
    RankFormat,
    Representation,
    Rule,
)
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Product, access

Bits = np.ndarray
COMPRESSED, OPEN = ("CP", "B", "RLE"), ("U", "UOP", "UB")
SIZES = (1, 2, 3, 4, 5, 6, 8, 12)


@dataclass(frozen=True)
class Shape:
    """A product without sizes: the terms of each tensor's axes, the output last."""

    name: str
    ranks: str
    tensors: tuple[tuple[str, tuple[tuple[tuple[str, int], ...], ...]], ...]


def _axes(names: str) -> tuple[tuple[tuple[str, int], ...], ...]:
    return tuple(((name, 1),) for name in names)


SHAPES = (
    Shape("gemm", "MNK", (("A", _axes("MK")), ("B", _axes("KN")), ("Z", _axes("MN")))),
    Shape("matvec", "MK", (("A", _axes("MK")), ("B", _axes("K")), ("Z", _axes("M")))),
    Shape("outer", "MN", (("A", _axes("M")), ("B", _axes("N")), ("Z", _axes("MN")))),
    Shape(
        "conv1d",
        "CMPR",
        (("I", (*_axes("C"), (("P", 1), ("R", 1)))), ("W", _axes("CMR")), ("O", _axes("MP"))),
    ),
    Shape(
        "strided",
        "CPQRS",
        (
            ("I", (*_axes("C"), (("P", 2), ("R", 1)), (("Q", 1), ("S", 2)))),
            ("W", _axes("CRS")),
            ("O", _axes("PQ")),
        ),
    ),
    Shape(
        "mttkrp", "IJKL", (("T", _axes("IKL")), ("B", _axes("KJ")), ("C", _axes("LJ")), ("Z", _axes("IJ")))
    ),
    Shape("contraction", "ABCDE", (("X", _axes("ABE")), ("Y", _axes("ECD")), ("Z", _axes("ABCD")))),
)


def random_product(draw: Draw, most: int = 2048, shapes: Sequence[Shape] = SHAPES) -> Product:
    """A product of at most `most` multiplications."""
    shape = choice(draw, shapes)
    sizes: dict[str, int] = {}
    for rank in shape.ranks:
        left = most // math.prod(sizes.values())
        sizes[rank] = choice(draw, [size for size in SIZES if size <= max(left, 1)])
    tensors = [access(name, axes, sizes) for name, axes in shape.tensors]
    return Product(shape.name, tuple(sizes.items()), tuple(tensors[:-1]), tensors[-1])


def random_point(
    draw: Draw,
    *,
    most: int = 2048,
    levels: int = 4,
    sparse: bool = True,
    imperfect: bool = False,
    spatial: bool = True,
    packing: bool = False,
    bandwidths: bool = True,
    shapes: Sequence[Shape] = SHAPES,
) -> DesignPoint:
    """A design point.

    Parameters
    ----------
    draw : Draw
    most : int
        Multiplications at most.
    levels : int
        Memories at most.
    sparse, imperfect, spatial, packing, bandwidths : bool
        Whether there are formats and rules, loops with another last round, spatial loops, rules that pack non-zeros onto
        lanes (``spatial-skipping``), limited bandwidths.
    shapes : sequence of Shape
        What to multiply.
    """
    product = random_product(draw, most, shapes)
    count = draw.integer(1, levels)
    nest = _random_nest(draw, product, count, imperfect, spatial)
    hierarchy = _random_hierarchy(draw, product, nest, bandwidths)
    features = _random_features(draw, product, hierarchy, nest, packing) if sparse else Features()
    names = [*(s.name for s in hierarchy.storage), hierarchy.compute.name]
    return DesignPoint(
        "random",
        product,
        hierarchy,
        nest,
        features,
        _occupancies(draw, product, sparse),
        _energies(draw, names),
    )


def random_tensors(draw: Draw, point: DesignPoint) -> dict[str, Bits]:
    """Masks of the operands, each of its own random density; the output's has a one where any product is effectual.

    Returns
    -------
    dict of str to ndarray of bool
        Of the shape of each tensor.
    """
    rng = np.random.default_rng(draw.integer(0, 2**32 - 1))
    densities = (0.0, 0.1, 0.3, 0.5, 0.8, 1.0)
    masks = {t.name: rng.random(t.shape) < choice(draw, densities) for t in point.product.operands}
    masks[point.product.output.name] = effectual_output(point.product, masks)
    return masks


def effectual_output(product: Product, masks: dict[str, Bits]) -> Bits:
    """Where the output has at least one product of non-zeros: every point of the iteration space is visited."""
    grid = np.meshgrid(*(np.arange(size) for _, size in product.ranks), indexing="ij")
    at = {rank: grid[i].ravel() for i, (rank, _) in enumerate(product.ranks)}
    alive = np.ones(product.computes, bool)
    for tensor in product.operands:
        where = tuple(
            sum((c * at[rank] for rank, c in axis.terms), 0 * grid[0].ravel()) for axis in tensor.axes
        )
        alive &= masks[tensor.name][where]
    out = np.zeros(product.output.shape, bool)
    where = tuple(
        sum((c * at[rank] for rank, c in axis.terms), 0 * grid[0].ravel()) for axis in product.output.axes
    )
    out[tuple(index[alive] for index in where)] = True
    return out


def _random_nest(draw: Draw, product: Product, count: int, imperfect: bool, spatial: bool) -> Nest:
    """Sizes split over temporal and spatial slots, outermost first; at most 16 instances in all."""
    slots: list[dict[str, tuple[int, int]]] = [{} for _ in range(2 * count)]
    lanes = [16]
    for rank, size in product.ranks:
        _split(draw, rank, size, slots, lanes, imperfect, spatial)
    built = []
    tensors = [tensor.name for tensor in product.tensors]
    for i in range(count):
        keeps = frozenset(tensors if i == 0 else [name for name in tensors if draw.integer(0, 2)])
        inner = _shuffled(draw, list(slots[2 * i]))
        temporal = tuple(Loop(rank, *slots[2 * i][rank]) for rank in inner)
        across = _shuffled(draw, list(slots[2 * i + 1]))
        along_y = draw.integer(0, len(across))
        lanes_of = tuple(
            Loop(rank, *slots[2 * i + 1][rank], "Y" if place < along_y else "X")
            for place, rank in enumerate(across)
        )
        lonely = frozenset(tensors[:1]) if lanes_of and draw.integer(0, 5) == 0 else frozenset()
        built.append(LevelNest(f"L{i}", temporal, lanes_of, keeps, no_multicast=lonely))
    return Nest(tuple(built))


def _split(
    draw: Draw,
    rank: str,
    size: int,
    slots: list[dict[str, tuple[int, int]]],
    lanes: list[int],
    imperfect: bool,
    spatial: bool,
) -> None:
    """Choose bounds from the innermost slot outwards; an imperfect one leaves a last round that is shorter."""
    left = size
    for index in reversed(range(len(slots))):
        across = index % 2 == 1
        if index == 0:
            bound, last = left, left
        elif across and not spatial:
            continue
        else:
            bound, last = _bound(draw, left, imperfect, lanes[0] if across else left)
        if across:
            lanes[0] //= bound
        if bound > 1:
            slots[index][rank] = (bound, last)
        left = -(-left // bound)


def _bound(draw: Draw, left: int, imperfect: bool, most: int) -> tuple[int, int]:
    most = min(left, most)
    if imperfect and draw.integer(0, 3) == 0:
        bound = draw.integer(1, most)
        return bound, left - bound * (-(-left // bound) - 1)
    bound = choice(draw, [b for b in range(1, most + 1) if left % b == 0])
    return bound, bound


def _shuffled(draw: Draw, names: list[str]) -> list[str]:
    out: list[str] = []
    while names:
        out.append(names.pop(draw.integer(0, len(names) - 1)))
    return out


def tile_shape(product: Product, nest: Nest, tensor: str, level: int) -> tuple[int, ...]:
    """Extent of the tile of a tensor at a level: all loops of the level and deeper, at their full bounds."""
    reach = dict.fromkeys(dict(product.ranks), 1)
    for i, loop in nest.loops():
        if i >= level:
            reach[loop.rank] *= loop.bound
    reach = {rank: min(n, product.size(rank)) for rank, n in reach.items()}
    axes = product.tensor(tensor).axes
    return tuple(1 + sum(c * (reach[rank] - 1) for rank, c in axis.terms) for axis in axes)


def _random_hierarchy(draw: Draw, product: Product, nest: Nest, bandwidths: bool) -> Hierarchy:
    storages = []
    x = y = 1
    for i, level in enumerate(nest.levels):
        kept = sum(math.prod(tile_shape(product, nest, name, i)) for name in level.keeps)
        word = choice(draw, (8, 16))
        name = f"L{i}" + (f"[0..{x * y - 1}]" if x * y > 1 else "")
        outermost = i == 0
        storages.append(
            Storage(
                level.level,
                f"system.{name}",
                "DRAM" if outermost else "storage",
                x * y,
                x,
                y,
                word,
                block_size=choice(draw, (1, 1, 2, 4)),
                capacity=None if outermost else kept + draw.integer(0, 3) * kept,
                metadata_bits=64,
                metadata_capacity=1 << 16,
                read_bandwidth=_rate(draw, bandwidths),
                write_bandwidth=_rate(draw, bandwidths),
                timing=Timing(draw.integer(1, 3), choice(draw, (None, None, 1, 2)), draw.integer(1, 3)),
            )
        )
        x *= math.prod(loop.bound for loop in level.spatial if loop.axis == "X")
        y *= math.prod(loop.bound for loop in level.spatial if loop.axis == "Y")
    path = "system.MAC" + (f"[0..{x * y - 1}]" if x * y > 1 else "")
    return Hierarchy("system", tuple(storages), Compute("MAC", path, x * y, x, y, 8, draw.integer(1, 2)))


def _rate(draw: Draw, limited: bool) -> Fraction | None:
    rates = (None, None, Fraction(1), Fraction(2), Fraction(3), Fraction(16), Fraction(1, 2))
    return choice(draw, rates) if limited else None


def _random_features(
    draw: Draw, product: Product, hierarchy: Hierarchy, nest: Nest, packing: bool
) -> Features:
    formats: dict[str, list[Representation]] = {level.level: [] for level in nest.levels}
    for tensor in product.tensors:
        if draw.integer(0, 1):
            for level, representation in _formats(draw, product, nest, tensor.name):
                formats[level].append(representation)
    levels = {}
    for level in nest.levels:
        rules = _rules(draw, product, level, packing)
        if formats[level.level] or rules:
            levels[level.level] = LevelFeatures(tuple(formats[level.level]), rules)
    return Features(levels, choice(draw, ((), (), ("gating",), ("skipping",), ("gating", "skipping"))))


def _formats(draw: Draw, product: Product, nest: Nest, tensor: str) -> list[tuple[str, Representation]]:
    """A format at each level that keeps the tensor, from the innermost outwards, each ending in the last."""
    relevant = product.tensor(tensor).ranks
    kept = [i for i, level in enumerate(nest.levels) if tensor in level.keeps]
    made: list[tuple[str, Representation]] = []
    ranks: list[RankFormat] = []
    for position in reversed(range(len(kept))):
        last = kept[position + 1] if position + 1 < len(kept) else len(nest.levels)
        own = [loop for i, loop in nest.loops() if kept[position] <= i < last and loop.rank in relevant]
        for _ in range(max(len(own), 0 if ranks else 1)):
            kinds = (
                OPEN
                if ranks and not ranks[0].compressed
                else COMPRESSED
                if not ranks
                else (*COMPRESSED, *OPEN)
            )
            ranks.insert(0, _rank_format(draw, choice(draw, kinds)))
        inner_first = bool(draw.integer(0, 1))
        made.append((nest.levels[kept[position]].level, Representation(tensor, tuple(ranks), inner_first)))
    return made


def _rank_format(draw: Draw, kind: str) -> RankFormat:
    if kind == "U":
        return RankFormat("U")
    metadata = 1 if kind in ("B", "UB") else 0 if kind == "UOP" else choice(draw, (2, 4, 8))
    return RankFormat(kind, metadata, choice(draw, (0, 0, 8)) if kind == "UOP" else 0)


def _rules(draw: Draw, product: Product, level: LevelNest, packing: bool) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    operands = [tensor.name for tensor in product.operands]
    for follower in sorted(level.keeps):
        leaders = [name for name in operands if name != follower]
        if not leaders or draw.integer(0, 2):
            continue
        chosen = (
            tuple(leaders) if follower not in operands else tuple(leaders[: draw.integer(1, len(leaders))])
        )
        kinds = (
            ("gating", "skipping", "spatial-skipping")
            if packing and level.spatial
            else ("gating", "skipping")
        )
        rules.append(Rule(choice(draw, kinds), (Condition(follower, chosen),)))
    return tuple(rules)


def _occupancies(draw: Draw, product: Product, sparse: bool) -> dict[str, Occupancy]:
    if not sparse:
        return {}
    densities = (Fraction(1, 4), Fraction(1, 2), Fraction(73, 100), Fraction(1))
    kinds = ("fixed-structured", "hypergeometric")
    return {t.name: Occupancy(choice(draw, kinds), choice(draw, densities)) for t in product.operands}


def _energies(draw: Draw, names: list[str]) -> ReferenceTable:
    actions = ("read", "write", "gated_read", "metadata_read", "metadata_write")
    energy = {name: {action: draw.integer(0, 400) / 8 for action in actions} for name in names[:-1]}
    energy[names[-1]] = {"compute": draw.integer(1, 80) / 8, "gated_compute": 0.125}
    return ReferenceTable(energy)
