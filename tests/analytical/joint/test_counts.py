"""Exact counts of design points small enough to count by hand; letters name rules of docs/design_points.md."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from simulator.analytical.joint import estimate
from simulator.errors import InputError
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.record.estimate import Counts, Estimate
from simulator.workload.product import Access, Product, access

Terms = tuple[tuple[tuple[str, int], ...], ...]


def _gemm(m: int, n: int, k: int) -> Product:
    sizes = {"m": m, "n": n, "k": k}
    a, b, z = (_tensor(name, sizes, *ranks) for name, ranks in (("A", "mk"), ("B", "kn"), ("Z", "mn")))
    return Product("gemm", tuple(sizes.items()), (a, b), z)


def _tensor(name: str, sizes: dict[str, int], *ranks: str) -> Access:
    return access(name, tuple(((rank, 1),) for rank in ranks), sizes)


def _conv(p: int, r: int) -> Product:
    sizes = {"p": p, "r": r}
    inputs = access("I", ((("p", 1), ("r", 1)),), sizes)
    return Product("conv", tuple(sizes.items()), (inputs, _tensor("W", sizes, "r")), _tensor("O", sizes, "p"))


def _point(product: Product, levels: list[dict[str, Any]], **parts: Any) -> DesignPoint:
    """Levels as dicts: temporal and spatial as texts like ``m2 n4``, keeps, and fields of the memory."""
    nests, memories, instances = [], [], 1
    every = "".join(t.name for t in product.tensors)
    for at, level in enumerate(levels):
        given = dict(level)
        temporal, spatial = (
            _loops(given.pop(name, ""), axis) for name, axis in (("temporal", ""), ("spatial", "X"))
        )
        keeps, lonely = frozenset(given.pop("keeps", every)), frozenset(given.pop("lonely", ""))
        nests.append(LevelNest(f"L{at}", temporal, spatial, keeps, no_multicast=lonely))
        memories.append(Storage(f"L{at}", f"L{at}", "SRAM", instances, instances, 1, 8, **given))
        for loop in spatial:
            instances *= loop.bound
    instances = parts.pop("multipliers", instances)
    multipliers = Compute("mac", "mac", instances, instances, 1, 8)
    return DesignPoint(
        "hand", product, Hierarchy("hand", tuple(memories), multipliers), Nest(tuple(nests)), **parts
    )


def _loops(text: str, axis: str) -> tuple[Loop, ...]:
    found = []
    for word in text.split():
        bound, _, last = word[1:].partition(",")
        found.append(Loop(word[0], int(bound), int(last or bound), axis))
    return tuple(found)


def _rule(kind: str, follower: str, *leaders: str) -> Rule:
    return Rule(kind, (Condition(follower, leaders),))


def _format(tensor: str, *kinds: str, bits: int = 4) -> Representation:
    return Representation(tensor, tuple(RankFormat(kind, bits, bits) for kind in kinds))


def _actual(told: Estimate, level: int, tensor: str) -> dict[str, Any]:
    """Accesses that are not 0."""
    counts = told.levels[level].tensors[tensor]
    return {name: c.actual for name, c in counts.items() if c.actual}


def _ones(product: Product) -> dict[str, Any]:
    return {t.name: np.ones(t.shape, bool) for t in product.operands}


def test_a_dense_gemm_of_two_levels() -> None:
    product = _gemm(8, 8, 16)
    point = _point(
        product,
        [
            {"temporal": "m2 n4", "read_bandwidth": Fraction(4), "write_bandwidth": Fraction(1)},
            {"temporal": "k16 n2", "spatial": "m4"},
        ],
    )
    told = estimate(point, _ones(product))
    assert _actual(told, 0, "A") == {"reads": 128}  # kept while n runs
    assert _actual(told, 0, "B") == {"reads": 256}
    assert _actual(told, 0, "Z") == {"updates": 64}  # never comes back
    assert _actual(told, 1, "A") == {"fills": 128, "reads": 1024}
    assert _actual(told, 1, "B") == {"fills": 256, "reads": 256}  # one read for four multipliers
    assert _actual(told, 1, "Z") == {"updates": 1024, "reads": 1024 - 64, "drains": 64}
    assert (told.cycles, told.compute_cycles, told.bound) == (256, 256, "compute")
    assert [level.cycles for level in told.levels] == [96, 0]
    assert told.computes == Counts(1024, 1024, 0, 0)


def test_bandwidth_of_the_slowest_memory_counts_rounded_up_once() -> None:
    product = _gemm(8, 8, 16)
    point = _point(
        product,
        [{"temporal": "m2 n4", "read_bandwidth": Fraction(7, 6)}, {"temporal": "k16 n2", "spatial": "m4"}],
    )
    told = estimate(point, _ones(product))
    assert (told.cycles, told.bound) == (-(-384 * 6 // 7), "L0")


def test_partial_sums_come_back_but_the_first_time() -> None:
    product = _gemm(2, 2, 4)
    told = estimate(_point(product, [{"temporal": "k2 m2 n2"}, {"temporal": "k2"}]), _ones(product))
    assert _actual(told, 0, "Z") == {"updates": 8, "reads": 4}
    assert _actual(told, 1, "Z") == {"fills": 4, "drains": 8, "updates": 16, "reads": 12}


def test_windows_slide_and_only_new_points_move() -> None:
    product = _conv(4, 3)
    told = estimate(_point(product, [{"temporal": "p4"}, {"temporal": "r3"}]), _ones(product))
    assert _actual(told, 0, "I") == {"reads": 6}
    assert _actual(told, 0, "W") == {"reads": 3}
    assert _actual(told, 1, "I") == {"fills": 6, "reads": 12}


@pytest.mark.parametrize(("lonely", "reads"), [("", 6), ("I", 12)])
def test_windows_of_neighbours_share_their_overlap(lonely: str, reads: int) -> None:
    product = _conv(4, 3)
    told = estimate(
        _point(product, [{"spatial": "p4", "lonely": lonely}, {"temporal": "r3"}]), _ones(product)
    )
    assert _actual(told, 0, "I") == {"reads": reads}
    assert _actual(told, 1, "I") == {"fills": 12, "reads": 12}
    assert _actual(told, 0, "W") == {"reads": 3}


def test_outputs_are_summed_on_the_way_out() -> None:
    product = _gemm(1, 1, 4)
    told = estimate(_point(product, [{"spatial": "k4"}, {}]), _ones(product))
    assert _actual(told, 0, "Z") == {"updates": 1}
    assert _actual(told, 1, "Z") == {"updates": 4, "drains": 4}


def test_an_imperfect_loop_runs_fewer_times_at_last() -> None:
    product = _gemm(1, 5, 1)
    told = estimate(_point(product, [{"temporal": "n2"}, {"temporal": "n3,2"}]), _ones(product))
    assert told.computes.actual == 5
    assert _actual(told, 1, "B") == {"fills": 5, "reads": 5}
    assert _actual(told, 1, "A") == {"fills": 1, "reads": 5}


def test_intersection_at_the_innermost_memory_leaves_effectual_products() -> None:
    product, rng = _gemm(4, 3, 8), np.random.default_rng(3)
    masks = {"A": rng.random((4, 8)) < 0.5, "B": rng.random((8, 3)) < 0.4}
    both = Features(
        {
            "L0": LevelFeatures(
                (_format("A", "CP"), _format("B", "CP")),
                (_rule("skipping", "A", "B"), _rule("skipping", "B", "A")),
            )
        }
    )
    told = estimate(_point(product, [{"temporal": "m4 n3 k8", "metadata_bits": 4}], features=both), masks)
    pairs = int((masks["A"].astype(int) @ masks["B"].astype(int)).sum())
    assert (told.cycles, told.computes.actual, told.computes.skipped) == (pairs, pairs, 0)
    assert _actual(told, 0, "A") == {"reads": pairs, "metadata_reads": pairs}
    assert told.levels[0].tensors["A"]["reads"] == Counts(96, pairs, 0, 3 * int(masks["A"].sum()) - pairs)


def test_gating_keeps_the_cycle_and_skipping_at_compute_loses_it() -> None:
    product, rng = _gemm(4, 3, 8), np.random.default_rng(4)
    masks = {"A": rng.random((4, 8)) < 0.5, "B": rng.random((8, 3)) < 0.4}
    alive = 3 * int(masks["A"].sum())
    levels = [{"temporal": "m4 n3 k8"}]
    gate = Features({"L0": LevelFeatures((), (_rule("gating", "B", "A"),))})
    told = estimate(_point(product, levels, features=gate), masks)
    assert (told.cycles, told.computes) == (96, Counts(96, alive, 96 - alive, 0))
    assert told.levels[0].tensors["B"]["reads"] == Counts(96, alive, 96 - alive, 0)
    assert _actual(told, 0, "A") == {"reads": 96}  # uncompressed, and nobody's follower
    skip = Features({"L0": LevelFeatures((_format("A", "B", bits=1),))}, ("skipping",))
    told = estimate(_point(product, levels, features=skip), masks)
    assert (told.cycles, told.computes) == (alive, Counts(96, alive, 0, 96 - alive))
    both = replace(skip, levels={"L0": LevelFeatures((_format("A", "CP"), _format("B", "CP")))})
    told = estimate(_point(product, levels, features=both), masks)
    pairs = int((masks["A"].astype(int) @ masks["B"].astype(int)).sum())
    none = int((~masks["A"]).astype(int).sum(axis=0) @ (~masks["B"]).astype(int).sum(axis=1))
    assert told.computes == Counts(96, pairs, 0, 96 - pairs - none)


def test_a_tile_is_skipped_when_its_leader_is_empty_while_it_stays() -> None:
    product = _gemm(2, 2, 4)
    masks = {"A": np.ones((2, 4), bool), "B": np.array([[0, 0], [0, 0], [0, 1], [0, 0]], bool)}
    skip = Features({"L0": LevelFeatures((), (_rule("skipping", "A", "B"),))})
    levels = [{"temporal": "m2 k2 n2"}, {"temporal": "k2"}]
    told = estimate(_point(product, levels, features=skip), masks)
    # tiles of A: (m, k half); while n runs the half of B is empty for k 0..1, not for k 2..3
    assert told.levels[0].tensors["A"]["reads"] == Counts(8, 4, 0, 4)
    assert _actual(told, 1, "A") == {"fills": 4, "reads": 8}
    assert told.computes.actual == 8
    told = estimate(_point(product, [{"temporal": "m2 n2 k2"}, {"temporal": "k2"}], features=skip), masks)
    assert told.levels[0].tensors["A"]["reads"] == Counts(16, 4, 0, 12)  # n outside: each half is sent anew
    assert told.computes.actual == 4


def test_a_multicast_read_happens_when_one_child_needs_it() -> None:
    product = _gemm(1, 2, 2)
    masks = {"A": np.ones((1, 2), bool), "B": np.array([[1, 0], [0, 0]], bool)}
    skip = Features({"L0": LevelFeatures((), (_rule("skipping", "A", "B"),))})
    told = estimate(_point(product, [{"temporal": "k2", "spatial": "n2"}, {}], features=skip), masks)
    assert told.levels[0].tensors["A"]["reads"] == Counts(2, 1, 0, 1)
    assert _actual(told, 1, "A") == {"fills": 1, "reads": 1}


def test_what_passes_a_memory_is_removed_below_it_only() -> None:
    product = _gemm(1, 1, 4)
    masks = {"A": np.array([[1, 0, 0, 1]], bool), "B": np.ones((4, 1), bool)}
    skip = Features({"L1": LevelFeatures((), (_rule("skipping", "B", "A"),))})
    told = estimate(_point(product, [{"temporal": "k4"}, {"keeps": "Z"}], features=skip), masks)
    assert _actual(told, 0, "B") == {"reads": 4}
    assert told.computes.actual == 2


def test_updates_of_ineffectual_products_are_removed() -> None:
    product = _gemm(1, 1, 4)
    masks = {"A": np.array([[1, 0, 1, 1]], bool), "B": np.array([[1], [1], [0], [1]], bool)}
    for kind, place in (("skipping", (0, 2)), ("gating", (2, 0))):
        rule = Features({"L0": LevelFeatures((), (_rule(kind, "Z", "A", "B"),))})
        told = estimate(_point(product, [{"temporal": "k4"}], features=rule), masks)
        assert told.levels[0].tensors["Z"]["updates"] == Counts(4, 2, *place)
        assert told.levels[0].tensors["Z"]["reads"] == Counts(3, 1, *place)
        assert told.cycles == 4


def test_formats_count_their_entries() -> None:
    product = _gemm(3, 1, 4)
    a = np.array([[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], bool)
    expected = {
        ("U", "CP"): 3,
        ("UOP", "CP"): (3 + 1) + 3,
        ("CP", "CP"): 2 + 3,
        ("CP", "B"): 2 + 2 * 4,
        ("UOP", "B"): 4 + 3 * 4,
        ("B", "UB"): 3 + 3 * 4,
        ("CP", "UOP"): 2 + 2 * (4 + 1),
        ("B", "RLE"): 3 + 3,
    }
    for kinds, entries in expected.items():
        told = LevelFeatures((_format("A", *kinds, bits=8),))
        point = _point(
            product,
            [{"metadata_bits": 8}, {"temporal": "m3 k4", "metadata_bits": 8}],
            features=Features({"L0": told, "L1": told}),
        )
        found = estimate(point, {"A": a, "B": np.ones((4, 1), bool)})
        compressed = any(kind in ("CP", "B", "RLE") for kind in kinds)
        assert _actual(found, 0, "A") == {"reads": 3 if compressed else 12, "metadata_reads": entries}, kinds


def test_long_runs_of_zeros_take_entries_of_their_own() -> None:
    product = _gemm(1, 1, 16)
    a = np.zeros((1, 16), bool)
    a[0, [0, 9]] = True
    for bits, entries in ((1, 2 + 4), (2, 2 + 2), (3, 2 + 1), (4, 2)):
        told = LevelFeatures((Representation("A", (RankFormat("RLE", bits),)),))
        point = _point(product, [{"metadata_bits": 1}, {"temporal": "k16"}], features=Features({"L0": told}))
        found = estimate(point, {"A": a, "B": np.ones((16, 1), bool)})
        assert found.levels[0].tensors["A"]["metadata_reads"].actual == entries * bits


def test_spatial_loops_hold_the_leaders_non_zeros() -> None:
    product, rng = _gemm(2, 3, 8), np.random.default_rng(5)
    masks = {"A": rng.random((2, 8)) < 0.5, "B": np.ones((8, 3), bool)}
    skip = Features({"L0": LevelFeatures((), (_rule("spatial-skipping", "B", "A"),))})
    levels = [{"temporal": "m2 n3", "spatial": "k8"}]
    for lanes in (1, 2, 3, 8):
        told = estimate(_point(product, levels, features=skip, multipliers=lanes), masks)
        rounds = sum(3 * -(-int(row.sum()) // lanes) for row in masks["A"])
        assert told.cycles == rounds
        assert told.computes.actual == 3 * int(masks["A"].sum())


def test_positions_of_both_operands_are_packed() -> None:
    product, rng = _gemm(8, 6, 5), np.random.default_rng(6)
    masks = {"A": rng.random((8, 5)) < 0.5, "B": rng.random((5, 6)) < 0.5}
    rules = (_rule("position-skipping", "A"), _rule("position-skipping", "B"))
    stored = (_format("A", "B", "B", bits=1), _format("B", "B", "B", bits=1))
    levels = [{"temporal": "k5"}, {"temporal": "m4 n3", "spatial": "m2 n2", "keeps": "AB"}]
    told = estimate(_point(product, levels, features=Features({"L1": LevelFeatures(stored, rules)})), masks)
    rounds = sum(-(-int(masks["A"][:, k].sum()) // 2) * -(-int(masks["B"][k].sum()) // 2) for k in range(5))
    assert told.cycles == rounds
    assert told.computes.actual == int((masks["A"].astype(int) @ masks["B"].astype(int)).sum())


def test_of_alternatives_the_one_that_removes_most_is_there() -> None:
    product = _gemm(4, 1, 4)
    masks = {"A": np.eye(4, dtype=bool), "B": np.array([[1], [1], [1], [0]], bool)}
    options = Rule("skipping", (Condition("A", ("B",)), Condition("B", ("A",))))
    told = estimate(
        _point(product, [{"temporal": "m4 k4"}], features=Features({"L0": LevelFeatures((), (options,))})),
        masks,
    )
    assert _actual(told, 0, "A") == {"reads": 16}
    assert told.levels[0].tensors["B"]["reads"] == Counts(16, 4, 0, 12)


def test_what_cannot_be_is_refused() -> None:
    product = _gemm(2, 2, 2)
    levels: list[dict[str, Any]] = [{"temporal": "m2 n2"}, {"temporal": "k2"}]
    masks = _ones(product)
    with pytest.raises(InputError, match="operand 'B' was not given"):
        estimate(_point(product, levels), {"A": masks["A"]})
    with pytest.raises(InputError, match=r"'A' has shape \(3, 2\), the product has \(2, 2\)"):
        estimate(_point(product, levels), {**masks, "A": np.ones((3, 2))})
    with pytest.raises(InputError, match="no tensor 'Y'"):
        estimate(_point(product, levels), {**masks, "Y": masks["A"]})
    outer = Features({"L0": LevelFeatures((), (_rule("skipping", "Z", "A"),))})
    with pytest.raises(InputError, match="stands at the innermost memory that keeps it, L1"):
        estimate(_point(product, levels, features=outer), masks)
    missing: list[dict[str, Any]] = [{"temporal": "m2 n2", "keeps": "AZ"}, {"temporal": "k2"}]
    with pytest.raises(InputError, match="L0, the outermost memory, must keep 'B'"):
        estimate(_point(product, missing), masks)
