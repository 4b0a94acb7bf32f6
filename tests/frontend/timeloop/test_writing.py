"""What is written reads back as the same design point."""

from __future__ import annotations

import pytest
from design_points import random_point
from frontend.timeloop import recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Drawn, Seeded

from simulator.frontend.timeloop import dump, loads
from simulator.frontend.timeloop.writing import VERSIONS
from simulator.mapping.design_point import DesignPoint


def same(point: DesignPoint, version: str) -> None:
    text = dump(point, version)
    again = loads(text)
    for part in ("name", "product", "hierarchy", "nest", "features", "occupancy", "energies", "unmodelled"):
        assert getattr(again, part) == getattr(point, part), f"{part}\n{text}"
    assert again == point
    assert dump(again, version) == text


@pytest.mark.parametrize("version", VERSIONS)
def test_many_points_come_back(version: str) -> None:
    for seed in range(150):
        same(random_point(Seeded(seed), imperfect=seed % 2 == 0, packing=seed % 3 == 0), version)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_point_comes_back(version: str, data: st.DataObject) -> None:
    same(random_point(Drawn(data.draw), imperfect=True, packing=True), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", recorded.CASES)
def test_recorded_specifications_come_back(case: str, version: str) -> None:
    same(recorded.point(case), version)
