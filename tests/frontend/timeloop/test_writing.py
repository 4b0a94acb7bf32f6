"""What is written reads back as the same design point."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from design_points import random_point
from frontend.timeloop import recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Drawn, Seeded

from simulator.api import design_points, load
from simulator.errors import InputError
from simulator.frontend.timeloop import dump, loads
from simulator.frontend.timeloop.writing import VERSIONS
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.ranks import unfit_formats


def same(point: DesignPoint, version: str) -> None:
    text = dump(point, version)
    again = loads(text)
    for part in ("name", "product", "hierarchy", "nest", "features", "occupancy", "energies", "unmodelled"):
        assert getattr(again, part) == getattr(point, part), f"{part}\n{text}"
    assert again == point
    assert dump(again, version) == text


@pytest.mark.parametrize("version", VERSIONS)
def test_many_points_come_back(version: str) -> None:
    for seed in range(60):
        same(random_point(Seeded(seed), imperfect=seed % 2 == 0, packing=seed % 3 == 0), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_formats_whose_last_rank_takes_several_loops_come_back(version: str) -> None:
    merged = 0
    for seed in range(25):
        point = random_point(Seeded(seed))
        levels = {
            name: replace(
                level, representations=tuple(replace(r, ranks=r.ranks[-1:]) for r in level.representations)
            )
            for name, level in point.features.levels.items()
        }
        fewer = replace(point, features=replace(point.features, levels=levels))
        merged += any(unfit_formats(fewer))
        same(fewer, version)
    assert merged > 5


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_point_comes_back(version: str, data: st.DataObject) -> None:
    same(random_point(Drawn(data.draw), imperfect=True, packing=True), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", recorded.CASES)
def test_recorded_specifications_come_back(case: str, version: str) -> None:
    same(recorded.point(case), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("machine", ["tc", "stc", "dstc", "eyeriss_v2_pe"])
def test_views_of_machines_come_back(machine: str, version: str) -> None:
    for point in islice(design_points(machine, "digits_cnn"), 2):
        same(point, version)


def test_what_files_cannot_say_is_refused() -> None:
    point = load_text()
    level = point.nest.levels[2]
    twisted = replace(level, spatial=tuple(reversed(level.spatial)))
    levels = (*point.nest.levels[:2], twisted, *point.nest.levels[3:])
    with pytest.raises(InputError, match="a loop along X outside one along Y cannot be written"):
        dump(replace(point, nest=replace(point.nest, levels=levels)))
    twice = replace(point.nest.levels[0], temporal=point.nest.levels[0].temporal * 2)
    with pytest.raises(InputError, match="a rank twice among the loops of a level cannot be written"):
        dump(replace(point, nest=replace(point.nest, levels=(twice, *point.nest.levels[1:]))))
    with pytest.raises(InputError, match=r"version '0\.5'; choices: 0\.3, 0\.4"):
        dump(point, "0.5")


def load_text() -> DesignPoint:
    """The dense example: loops along both sides of an array."""
    point = load("matmul")
    assert isinstance(point, DesignPoint)
    return point
