"""A tiny design point per rule of docs/design_points.md, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from lowering.nest.points import product, storage

from simulator.engine.fast import run
from simulator.engine.reference import run as reference
from simulator.errors import InputError
from simulator.hardware.hierarchy import Compute, Hierarchy, Timing
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.lowering.nest import lower
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.plan.rung import Rung


def loop(rank: str, bound: int, axis: str = "") -> Loop:
    return Loop(rank, bound, bound, axis)


def point(shape, levels, features=None, compute=(), lanes=1, **rates) -> DesignPoint:
    """Levels by name: (temporal loops, spatial loops, tensors kept)."""
    nest, memories, instances = [], [], 1
    for name, (temporal, spatial, keeps) in levels.items():
        nest.append(LevelNest(name, tuple(temporal), tuple(spatial), frozenset(keeps)))
        memories.append(storage(name, instances, **rates.get(name, {})))
        for each in spatial:
            instances *= each.bound
    hierarchy = Hierarchy("machine", tuple(memories), Compute("mac", "mac", instances, instances, 1, 16))
    return DesignPoint("tiny", shape, hierarchy, Nest(tuple(nest)), Features(features or {}, compute))


def matrix(text: str) -> np.ndarray:
    return np.array([[int(x) for x in row.split()] for row in text.split("/")])


def told(layer, level: str, tensor: str) -> dict[str, tuple[int, int, int]]:
    return {access: counts for access, counts in layer.counted.counts()[level][tensor].items() if any(counts)}


def test_two_dense_levels():
    """M 2, N 2, K 2; DRAM walks N, the buffer keeps A, a column of Z at a time; every product reads both operands."""
    shape = product("gemm", {"m": 2, "n": 2, "k": 2})
    spec = point(
        shape, {"dram": ([loop("n", 2)], [], "ABZ"), "buffer": ([loop("m", 2), loop("k", 2)], [], "ABZ")}
    )
    layer = lower(spec, {"A": np.ones((2, 2), int), "B": np.ones((2, 2), int)})
    assert told(layer, "dram", "A") == {"reads": (4, 0, 0)}
    assert told(layer, "dram", "B") == {"reads": (4, 0, 0)}
    assert told(layer, "dram", "Z") == {"updates": (4, 0, 0)}
    assert told(layer, "buffer", "A") == {"fills": (4, 0, 0), "reads": (8, 0, 0)}
    assert told(layer, "buffer", "Z") == {"drains": (4, 0, 0), "reads": (4, 0, 0), "updates": (8, 0, 0)}
    assert layer.counted.computes() == (8, 0, 0)
    assert layer.verify().outputs == 4


def test_a_sliding_window_sends_only_what_is_new():
    """Rule 3: R 2, P 3, M 1; the window of two inputs moves by one: 2 + 1 + 1 words, 4 in all."""
    shape = product("conv", {"m": 1, "c": 1, "p": 3, "r": 2})
    spec = point(shape, {"dram": ([loop("p", 3)], [], "WIZ"), "buffer": ([loop("r", 2)], [], "WIZ")})
    layer = lower(spec, {"W": np.ones((1, 1, 2), int), "I": np.ones((1, 4), int)})
    assert told(layer, "buffer", "I")["fills"] == (4, 0, 0)
    assert told(layer, "buffer", "W")["fills"] == (2, 0, 0)


@pytest.mark.parametrize(("alone", "reads"), [((), 2), (("B",), 4)])
def test_multicast_reads_once_and_fills_every_child(alone, reads):
    """Rule 4: two elements along m share B's row."""
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    spec = point(shape, {"dram": ([], [loop("m", 2, "X")], "ABZ"), "pad": ([loop("k", 2)], [], "ABZ")})
    first = replace(spec.nest.levels[0], no_multicast=frozenset(alone))
    layer = lower(
        replace(spec, nest=Nest((first, spec.nest.levels[1]))),
        {"A": np.ones((2, 2), int), "B": np.ones((1, 2), int)},
    )
    assert told(layer, "dram", "B") == {"reads": (reads, 0, 0)}
    assert told(layer, "pad", "B")["fills"] == (4, 0, 0)


def test_partial_sums_are_drained_and_come_back():
    """Rule 5: K outside M: both sums leave after the first k and come back for the second; the first time they start from zero."""
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    spec = point(shape, {"dram": ([loop("k", 2), loop("m", 2)], [], "ABZ"), "pad": ([], [], "ABZ")})
    layer = lower(spec, {"A": np.ones((2, 2), int), "B": np.ones((1, 2), int)})
    assert told(layer, "dram", "Z") == {"updates": (4, 0, 0), "reads": (2, 0, 0)}
    assert told(layer, "pad", "Z") == {
        "drains": (4, 0, 0),
        "fills": (2, 0, 0),
        "updates": (4, 0, 0),
        "reads": (2, 0, 0),
    }


