"""Random design points: small enough for an oracle of sets, odd enough to meet every rule."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from simulator.hardware.hierarchy import Compute, Hierarchy, Storage, Timing
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.workload.product import Access, Product, access

EXPRESSIONS = {
    "gemm": ("mkn", {"A": "m,k", "B": "n,k"}, "m,n"),
    "conv": ("mcprs", {"W": "m,c,r", "I": "c,p+r"}, "m,p"),
    "strided": ("mpr", {"W": "m,r", "I": "2p+r"}, "m,p"),
    "mttkrp": ("ijkr", {"T": "i,j,k", "B": "j,r", "C": "k,r"}, "i,r"),
    "contraction": ("abcd", {"X": "a,c,d", "Y": "d,b,c"}, "a,b"),
    "vector": ("ik", {"A": "i,k", "B": "k"}, "i"),
    "dot": ("k", {"A": "k", "B": "k"}, ""),
}


def _terms(text: str) -> tuple[tuple[tuple[str, int], ...], ...]:
    axes = []
    for axis in filter(None, text.split(",")):
        terms = [term.strip() for term in axis.split("+")]
        axes.append(tuple((t[-1], int(t[:-1] or 1)) for t in terms))
    return tuple(axes)


def product(name: str, sizes: dict[str, int]) -> Product:
    """One of EXPRESSIONS with sizes of ranks."""
    ranks, operands, output = EXPRESSIONS[name]
    own = {rank: sizes[rank] for rank in ranks if rank in sizes}
    tensors: list[Access] = [access(t, _terms(text), own) for t, text in operands.items()]
    return Product(name, tuple(own.items()), tuple(tensors), access("Z", _terms(output), own))


def storage(name: str, instances: int = 1, **more: object) -> Storage:
    return Storage(name, name, "SRAM", instances, instances, 1, 16, **more)


def random_point(seed: int) -> tuple[DesignPoint, dict[str, np.ndarray]]:
    """A random design point and its tensors."""
    rng = np.random.default_rng(seed)

    def pick(options):
        return options[int(rng.integers(len(options)))]

    name = pick(list(EXPRESSIONS))
    ranks = EXPRESSIONS[name][0]
    most = {1: 24, 2: 9, 3: 7, 4: 4, 5: 3}[len(ranks)]
    shape = product(name, {rank: int(rng.integers(1, most + 1)) for rank in ranks})
    depth = int(rng.integers(1, 5))
    placed: list[list[Loop]] = [[] for _ in range(depth)]
    for rank, size in shape.ranks:
        left = size
        for level in range(depth):
            for axis in ("", "X"):
                if left == 1:
                    continue
                last = level == depth - 1 and axis == "X"
                bound = int(rng.integers(1, left + 1)) if rng.random() < 0.6 else 1
                if axis and rng.random() < 0.5:
                    bound = 1
                if last:
                    bound = left
                    axis_now = pick(["", "X"]) if bound <= 4 else ""
                else:
                    axis_now = axis
                if axis_now and math.prod(x.bound for x in placed[level] if x.axis) * bound > 6:
                    axis_now = ""
                if bound > 1:
                    placed[level].append(Loop(rank, bound, bound, axis_now))
                left = -(-left // bound)
    names = [f"L{i}" for i in range(depth)]
    tensors = [t.name for t in shape.tensors]
    levels, memories, instances = [], [], 1
    for i in range(depth):
        rng.shuffle(placed[i])
        temporal = tuple(x for x in placed[i] if not x.axis)
        spatial = tuple(x for x in placed[i] if x.axis)
        keeps = frozenset(t for t in tensors if i == 0 or rng.random() < 0.7)
        alone = frozenset(t for t in tensors if rng.random() < 0.2)
        levels.append(LevelNest(names[i], temporal, spatial, keeps, alone))
        rates = [
            Fraction(int(rng.integers(1, 9)), int(rng.integers(1, 4))) if rng.random() < 0.6 else None
            for _ in range(2)
        ]
        shared = rng.random() < 0.2
        memories.append(
            Storage(
                names[i],
                f"system.{names[i]}",
                "DRAM" if i == 0 else "SRAM",
                instances,
                instances,
                1,
                pick([8, 16, 12]),
                metadata_bits=pick([0, 4, 8, 5]),
                read_bandwidth=rates[0],
                write_bandwidth=rates[1],
                shared_bandwidth=Fraction(int(rng.integers(1, 9)), 2) if shared else None,
                timing=Timing(int(rng.integers(1, 9)), pick([None, 1, 2, 3]), int(rng.integers(1, 5))),
            )
        )
        instances *= math.prod(x.bound for x in spatial)
    hierarchy = Hierarchy(
        "machine",
        tuple(memories),
        Compute("mac", "system.mac", instances, instances, 1, 16, int(rng.integers(1, 5))),
    )
    point = DesignPoint(f"random {seed}", shape, hierarchy, Nest(tuple(levels)))
    density = pick([0.2, 0.5, 0.8, 1.0])
    values = {
        t.name: np.where(
            rng.random(t.shape) < density, rng.integers(1, 9, t.shape) * pick([1, -1]), 0
        ).astype(np.int64)
        for t in shape.operands
    }
    return _with_features(point, rng, pick), values


def _with_features(point: DesignPoint, rng: np.random.Generator, pick) -> DesignPoint:
    from dataclasses import replace

    operands, output = [t.name for t in point.product.operands], point.product.output.name
    features = {}
    for i, level in enumerate(point.nest.levels):
        told, rules = [], []
        for tensor in [*operands, output]:
            if tensor in level.keeps and rng.random() < 0.6:
                count = int(rng.integers(1, 4))
                ranks = []
                for _ in range(count):
                    flattened = None
                    if rng.random() < 0.2:
                        some = [r for r, _ in point.product.ranks if rng.random() < 0.6]
                        flattened = (tuple(some),) if some else None
                    bits = pick([None, 1, 2, 3, 8])
                    ranks.append(
                        RankFormat(
                            pick(["U", "UOP", "CP", "B", "UB", "RLE"]), bits, pick([None, 4]), flattened
                        )
                    )
                told.append(Representation(tensor, tuple(ranks), bool(rng.random() < 0.5)))
        for tensor in operands:
            if rng.random() < 0.4:
                others = [t for t in operands if t != tensor]
                leaders = tuple(sorted({pick(others) for _ in range(2)}))
                options = [Condition(tensor, leaders)]
                if rng.random() < 0.3:
                    options.append(Condition(leaders[0], (tensor,)))
                kind = pick(["gating", "skipping", "skipping", "spatial-skipping"])
                rules.append(Rule(kind, tuple(options)))
        if point.kept(output)[-1] == i and rng.random() < 0.4:
            rules.append(Rule(pick(["gating", "skipping"]), (Condition(output, tuple(operands)),)))
        features[level.level] = LevelFeatures(tuple(told), tuple(rules))
    packs = [n for n, f in features.items() if any(r.kind == "spatial-skipping" for r in f.rules)]
    for extra in packs[1:]:
        plain = tuple(
            Rule("skipping", r.options) if r.kind == "spatial-skipping" else r for r in features[extra].rules
        )
        features[extra] = LevelFeatures(features[extra].representations, plain)
    inner = [t for t in operands if point.kept(t)[-1] == len(point.nest.levels) - 1]
    if not packs and inner and rng.random() < 0.25:
        last = point.nest.levels[-1].level
        chosen, ranks = [], set()
        below = {loop.rank for loop in (*point.nest.levels[-1].temporal, *point.nest.levels[-1].spatial)}
        for t in inner:
            own = set(point.product.tensor(t).ranks) & below
            if not own & ranks:
                chosen.append(t)
                ranks |= own
        rules = (*features[last].rules, *(Rule("position-skipping", (Condition(t, ()),)) for t in chosen))
        features[last] = LevelFeatures(features[last].representations, rules)
    compute = tuple(kind for kind in ("gating", "skipping") if rng.random() < 0.4)
    return replace(point, features=Features(features, compute))
