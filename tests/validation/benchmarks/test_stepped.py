"""The benchmark of the stepped pieces counts what it says it counts."""

from __future__ import annotations

import pytest

from simulator.registry import resolve
from validation.benchmarks import stepped


def test_a_rate_is_components_times_cycles() -> None:
    row = stepped.Row("mesh", "light", 1000, 30, "", 0.5)
    assert row.rate == 60_000


@pytest.mark.parametrize("piece", ["accumulator", "dram"])
def test_rows_are_runs(piece: str) -> None:
    rows = list(stepped.PIECES[piece](1))
    assert all(row.cycles > 0 and row.seconds > 0 and row.components > 1 for row in rows)
    assert len({row.load for row in rows}) == len(rows)


def test_links_of_a_mesh_are_told_with_their_grants() -> None:
    node = stepped.Stream((0, 0), ((0, 3),), (50, 2))
    row = stepped._mesh("one", stepped.Timing(4, 1, 1), [node], 1)
    plan = stepped.alone("mesh", stepped.SIDE, stepped.SIDE, stepped.Timing(4, 1, 1), [node])
    assert row.components == 5  # into the router, three links, out
    assert row.events == "250 grants"
    assert row.cycles == resolve("engine", "reference")(plan).cycles
