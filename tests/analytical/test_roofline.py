"""The roofline of a product worked by hand."""

from dataclasses import replace
from fractions import Fraction

from simulator.analytical import roofline
from simulator.hardware.saf import Condition, LevelFeatures, RankFormat, Representation, Rule
from tests.analytical.points import gemm

BOTH = {"A": Fraction(1, 2), "B": Fraction(1, 4)}


def test_compute_bounds_it_when_the_memory_is_fast() -> None:
    found = roofline.estimate(gemm(None))
    assert (found.cycles, found.bound) == (8 * 8 * 16 // 4, "compute")


def test_compulsory_traffic_bounds_it_when_the_memory_is_slow() -> None:
    slow = gemm(1)
    dram = slow.hierarchy.storage[0]
    shared = replace(dram, read_bandwidth=None, write_bandwidth=None, shared_bandwidth=Fraction(1))
    memories = (shared, slow.hierarchy.storage[1])
    found = roofline.estimate(replace(slow, hierarchy=replace(slow.hierarchy, storage=memories)))
    assert (found.cycles, found.bound) == (8 * 16 + 16 * 8 + 8 * 8, "dram")
    assert found.levels[0].tensors["Z"]["updates"].actual == 64


def test_density_alone_saves_nothing() -> None:
    assert roofline.estimate(gemm(None, density=BOTH)).cycles == 256


def test_gating_saves_no_time() -> None:
    rule = LevelFeatures(rules=(Rule("gating", (Condition("B", ("A",)),)),))
    assert roofline.estimate(gemm(None, {"buffer": rule}, BOTH)).cycles == 256


def test_a_skipping_rule_saves_what_its_leader_lacks() -> None:
    rule = LevelFeatures(rules=(Rule("skipping", (Condition("B", ("A",)),)),))
    found = roofline.estimate(gemm(None, {"buffer": rule}, BOTH))
    assert (found.cycles, found.computes.skipped) == (128, 512)


def test_multipliers_that_skip_save_what_is_not_stored() -> None:
    stored = LevelFeatures((Representation("B", (RankFormat("CP"),)),))
    found = roofline.estimate(gemm(None, {"buffer": stored}, BOTH, ("skipping",)))
    assert found.cycles == 64
    assert found.levels[1].tensors["B"]["reads"].actual == 32
    assert found.levels[0].tensors["B"]["reads"].actual == 128
