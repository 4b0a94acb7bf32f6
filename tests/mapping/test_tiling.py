"""Loop nests against a plain walk; the chooser keeps its promises."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import InfeasibleError, InputError
from simulator.hardware.mapping import Mapping
from simulator.mapping import Geometry, Memory, Tiling, choose
from simulator.mapping.tiling import estimate, storage


class Bytes:
    """Sizes that only depend on the number of windows."""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry

    def piece(self, tensor: str, windows: int) -> tuple[int, int]:
        return (100 * windows, 10 * windows) if tensor == "weights" else (300 * windows, 0)

    def total(self, tensor: str, windows: int) -> int:
        g = self.geometry
        tiles = g.row_tiles if tensor == "weights" else g.column_tiles
        return sum(self.piece(tensor, g.windows)) * tiles * g.groups


def mapping(order: str = "auto", **tile: int) -> Mapping:
    sizes = {r: {"value": tile[r], "assumed": "test"} if r in tile else "auto" for r in "MNK"}
    return Mapping.model_validate({"order": order if order == "auto" else list(order), "tile": sizes})


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
tilings = st.builds(
    Tiling,
    outer=st.sampled_from("MN"),
    block=st.integers(1, 4),
    windows=st.integers(1, 9),
    hold=st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


@given(geometries, tilings)
def test_every_output_meets_every_window_once(g: Geometry, tiling: Tiling) -> None:
    tiles = list(tiling.walk(g))
    assert len(tiles) == tiling.visits(g)
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
    outputs = g.groups * g.row_tiles * g.column_tiles
    assert sum(t.begin for t in tiles) == sum(t.end for t in tiles) == outputs
    open_ = None
    for t in tiles:  # a reduction is never interrupted by another tile
        assert t.begin or (t.group, t.row, t.column) == open_
        open_ = (t.group, t.row, t.column)


@given(geometries, tilings)
def test_pieces_are_fetched_used_and_let_go_in_one_order(g: Geometry, tiling: Tiling) -> None:
    for i, tensor in enumerate(("weights", "inputs")):
        held: list[tuple[int, ...]] = []
        fetches = most = 0
        for t in tiling.walk(g):
            piece = (t.group, t.row if tensor == "weights" else t.column, t.first_window)
            if t.fetch[i]:
                held.append(piece)
                fetches += 1
            assert piece in held  # what is used is there
            most = max(most, len(held))
            if t.last[i]:
                assert held.pop(0) == piece  # the oldest goes first
        assert held == []
        pieces = (g.row_tiles if tensor == "weights" else g.column_tiles) * tiling.pieces(g)
        assert fetches == g.groups * pieces * tiling.refetch(g, tensor)
        assert most <= tiling.slots(g, tensor, 1)  # without double buffering there is just enough room


def test_refetches_follow_what_is_held() -> None:
    g = Geometry(1, 64, 64, 64, 8, 8, 8, 1)
    counts = {hold: Tiling("N", 2, 4, hold) for hold in ((0, 0), (0, 1), (1, 1), (2, 1))}
    found = {h: (t.refetch(g, "weights"), t.refetch(g, "inputs")) for h, t in counts.items()}
    assert found == {(0, 0): (8, 8), (0, 1): (8, 1), (1, 1): (4, 1), (2, 1): (1, 1)}
    assert counts[1, 1].slots(g, "inputs", 2) == 2 * 2 + 1
    assert counts[1, 1].slots(g, "weights", 2) == 2 + 1


@given(geometries, st.integers(500, 30000))
def test_choice_fits_and_no_roomier_one_is_slower(g: Geometry, capacity: int) -> None:
    sizes, free = Bytes(g), Memory((10**9, 10**9), 2, Fraction(32), 100)
    best = choose(mapping(), g, sizes, free)
    try:
        chosen = choose(mapping(), g, sizes, Memory((capacity, 10**6), 2, Fraction(32), 100))
    except InfeasibleError:
        least = min(storage(Tiling(o, 1, 1, (0, 0)), g, sizes, 2)[0] for o in "MN")
        assert capacity < least
        return
    assert storage(chosen, g, sizes, 2)[0] <= capacity
    assert estimate(best, g, sizes, free) <= estimate(chosen, g, sizes, free)


def test_tiles_that_do_not_fit_say_what_they_need() -> None:
    g = Geometry(1, 64, 64, 64, 8, 8, 8, 1)
    with pytest.raises(
        InfeasibleError, match=r"needs \d+ B of data and \d+ B of metadata, the GLB has 50 B and 9 B"
    ):
        choose(mapping(), g, Bytes(g), Memory((50, 9), 2, None, 100))
    with pytest.raises(InfeasibleError, match="K must be innermost"):
        choose(mapping("KMN"), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))
    with pytest.raises(InfeasibleError, match=r"mapping\.tile\.M is 16: only the outermost rank"):
        choose(mapping("NMK", M=16), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))
    with pytest.raises(InputError, match="must be a multiple of 8"):
        choose(mapping("NMK", N=12), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))


def test_given_sizes_are_kept() -> None:
    g = Geometry(1, 64, 64, 64, 8, 8, 8, 1)
    chosen = choose(mapping("MNK", M=16, K=16), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))
    assert (chosen.outer, chosen.block, chosen.windows) == ("M", 2, 2)


def test_latency_counts_without_a_bandwidth_limit() -> None:
    """Unlimited DRAM still answers late: a piece per window would pay the latency every time."""
    g = Geometry(1, 8, 8, 64, 8, 8, 8, 1)
    chosen = choose(mapping(), g, Bytes(g), Memory((10**9, 10**9), 2, None, 100))
    assert chosen.windows == g.windows
