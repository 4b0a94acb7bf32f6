"""The model as a whole: what it must equal, and what can never be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from design_points import SHAPES, random_point
from networks import Seeded

from simulator.analytical import joint
from simulator.analytical.sparseloop import MODES, estimate
from simulator.errors import InfeasibleError, InputError, SimulatorError
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Counts, Estimate
from simulator.workload.occupancy import Occupancy
from tests.analytical.points import gemm

CP = (RankFormat("UOP", payload_bits=8), RankFormat("CP", 4))
DATA = ("reads", "fills", "updates", "drains")


def accesses(found: Estimate) -> Iterator[tuple[tuple[str, str, str], Counts]]:
    for level in found.levels:
        for tensor, told in level.tensors.items():
            for access, counts in told.items():
                yield (level.name, tensor, access), counts


def of_data(found: Estimate) -> dict[tuple[str, str, str], Counts]:
    return {key: counts for key, counts in accesses(found) if key[2] in DATA and counts != Counts()}


def points(number: int, **chosen: object) -> Iterator[tuple[int, DesignPoint]]:
    for seed in range(number):
        yield seed, random_point(Seeded(seed), **chosen)


def close(mine: Counts, other: Counts) -> bool:
    return all(
        abs(float(getattr(mine, state)) - float(getattr(other, state))) < 1e-6
        for state in ("actual", "gated", "skipped")
    )


def test_full_tensors_are_counted_as_the_exact_model_counts_them() -> None:
    """Two tellings of the dense rules: closed forms here, tiles walked one by one there."""
    for seed, point in points(60, sparse=False):
        full = {tensor.name: np.ones(tensor.shape, bool) for tensor in point.product.tensors}
        exact, found = joint.estimate(point, full), estimate(point)
        assert found.cycles == exact.cycles, seed
        mine, other = of_data(found), of_data(exact)
        for key in mine.keys() | other.keys():
            assert close(mine.get(key, Counts()), other.get(key, Counts())), (seed, key)


def test_full_tensors_under_imperfect_loops_are_counted_exactly() -> None:
    """Single ranks, loops over time: nothing is assumed."""
    plain = [shape for shape in SHAPES if all(len(axis) == 1 for _, axes in shape.tensors for axis in axes)]
    imperfect = 0
    for seed, point in points(60, sparse=False, imperfect=True, spatial=False, shapes=plain):
        imperfect += any(loop.last != loop.bound for _, loop in point.nest.loops())
        full = {tensor.name: np.ones(tensor.shape, bool) for tensor in point.product.tensors}
        exact, found = joint.estimate(point, full), estimate(point)
        assert found.cycles == exact.cycles, seed
        mine, other = of_data(found), of_data(exact)
        for key in mine.keys() | other.keys():
            assert close(mine.get(key, Counts()), other.get(key, Counts())), (seed, key)
    assert imperfect > 10


def test_draws_are_counted_as_the_exact_model_counts_them_on_average() -> None:
    """Forty draws of masks with just the non-zeros declared: their mean is the expectation."""
    for seed in (2, 8, 18, 24, 30, 47):
        point = random_point(Seeded(seed), bandwidths=False, most=512)
        rng = np.random.default_rng(seed)
        nonzeros = {t.name: max(1, round(0.4 * t.size)) for t in point.product.operands}
        occupancy = {
            t.name: Occupancy("hypergeometric", Fraction(nonzeros[t.name], t.size))
            for t in point.product.operands
        }
        found = estimate(replace(point, occupancy=occupancy))
        drawn = []
        for _ in range(40):
            masks = {
                t.name: rng.permutation(t.size).reshape(t.shape) < nonzeros[t.name]
                for t in point.product.operands
            }
            masks[point.product.output.name] = np.ones(point.product.output.shape, bool)
            drawn.append(joint.estimate(point, masks))
        for state in ("actual", "gated", "skipped"):
            mean = float(np.mean([float(getattr(one.computes, state)) for one in drawn]))
            assert float(getattr(found.computes, state)) == pytest.approx(mean, rel=0.15, abs=6), (
                seed,
                state,
            )


@pytest.mark.parametrize("mode", MODES)
def test_actual_data_at_density_1_is_the_dense_model(mode: str) -> None:
    for seed, point in points(25, sparse=True):
        full = {t.name: np.ones(t.shape, bool) for t in point.product.tensors}
        told = {t.name: Occupancy("actual") for t in point.product.tensors}
        try:
            dense = estimate(replace(point, occupancy={}), mode)
        except SimulatorError:
            continue
        assert estimate(replace(point, occupancy=told), mode, full) == dense, seed


@pytest.mark.parametrize("mode", MODES)
def test_actual_data_of_a_structured_tensor_is_the_structured_model(mode: str) -> None:
    """Every other element along both ranks, in tiles of whole groups and in single elements."""
    features = {
        "dram": LevelFeatures((Representation("A", (CP[0], *CP)),)),
        "buffer": LevelFeatures((Representation("A", CP),), (Rule("skipping", (Condition("B", ("A",)),)),)),
    }
    point = gemm(features=features, compute=("skipping",))
    mask = {"A": np.indices((8, 16)).sum(axis=0) % 2 == 0}
    told = replace(point, occupancy={"A": Occupancy("fixed-structured", Fraction(1, 2))})
    counted = replace(point, occupancy={"A": Occupancy("actual")})
    one, other = estimate(told, mode), estimate(counted, mode, mask)
    assert (one.cycles, one.computes) == (other.cycles, other.computes)
    assert dict(accesses(one)) == dict(accesses(other))


@pytest.mark.parametrize("mode", MODES)
def test_more_bandwidth_never_costs_cycles(mode: str) -> None:
    for seed, point in points(40):
        wide = replace(
            point.hierarchy,
            storage=tuple(
                replace(
                    s, read_bandwidth=_double(s.read_bandwidth), write_bandwidth=_double(s.write_bandwidth)
                )
                for s in point.hierarchy.storage
            ),
        )
        try:
            before = estimate(point, mode)
        except SimulatorError:
            continue
        after = estimate(replace(point, hierarchy=wide), mode)
        assert before.compute_cycles <= after.cycles <= before.cycles, seed
        assert dict(accesses(after)) == dict(accesses(before))


def _double(rate: Fraction | None) -> Fraction | None:
    return None if rate is None else 2 * rate


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_counted_twice(mode: str) -> None:
    """Actual, gated and skipped are parts of the algorithmic count; the rest does not exist."""
    for seed, point in points(60):
        try:
            found = estimate(point, mode)
        except SimulatorError:
            continue
        told = [counts for key, counts in accesses(found) if key[2] in DATA]
        for counts in (found.computes, *told):
            parts = [float(counts.actual), float(counts.gated), float(counts.skipped)]
            assert min(parts) >= -1e-6, seed
            assert sum(parts) <= float(counts.algorithmic) + 1e-6, seed


def test_the_innermost_gate_keeps_its_cycles_by_default_only() -> None:
    """Half of B is zero; A's reads are gated by it: the artifact's machine halves its cycles, a real one does not."""
    features = {
        "buffer": LevelFeatures(
            (Representation("B", (RankFormat("B"), RankFormat("B"), RankFormat("B"))),),
            (Rule("gating", (Condition("A", ("B",)),)),),
        )
    }
    point = gemm(bandwidth=None, features=features, density={"B": Fraction(1, 2)})
    dense = 8 * 8 * 16 // 4
    assert estimate(point).compute_cycles == dense
    assert estimate(point, "timeloop-2022").compute_cycles == dense // 2
    assert float(estimate(point).computes.gated) == pytest.approx(8 * 8 * 16 / 2)


def test_words_take_their_time_without_multiplications() -> None:
    """A is zero throughout and B is skipped by it: nothing is multiplied, and A's bits and B's words still come in."""
    rule = Rule("skipping", (Condition("B", ("A",)),))
    features = {"buffer": LevelFeatures((Representation("A", (RankFormat("B"),) * 3),), (rule,))}
    found = estimate(gemm(bandwidth=1, features=features, density={"A": Fraction(0)}))
    assert (found.compute_cycles, float(found.computes.actual)) == (0, 0.0)
    dram = found.levels[0]
    assert found.cycles == dram.cycles == sum(float(t["reads"].actual) for t in dram.tensors.values())
    assert found.bound == "dram"
    assert dram.throttle == 0


def test_a_mode_and_its_version_are_told() -> None:
    assert estimate(gemm()).mimics == ""
    assert "ee66b62" in estimate(gemm(), "timeloop-2022").mimics
    with pytest.raises(InputError, match="no mode 'timeloop' of the sparseloop model; did you mean"):
        estimate(gemm(), "timeloop")


def test_what_cannot_be_is_refused() -> None:
    small = gemm()
    storage = (small.hierarchy.storage[0], replace(small.hierarchy.storage[1], capacity=3))
    with pytest.raises(
        InfeasibleError, match=r"buffer: tiles of \d+ words \(A 64, B 32, Z 8\) do not fit its 3"
    ):
        estimate(replace(small, hierarchy=replace(small.hierarchy, storage=storage)))
    narrow = replace(small.hierarchy, compute=replace(small.hierarchy.compute, mesh_x=2, instances=2))
    with pytest.raises(InfeasibleError, match="needs 4 instances along X, and there are 2"):
        estimate(replace(small, hierarchy=narrow))
    one_rank = {"buffer": LevelFeatures((Representation("A", (RankFormat("CP", 4),)),))}
    with pytest.raises(
        InfeasibleError, match=r"buffer: format of A: 1 rank\(s\) for the loops .*more compression ranks"
    ):
        estimate(gemm(features=one_rank), "timeloop-2022")
    wide = {"buffer": LevelFeatures((Representation("A", (RankFormat("U"), RankFormat("CP", 99))),))}
    point = gemm(features=wide)
    storage = (point.hierarchy.storage[0], replace(point.hierarchy.storage[1], metadata_bits=8))
    with pytest.raises(InputError, match="entries of 99 bits do not fit a metadata storage 8 bits wide"):
        estimate(replace(point, hierarchy=replace(point.hierarchy, storage=storage)))


def test_published_versions_take_two_operands() -> None:
    """Features of three are refused there, and estimated by default; without features all modes take them."""
    shapes = [shape for shape in SHAPES if len(shape.tensors) == 4]
    point = random_point(Seeded(5), shapes=shapes, sparse=False)
    assert {estimate(point, mode).cycles for mode in MODES}
    gated = replace(point, features=Features(compute=("gating",)))
    assert estimate(gated).computes.actual == point.product.computes
    with pytest.raises(InputError, match="knows features of products of two tensors; this one has 3"):
        estimate(gated, "timeloop-2022")


def test_features_are_not_needed() -> None:
    assert replace(gemm(), features=Features()) == gemm()
    assert estimate(gemm()).computes == Counts(1024.0, 1024.0, 0.0, 0.0)
