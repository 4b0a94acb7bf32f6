"""Visits as columns equal those told one by one."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.datapath.outer_product import Unit
from simulator.lowering.outer_product.telling import parts
from simulator.lowering.outer_product.visits import finished, visits
from simulator.mapping import Geometry, Tiling


def nest(seed: int) -> tuple[Tiling, Geometry]:
    """Any loop nest of a small layer, ragged at its edges."""
    rng = np.random.default_rng(seed)
    groups, m, n, k, rows, columns, window = (int(x) for x in rng.integers(1, (3, 40, 40, 40, 9, 9, 9)))
    g = Geometry(groups, m, n, k, rows, columns, window, 1)
    holds = int(rng.integers(3)), int(rng.integers(3))
    return Tiling("MN"[seed % 2], int(rng.integers(1, 6)), int(rng.integers(1, g.windows + 1)), holds), g


@pytest.mark.parametrize("seed", range(60))
def test_visits_equal_the_walk(seed: int) -> None:
    tiling, g = nest(seed)
    found, tiles = visits(tiling, g), list(tiling.walk(g))
    names = "group", "row", "column", "first_window", "windows", "begin", "end", "rows", "columns"
    for name in names:
        assert getattr(found, name).tolist() == [getattr(tile, name) for tile in tiles], name
    assert found.fetch.T.tolist() == [list(tile.fetch) for tile in tiles]
    assert found.last.T.tolist() == [list(tile.last) for tile in tiles]


@pytest.mark.parametrize("seed", range(10))
def test_finished_tiles_are_those_with_outputs(seed: int) -> None:
    tiling, g = nest(seed)
    down, across = 1 + seed % 3, 1 + seed // 2 % 3
    unit = Unit(-(-g.rows // down), -(-g.columns // across), 4, 1, 1, 1, 1, 1, 0, 1)
    expected = []
    for number, tile in enumerate(tiling.walk(g)):
        for row in range(down if tile.end else 0):
            for column in range(across):
                rows = min(unit.tile_rows, tile.rows - row * unit.tile_rows)
                columns = min(unit.tile_columns, tile.columns - column * unit.tile_columns)
                if rows > 0 and columns > 0:
                    expected.append((number, row, column, rows, columns))
    done = finished(visits(tiling, g), unit, (down, across))
    table = done.visit, done.row, done.column, done.rows, done.columns
    assert list(zip(*(x.tolist() for x in table), strict=True)) == expected


def test_parts_stay_in_a_group_and_within_their_bound() -> None:
    group, items = np.array([0, 0, 0, 1, 1]), np.array([10_000, 6_384, 1, 20_000, 1])
    assert list(parts(group, items)) == [slice(0, 2), slice(2, 3), slice(3, 4), slice(4, 5)]