def test_sums_of_elements_meet_on_the_way():
    """Rule 6: two elements along k send their product of the same point in a step: one update."""
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    spec = point(shape, {"buffer": ([loop("m", 2)], [loop("k", 2, "X")], "ABZ")})
    layer = lower(spec, {"A": np.ones((2, 2), int), "B": np.ones((1, 2), int)})
    assert told(layer, "buffer", "Z") == {"updates": (2, 0, 0)}
    assert layer.counted.computes() == (4, 0, 0)


def test_skipping_by_a_coordinate_list():
    """Rules 7, 8, 9, 11: A = 5 0 / 0 0 / 0 7 as coordinate lists (4 b each); B is read and multiplied for A's non-zeros only."""
    shape = product("gemm", {"m": 3, "n": 1, "k": 2})
    listed = Representation("A", (RankFormat("UOP", None, 8), RankFormat("CP", 4)))
    skip = Rule("skipping", (Condition("B", ("A",)),))
    features = {"buffer": LevelFeatures((listed,), (skip,))}
    levels = {"dram": ([], [], "ABZ"), "buffer": ([loop("m", 3), loop("k", 2)], [], "ABZ")}
    spec = point(shape, levels, features)
    layer = lower(spec, {"A": matrix("5 0/0 0/0 7"), "B": matrix("1 1")})
    assert told(layer, "buffer", "B") == {"fills": (2, 0, 0), "reads": (2, 0, 4)}
    # filled: 3 offsets and one more of 8 b, 2 coordinates of 4 b = 40 b, in words of 16 b: 3
    assert told(layer, "buffer", "A") == {
        "fills": (2, 0, 0),
        "metadata_fills": (3, 0, 0),
        "reads": (2, 0, 0),
        "metadata_reads": (2, 0, 0),
    }
    assert layer.counted.computes() == (2, 0, 0)
    assert layer.counted.outputs.ravel().tolist() == [5, 0, 7]


def test_gating_by_a_bitmask_takes_the_cycle():
    """Rules 8 and 11: a bit per position; what a zero gates is not read, and its cycle passes."""
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    mask = Representation("A", (RankFormat("B"), RankFormat("B")))
    features = {"buffer": LevelFeatures((mask,), (Rule("gating", (Condition("B", ("A",)),)),))}
    spec = point(
        shape, {"dram": ([], [], "ABZ"), "buffer": ([loop("m", 2), loop("k", 2)], [], "ABZ")}, features
    )
    layer = lower(spec, {"A": matrix("5 0/0 0"), "B": matrix("1 1")})
    assert told(layer, "buffer", "B")["reads"] == (1, 3, 0)
    # filled: 2 bits of rows, 2 of the row that is stored
    assert (
        sum(feed.record[0].sum() for feed in layer.counted.feeds if feed[:3] == ("A", "fills", 1)) == 16 + 4
    )
    assert layer.counted.computes() == (1, 3, 0)
    assert run(layer.plan, Rung.S0).cycles == 4


@pytest.mark.parametrize(
    ("gates", "computed"), [((), (4, 0, 0)), (("gating",), (1, 3, 0)), (("skipping",), (2, 0, 2))]
)
def test_compute_decides_by_its_operands(gates, computed):
    """Rule 12: A = 1 0 / 0 1 is stored without zeros, B = 1 0 with them: one product counts, one has a stored zero only."""
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    listed = {"buffer": LevelFeatures((Representation("A", (RankFormat("U"), RankFormat("CP", 4))),))}
    spec = point(shape, {"buffer": ([loop("m", 2), loop("k", 2)], [], "ABZ")}, listed, gates)
    layer = lower(spec, {"A": matrix("1 0/0 1"), "B": matrix("1 0")})
    assert layer.counted.computes() == computed


def test_products_of_nothing_stored_are_none():
    """Rule 12: both operands absent."""
    shape = product("gemm", {"m": 1, "n": 1, "k": 2})
    lists = tuple(Representation(t, (RankFormat("U"), RankFormat("CP", 4))) for t in "AB")
    spec = point(shape, {"buffer": ([loop("k", 2)], [], "ABZ")}, {"buffer": LevelFeatures(lists)})
    assert lower(spec, {"A": matrix("3 0"), "B": matrix("2 0")}).counted.computes() == (1, 0, 0)


def test_lanes_hold_non_zeros_only():
    """Rule 13: K 4 on 2 lanes; rows with 3, 2, 0 non-zeros take 2, 1 and no rounds."""
    shape = product("gemm", {"m": 3, "n": 1, "k": 4})
    pack = {"buffer": LevelFeatures((), (Rule("spatial-skipping", (Condition("B", ("A",)),)),))}
    spec = point(shape, {"buffer": ([loop("m", 3)], [loop("k", 4, "X")], "ABZ")}, pack)
    two = replace(spec, hierarchy=replace(spec.hierarchy, compute=Compute("mac", "mac", 2, 2, 1, 16)))
    layer = lower(two, {"A": matrix("1 1 1 0/0 1 0 1/0 0 0 0"), "B": matrix("1 1 1 1")})
    assert layer.macs["slots"] == 6
    assert layer.counted.computes() == (5, 0, 0)
    assert layer.counted.lanes[1] == 2
    assert run(layer.plan, Rung.S0).cycles == 3


