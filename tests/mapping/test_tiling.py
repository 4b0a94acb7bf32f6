"""Loop nests against a plain walk; the chooser keeps its promises."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import InfeasibleError
from simulator.hardware.mapping import Mapping
from simulator.mapping import Geometry, Memory, Tiling, choose
from simulator.mapping.tiling import estimate


class Bytes:
    """Sizes that only depend on the number of tiles and windows."""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry

    def weights(self, row_tiles: int, windows: int) -> tuple[int, int]:
        return 100 * row_tiles * windows, 10 * row_tiles * windows

    def inputs(self, column_tiles: int, windows: int) -> tuple[int, int]:
        return 300 * column_tiles * windows, 0

    def total(self, tensor: str, tiles: int, windows: int) -> int:
        g = self.geometry
        each = self.weights if tensor == "weights" else self.inputs
        return sum(each(g.row_tiles if tensor == "weights" else g.column_tiles, g.windows)) * g.groups


def mapping(order: str = "NMK", **tile: int) -> Mapping:
    sizes = {r: {"value": tile[r], "assumed": "test"} if r in tile else "auto" for r in "MNK"}
    return Mapping.model_validate({"order": list(order), "tile": sizes})


geometries = st.builds(
    Geometry,
    groups=st.integers(1, 2),
    M=st.integers(1, 40),
    N=st.integers(1, 40),
    K=st.integers(1, 40),
    rows=st.sampled_from([4, 8]),
    columns=st.sampled_from([4, 8]),
    window=st.sampled_from([4, 6]),
    abreast=st.just(1),
)


@given(
    geometries,
    st.sampled_from(list(permutations("MNK"))),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 9),
)
def test_every_output_meets_every_window_once(
    g: Geometry, order: tuple[str, ...], rows: int, cols: int, k: int
) -> None:
    if k < g.windows:
        order, rows, cols = ("N", "M", "K"), 1, 1
    tiling = Tiling(order, rows, cols, min(k, g.windows))
    tiles = list(tiling.walk(g))
    seen = [
        (t.group, t.row, t.column, w)
        for t in tiles
        for w in range(t.first_window, t.first_window + t.windows)
    ]
    assert sorted(seen) == [
        (a, b, c, d)
        for a in range(g.groups)
        for b in range(g.row_tiles)
        for c in range(g.column_tiles)
        for d in range(g.windows)
    ]
    for i, tensor in enumerate(("weights", "inputs")):
        fetches = sum(t.fetch[i] for t in tiles)
        assert fetches == sum(t.last[i] for t in tiles) == g.groups * tiling.fetches(g, tensor)
    outputs = g.groups * g.row_tiles * g.column_tiles
    assert sum(t.begin for t in tiles) == sum(t.end for t in tiles) == outputs
    open_ = None
    for t in tiles:  # a reduction is never interrupted by another tile
        assert t.begin or (t.group, t.row, t.column) == open_
        open_ = (t.group, t.row, t.column)


def test_refetches_follow_the_loop_order() -> None:
    g = Geometry(1, 64, 64, 64, 8, 8, 8, 1)
    inner_m = Tiling(("N", "M", "K"), 2, 4, 8)  # N: 2 tiles outside, M: 4 tiles inside
    assert (inner_m.fetches(g, "weights"), inner_m.fetches(g, "inputs")) == (8, 2)
    inner_n = Tiling(("M", "N", "K"), 2, 4, 8)
    assert (inner_n.fetches(g, "weights"), inner_n.fetches(g, "inputs")) == (4, 8)
    assert inner_m.refetch(g, "weights") == 2
    assert inner_m.refetch(g, "inputs") == 1


@given(geometries, st.integers(500, 30000))
def test_choice_fits_and_no_candidate_beats_it(g: Geometry, capacity: int) -> None:
    try:
        chosen = choose(mapping(), g, Bytes(g), Memory((capacity, 10**6), 2, Fraction(32), 100))
    except InfeasibleError:
        smallest = sum(Bytes(g).weights(1, 1)) + Bytes(g).inputs(1, 1)[0]
        assert capacity < 2 * smallest + 2 * g.windows * g.window * 400
        return
    sizes, free = Bytes(g), Memory((10**9, 10**9), 2, Fraction(32), 100)
    best = choose(mapping(), g, sizes, free)
    costs = []
    for tiling in (chosen, best):
        costs.append(estimate(tiling, g, sizes, free, tiling.traffic(g, sizes)))
    assert costs[1] <= costs[0]
    copies = {t: min(2, g.groups * chosen.fetches(g, t)) for t in ("weights", "inputs")}
    held = copies["weights"] * sizes.weights(chosen.row_tiles, chosen.windows)[0]
    assert held + copies["inputs"] * sizes.inputs(chosen.column_tiles, chosen.windows)[0] <= capacity


def test_tiles_that_do_not_fit_say_what_they_need() -> None:
    g = Geometry(1, 64, 64, 64, 8, 8, 8, 1)
    with pytest.raises(
        InfeasibleError, match=r"needs \d+ B of data and \d+ B of metadata, the GLB has 50 B and 9 B"
    ):
        choose(mapping(), g, Bytes(g), Memory((50, 9), 2, None, 100))
    with pytest.raises(InfeasibleError, match="partial sums are not spilled"):
        choose(mapping("KMN", K=8), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))


def test_given_sizes_are_kept() -> None:
    g = Geometry(1, 64, 64, 64, 8, 8, 8, 1)
    chosen = choose(mapping(M=16, N=8), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))
    assert (chosen.row_tiles, chosen.column_tiles, chosen.windows) == (2, 1, 8)
