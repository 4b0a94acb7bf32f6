"""M2 = S0: exact counts and the simulation's totals tell one page twice, equal as integers in cycles and in every count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from design_points import random_point, random_tensors
from networks import Seeded

from simulator.analytical import joint
from simulator.analytical.joint.count import count
from simulator.api import load
from simulator.comparison import Ladder
from simulator.comparison.figures import Truth
from simulator.comparison.subjects import point_subject
from simulator.errors import InputError
from simulator.frontend import timeloop
from simulator.mapping.design_point import DesignPoint
from simulator.paths import data_root
from simulator.record.comparison import RUNGS
from simulator.record.estimate import Counts, Estimate
from simulator.registry import resolve
from simulator.workload.drawing import draw

OWN = sorted(path.stem for path in (data_root("hwconfigs") / "design_points").glob("*.yaml"))
POINTS = 120


def _ladder(point: DesignPoint, tensors: dict[str, Any]) -> Ladder:
    return Ladder(point_subject(point, tensors), resolve("engine", "fast"))


def _told(counts: Counts) -> tuple[Any, ...]:
    return counts.actual, counts.gated, counts.skipped


def _equal(told: Estimate, truth: Truth) -> None:
    """Every count of every tensor at every level, and the multiplications."""
    for level in told.levels:
        assert set(level.tensors) == set(truth.accesses[level.name])
        for tensor, counts in level.tensors.items():
            other = truth.accesses[level.name][tensor]
            for access in set(counts) | set(other):
                one = _told(counts.get(access, Counts()))
                assert one == _told(other.get(access, Counts())), (level.name, tensor, access)
    assert _told(told.computes) == tuple(truth.computes[name] for name in ("computed", "gated", "skipped"))


def _exact(point: DesignPoint, tensors: dict[str, Any]) -> Ladder:
    ladder = _ladder(point, tensors)
    assert ladder.joint is not None
    _equal(ladder.joint, ladder.subject.truth(ladder.outcomes["S4"]))
    assert ladder.joint.cycles == ladder.outcomes["S0"].cycles
    cycles = [ladder.outcomes[rung].cycles for rung in ("S0", "S1", "S2", "S3")]
    assert cycles == sorted(cycles)
    return ladder


@pytest.mark.parametrize("kind", ["dense", "perfect", "imperfect", "packed"])
def test_random_design_points(kind: str) -> None:
    done = 0
    for seed in range(POINTS):
        drawn = Seeded(1000 * seed + len(kind))
        point = random_point(
            drawn, most=512, sparse=kind != "dense", imperfect=kind == "imperfect", packing=kind == "packed"
        )
        tensors = {name: mask.astype(np.int64) for name, mask in random_tensors(drawn, point).items()}
        if kind == "dense":
            tensors = {name: np.ones_like(values) for name, values in tensors.items()}
        try:
            joint.estimate(point, tensors)
        except InputError:
            continue  # rules of the output where none may stand, several packings
        _exact(point, tensors)
        done += 1
    assert done > POINTS / 3


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("seed", [0, 1])
def test_design_points_of_our_own(name: str, seed: int) -> None:
    point = load(name)
    assert isinstance(point, DesignPoint)
    _exact(point, draw(point.product, point.occupancy, seed))


@pytest.mark.parametrize("name", OWN)
def test_between_the_exact_counts_and_the_totals_lies_nothing(name: str) -> None:
    point = load(name)
    assert isinstance(point, DesignPoint)
    found = _ladder(point, draw(point.product, point.occupancy, 0)).compare(resolve("model", "sparseloop"))
    assert tuple(found.cycles) == RUNGS
    assert {step.cause: step.cycles for step in found.steps}["description"] == 0
    assert sum(step.cycles for step in found.steps) == -found.error


def test_the_recorded_element() -> None:
    """The published layers of Eyeriss v2's element: its multiplications are the published cycles."""
    folder = Path(__file__).parents[3] / "shared" / "data" / "eyeriss_v2_pe"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/eyeriss_v2_pe")
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    for file in sorted(folder.glob("L*_problem.yaml")):
        layer = file.name.removesuffix("_problem.yaml")
        names = ("arch.yaml", f"{layer}_problem.yaml", f"{layer}_mapping.yaml", "sparse_opt.yaml")
        point = timeloop.load([str(folder / name) for name in names])
        masks = np.load(folder / f"{layer}_masks.npz")
        size = dict(point.product.ranks)
        iacts = masks["iacts"].reshape(size["E"], size["F"], size["C"]).transpose(2, 0, 1)
        tensors = {
            "Inputs": iacts.reshape(point.product.tensor("Inputs").shape),
            "Weights": masks["weights"].T.reshape(point.product.tensor("Weights").shape),
        }
        counted = count(point, joint.masks_of(point, tensors))
        assert counted.computed == counted.time == expected["layers"][layer]["published_cycles"]