def test_positions_of_both_operands_are_packed():
    """Rule 13: an outer product: 3 of 4 rows and 1 of 4 columns on 2 x 2 lanes take 2 x 1 rounds of 4 slots."""
    shape = product("gemm", {"m": 4, "n": 4, "k": 1})
    both = tuple(Rule("position-skipping", (Condition(t, ()),)) for t in "AB")
    inner = ([loop("m", 2), loop("n", 2)], [loop("m", 2, "Y"), loop("n", 2, "X")], "ABZ")
    spec = point(shape, {"buffer": inner}, {"buffer": LevelFeatures((), both)})
    layer = lower(spec, {"A": matrix("1/1/0/1"), "B": matrix("0/0/2/0")})
    assert layer.macs["slots"] == 8
    assert layer.counted.computes() == (3, 0, 0)
    assert run(layer.plan, Rung.S0).cycles == 2


@pytest.mark.parametrize(("slots", "cycles"), [(1, 35), (2, 23)])
def test_a_second_tile_is_filled_while_the_first_is_used(slots, cycles):
    """Rule 15: four tiles of four words are filled at a word per cycle, and read at one.

    A tile leaves DRAM in cycle 0 and is filled in 1 .. 4, read in 5 .. 8. With two slots the others are filled in 5 .. 8, 9 .. 12
    (its room is told in 9) and 13 .. 16; the last is read in 17 .. 20. With one slot a tile is filled when the one before was
    read: the last in 25 .. 28, read in 29 .. 32. A product follows its read by a cycle, an update its product, and the run ends.
    """
    shape = product("vector", {"i": 4, "k": 4})
    levels = {"dram": ([loop("i", 4)], [], "ABZ"), "buffer": ([loop("k", 4)], [], "A")}
    spec = point(shape, levels, buffer={"write_bandwidth": Fraction(1), "timing": Timing(slots=slots)})
    plan = lower(spec, {"A": np.ones((4, 4), int), "B": np.ones(4, int)}).plan
    assert run(plan).cycles == reference(plan).cycles == cycles
    assert run(plan, Rung.S1).cycles == 16


@pytest.mark.parametrize(("slots", "cycles"), [(None, 12), (2, 12), (1, 19)])
def test_a_register_of_one_word_takes_its_next_value_as_the_old_one_is_used(slots, cycles):
    """Rule 15: value i leaves DRAM in cycle i, enters the register in i + 1, is read in i + 2, multiplied and added in the next
    two: the last of 8 in cycle 11. A single slot, told so, is free a cycle after its value was read: values enter in 1, 3 .. 15.
    """
    shape = product("vector", {"i": 8, "k": 1})
    levels = {"dram": ([loop("i", 8)], [], "ABZ"), "register": ([], [], "A")}
    spec = point(shape, levels, register={"capacity": 1, "timing": Timing(slots=slots)})
    plan = lower(spec, {"A": np.ones((8, 1), int), "B": np.ones(1, int)}).plan
    assert run(plan).cycles == reference(plan).cycles == cycles


def test_a_rule_that_loses_products_is_found():
    """The functional check: skipping by an output mask that leaves out what counts."""
    shape = product("gemm", {"m": 2, "n": 1, "k": 1})
    skip = {"buffer": LevelFeatures((), (Rule("skipping", (Condition("A", ("Z",)),)),))}
    spec = point(shape, {"buffer": ([loop("m", 2)], [], "ABZ")}, skip)
    layer = lower(spec, {"A": matrix("1/1"), "B": matrix("1"), "Z": matrix("1/0")})
    with pytest.raises(InputError, match=r"output \[1, 0\] is 0 as specified and 1 by the einsum"):
        layer.verify()


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"A": np.ones((2, 2), int)}, "no data for B of"),
        ({"A": np.ones((2, 2), int), "C": np.ones((1, 2), int)}, "no tensor 'C'"),
        ({"A": np.ones((2, 3), int), "B": np.ones((1, 2), int)}, r"tensor 'A': has shape \(2, 3\)"),
    ],
)
def test_wrong_tensors_are_told(tensors, message):
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    spec = point(shape, {"buffer": ([loop("m", 2), loop("k", 2)], [], "ABZ")})
    with pytest.raises(InputError, match=message):
        lower(spec, tensors)


def test_the_outermost_memory_keeps_everything():
    shape = product("gemm", {"m": 2, "n": 1, "k": 2})
    spec = point(shape, {"dram": ([], [], "AB"), "buffer": ([loop("m", 2), loop("k", 2)], [], "ABZ")})
    with pytest.raises(InputError, match="must keep every tensor, not bypass 'Z'"):
        lower(spec, {"A": np.ones((2, 2), int), "B": np.ones((1, 2), int)})
