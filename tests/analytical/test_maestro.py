"""The data-centric estimate of a product worked by hand.

Inside the buffer a tile is 16 x 2 steps; the first takes the buffer's latency of 1 and the step, 31 more a cycle each: 33.
DRAM runs 2 x 4 tiles. The first brings A (4 x 16) and B (16 x 2), 96 words in 24 cycles, after 1 of latency. When n
advances only B is new (32 words, 8 cycles), when m advances both are (24). A tile's 8 sums leave in 2 cycles.
"""

from dataclasses import replace
from fractions import Fraction

from simulator.analytical import maestro
from simulator.hardware.saf import Condition, LevelFeatures, Rule
from simulator.mapping.nest import LevelNest, Nest
from tests.analytical.points import EVERY, gemm, loop


def test_the_first_tile_is_waited_for_and_the_last_sums_leave_after_it() -> None:
    assert maestro.estimate(gemm(4)).cycles == (1 + 24 + 33) + 7 * 33 + 2


def test_a_slow_network_sets_the_pace() -> None:
    at_one = maestro.estimate(gemm(1))
    n, m = max(1 + 32, 33), max(1 + 96, 33)
    assert at_one.cycles == (1 + 96 + 33) + 6 * n + 1 * m + 8


def test_latency_is_paid_where_it_does_not_hide() -> None:
    far = maestro.estimate(gemm(4, latency=100))
    assert far.cycles == (100 + 24 + 33) + 6 * (100 + 8) + (100 + 24) + 2


def test_skipping_saves_steps() -> None:
    rule = LevelFeatures(rules=(Rule("skipping", (Condition("B", ("A",)),)),))
    found = maestro.estimate(gemm(None, {"buffer": rule}, {"A": Fraction(1, 2)}))
    assert found.compute_cycles == 128


def test_reads_are_counted_with_multicast_and_without() -> None:
    point = gemm(4)
    assert maestro.estimate(point).levels[1].tensors["B"]["reads"].actual == 8 * 32
    buffer = replace(point.nest.levels[1], no_multicast=frozenset({"B"}))
    alone = replace(point, nest=Nest((point.nest.levels[0], buffer)))
    assert maestro.estimate(alone).levels[1].tensors["B"]["reads"].actual == 4 * 8 * 32


def test_partial_sums_that_return_are_read_again() -> None:
    point = gemm(4)
    spilled = Nest(
        (
            LevelNest("dram", (loop("k", 4), loop("n", 8)), (), EVERY),
            LevelNest("buffer", (loop("k", 4), loop("m", 2)), (loop("m", 4, "X"),), EVERY),
        )
    )
    sums = maestro.estimate(replace(point, nest=spilled)).levels[0].tensors["Z"]
    assert (sums["updates"].actual, sums["reads"].actual) == (4 * 64, 3 * 64)


def test_a_window_that_slides_brings_only_its_edge() -> None:
    from simulator.workload.product import Product, access

    sizes = {"p": 8, "r": 3}
    inputs = access("A", ((("p", 1), ("r", 1)),), sizes)
    filters, outputs = access("B", ((("r", 1),),), sizes), access("Z", ((("p", 1),),), sizes)
    point = replace(gemm(4), product=Product("conv1d", tuple(sizes.items()), (inputs, filters), outputs))
    nest = Nest(
        (
            LevelNest("dram", (loop("p", 4),), (), EVERY),
            LevelNest("buffer", (loop("r", 3), loop("p", 2)), (), EVERY),
        )
    )
    read = maestro.estimate(replace(point, nest=nest)).levels[0].tensors["A"]["reads"].actual
    assert read == (2 + 2) + 3 * 2
