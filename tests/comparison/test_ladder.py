"""Rungs that cannot be told are left out, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.api import compare, load
from simulator.comparison import Ladder
from simulator.comparison.subjects import point_subject
from simulator.errors import InfeasibleError, InputError
from simulator.mapping.design_point import DesignPoint
from simulator.record.comparison import RUNGS
from simulator.record.estimate import Counts, Estimate
from simulator.registry import resolve
from simulator.workload.drawing import draw

EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "sparseloop" / "v04"


@pytest.fixture
def ladder() -> Ladder:
    point = load("spmspm")
    assert isinstance(point, DesignPoint)
    return Ladder(point_subject(point, draw(point.product, point.occupancy)), resolve("engine", "fast"))


def test_a_model_that_refuses_the_actual_densities(ladder: Ladder) -> None:
    declared = ladder.subject.point

    def model(point: DesignPoint) -> Estimate:
        if point is not declared:
            raise InfeasibleError("the tile does not fit")
        return Estimate("strict", point.name, 1000, 1000, Counts(1, 1))

    found = ladder.compare(model)
    assert tuple(found.cycles) == tuple(rung for rung in RUNGS if rung != "M1")
    assert found.steps[0].cause == "assumed occupancy + independence"
    assert any("the tile does not fit" in note for note in found.notes)


def test_without_a_design_point_only_a_given_estimate_is_compared(ladder: Ladder) -> None:
    from dataclasses import replace

    bare = Ladder(replace(ladder.subject, point=None, tensors=None), resolve("engine", "fast"))
    with pytest.raises(InputError, match="has no design point to estimate"):
        bare.compare(resolve("model", "roofline"))
    found = bare.compare(resolve("model", "roofline"), Estimate("file", "layer", 7, 7, Counts(1, 1)))
    assert tuple(found.cycles) == ("M0", "S0", "S1", "S2", "S3", "S4")
    assert found.cycles["S4"] == ladder.outcomes["S4"].cycles


def test_many_models_share_one_simulation(ladder: Ladder) -> None:
    one, other = (ladder.compare(resolve("model", name)) for name in ("sparseloop", "roofline"))
    assert {rung: one.cycles[rung] for rung in RUNGS[2:]} == {rung: other.cycles[rung] for rung in RUNGS[2:]}
    assert other.cycles["M0"] < one.cycles["M0"]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs ../shared/data/sparseloop/v04")
def test_statistics_the_real_tools_wrote() -> None:
    folder = EXAMPLES / "02.2.1-spMspM"
    found = compare(folder, against=folder / "timeloop-mapper.stats.txt").layers[0]
    assert found.cycles["M0"] == 64  # Cycles: in the file
    assert found.cycles["M2"] == found.cycles["S0"]
    figures = {(f.component, f.tensor, f.quantity): f for f in found.figures}
    assert figures["Buffer", "B", "fills"].estimate == figures["Buffer", "B", "fills"].truth == 32
