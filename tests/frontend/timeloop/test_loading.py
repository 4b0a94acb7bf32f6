"""Reading specifications: the recorded v0.3 and v0.4 cases, and small ones written here."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from frontend.timeloop import recorded

from simulator.frontend.timeloop import load


def test_pe_of_eyeriss_v2_is_read_as_told() -> None:
    point = recorded.point("L07")
    assert point.product.text == ("Outputs[N,G,M,F,E] += Weights[C,M,G,R,S] Inputs[N,C,G,R+E,S+F]")
    assert [level.name for level in point.hierarchy.storage] == [
        "BackingStorage",
        "iact_spad",
        "weight_spad",
        "psum_spad",
        "reg",
    ]
    assert point.occupancy_of("Inputs").density == Fraction(73, 100)
    assert point.nest.levels[3].keeps == {"Outputs"}
    assert [(loop.rank, loop.bound) for loop in point.nest.levels[3].temporal] == [("C", 8), ("M", 8)]
    weights = point.features.at("weight_spad").representation("Weights")
    assert weights is not None
    assert weights.ranks[0].payload_bits == 7
    assert weights.inner_first
    assert point.features.compute == ("skipping",)
    assert point.energies.find("psum_spad", ("read",)) == 0.32508


def test_split_lays_ranks_along_x_and_y() -> None:
    point = load(recorded.folder("sparseloop", "dstc_validation"))
    spatial = point.nest.levels[3].spatial
    assert [(loop.rank, loop.bound, loop.axis) for loop in spatial] == [("M", 8, "Y"), ("N", 16, "X")]


V04 = recorded.DATA / "sparseloop" / "v04"


@pytest.mark.parametrize(
    "case", sorted(f.name for f in V04.glob("*/") if (f / "arch.yaml").exists()) or ["none"]
)
def test_nodes_become_the_levels_the_front_end_makes_of_them(case: str) -> None:
    folder = recorded.folder("sparseloop", "v04", case)
    ours = load(folder)
    theirs = load([folder / "parsed-processed-input.yaml", folder / "timeloop-mapper.map.yaml"])
    for mine, its in zip(ours.hierarchy.storage, theirs.hierarchy.storage, strict=True):
        assert replace(mine, attributes=(), banks=None) == replace(its, attributes=(), banks=None)
    assert replace(ours.hierarchy.compute, attributes=()) == replace(theirs.hierarchy.compute, attributes=())
    assert (ours.nest, ours.features, ours.product) == (theirs.nest, theirs.features, theirs.product)
