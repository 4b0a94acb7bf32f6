"""Dense traffic as Timeloop extrapolates it, on nests small enough to walk by hand."""

from __future__ import annotations

import pytest

from simulator.analytical.sparseloop.deltas import Fanout, signature
from simulator.analytical.sparseloop.loops import Loops
from simulator.mapping.nest import Loop
from simulator.workload.product import Access, access

SIZES = {"p": 4, "r": 3, "m": 2}
INPUTS = access("I", ((("p", 1), ("r", 1)),), SIZES)
WEIGHTS = access("W", ((("m", 1),), (("r", 1),)), SIZES)


def loops(*levels: tuple[tuple[str, int, str], ...]) -> Loops:
    """Levels and their loops, innermost first; (rank, bound, axis)."""
    made = tuple(tuple(Loop(rank, bound, bound, axis) for rank, bound, axis in level) for level in levels)
    return Loops(made, ("p", "r", "m"))


def fetched(nest: Loops, tensor: Access, level: int = 1, **fanout: object) -> dict[int, float]:
    return signature(nest, tensor, level, Fanout(**fanout)).accesses


def test_a_window_that_slides_fetches_what_is_new() -> None:
    nest = loops((("r", 3, ""),), (("p", 4, ""),))
    assert fetched(nest, INPUTS) == {1: 3 + 3 * 1}


def test_a_window_that_turns_back_is_fetched_anew() -> None:
    """The stride changes when p starts again: the tile is fetched whole for the second m."""
    nest = loops((("r", 3, ""),), (("p", 4, ""), ("m", 2, "")))
    assert fetched(nest, INPUTS) == {1: 2 * (3 + 3)}


def test_a_tile_that_stays_is_fetched_once() -> None:
    nest = loops((("r", 3, ""),), (("m", 2, ""), ("p", 4, "")))
    assert fetched(nest, WEIGHTS) == {1: 3 * 2 * 4}
    inner = loops((("r", 3, ""),), (("p", 4, ""), ("m", 2, "")))
    assert fetched(inner, WEIGHTS) == {1: 3 * 2}


def test_equal_tiles_share_an_access() -> None:
    nest = loops((("r", 3, ""),), (("m", 2, "X"), ("p", 4, "")))
    assert fetched(nest, INPUTS) == {2: 3 + 3}
    assert fetched(nest, INPUTS, multicast=False) == {1: 2 * (3 + 3)}
    assert fetched(nest, WEIGHTS) == {1: 2 * 3}


def test_neighbours_pass_windows_on() -> None:
    """p across, r in time: at the second r every child's point was its neighbour's, but the last child's."""
    nest = loops((), (("p", 4, "X"), ("r", 3, "")))
    found = signature(nest, INPUTS, 1, Fanout(4, 1))
    assert found.accesses == {1: 4 + 2 * 1}
    assert found.links == 2 * 3
    assert fetched(nest, INPUTS, x=4, links=False) == {1: 4 * 3}


def test_windows_across_meet_on_diagonals() -> None:
    nest = loops((), (("p", 2, "X"), ("r", 2, "Y")))
    assert fetched(nest, INPUTS, links=False) == {1: 2, 2: 1}


def test_compute_asks_for_every_point() -> None:
    nest = loops((("r", 3, ""), ("m", 2, "")), (("p", 4, ""),))
    assert fetched(nest, WEIGHTS, 0) == {1: 3 * 2 * 4}


def test_an_imperfect_loop_stops_short() -> None:
    short = Loops(((Loop("p", 3, 1),), (Loop("p", 2, 2),)), ("p", "r", "m"))
    outputs = access("O", ((("p", 1),),), SIZES)
    assert signature(short, outputs, 1, Fanout()).total == pytest.approx(3 + 1)
    assert signature(short, outputs, 0, Fanout()).total == pytest.approx(4)
