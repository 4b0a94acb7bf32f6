"""Visits as arrays against the walk."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from mapping.test_tiling import geometries, tilings

from simulator.mapping import Geometry, Tiling, visits


@given(geometries, tilings, st.integers(1, 3))
def test_visits_are_those_of_the_walk(g: Geometry, tiling: Tiling, abreast: int) -> None:
    g = replace(g, abreast=abreast)
    assert list(visits(tiling, g)) == list(tiling.walk(g))


def test_row_tiles_may_differ() -> None:
    g = Geometry(2, 20, 9, 12, 9, 4, 6, 1, cuts=(0, 3, 12, 20))
    tiling = Tiling("M", 2, 1, (1, 0))
    assert list(visits(tiling, g)) == list(tiling.walk(g))
