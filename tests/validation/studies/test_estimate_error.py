"""The study's operands, sums, tables and figures, on a few of its points."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from simulator.record.comparison import CAUSES, RUNGS, LayerComparison
from validation.markdown import BEGIN, END
from validation.studies.estimate_error import drawing, page, points, zoo
from validation.studies.estimate_error.sample import MODELS, Sample, costs, spread

DOCUMENT = Path(__file__).parents[3] / "docs" / "studies" / "estimate_error.md"


def _sample(machine: str, model: str, cycles: tuple[int, ...]) -> Sample:
    return Sample(
        machine, "case", "layer", model, LayerComparison("layer", dict(zip(RUNGS, cycles, strict=True)))
    )


@cache
def _made() -> tuple[Sample, ...]:
    rows = {"one": (80, 70, 75, 75, 78, 90, 96, 100), "two": (130, 130, 120, 120, 120, 121, 100, 100)}
    return tuple(_sample(machine, model, cycles) for machine, cycles in rows.items() for model in MODELS)


@cache
def _swept() -> dict[str, dict[float, list[Sample]]]:
    return {
        "density": {float(d): [points.sample(d, 0.0, 2, 0)] for d in (Fraction(1, 4), Fraction(1))},
        "imbalance": {s: [points.sample(points.MIDDLE, s, 2, 0)] for s in (0.0, 1.0)},
        "depth": {depth: [points.sample(points.MIDDLE, 0.5, depth, 0)] for depth in (1, 2)},
    }


def test_errors_and_costs_have_signs() -> None:
    found = spread(s for s in _made() if s.model == "sparseloop")
    assert (found.median, found.absolute, found.low, found.high, found.many) == pytest.approx(
        (0.05, 0.25, -0.2, 0.3, 2)
    )
    shares = costs(s for s in _made() if s.machine == "one")
    assert list(shares) == list(CAUSES.values())
    assert sum(shares.values()) == pytest.approx(0.2)


@pytest.mark.parametrize("imbalance", [0.0, 0.5, 1.5])
def test_operands_have_one_density_however_unequal(imbalance: float) -> None:
    for density in points.DENSITIES:
        drawn = points.operands(density, imbalance, 1)
        assert all(np.count_nonzero(each) == points.SIZE**2 * density for each in drawn.values())
    rows = [points.operands(points.MIDDLE, s, 1)["A"].sum(axis=1).std() for s in (0.0, imbalance)]
    assert imbalance == 0 or rows[1] > 1.5 * rows[0]


def test_what_a_design_point_shows() -> None:
    swept = _swept()
    for sweep in swept.values():
        for (sample,) in sweep.values():
            assert sample.found.cycles["M2"] == sample.found.cycles["S0"]
    balance = {s: costs(samples)["balance"] for s, samples in swept["imbalance"].items()}
    assert balance[1.0] > balance[0.0] > 0
    buffers = {depth: costs(samples)["buffers"] for depth, samples in swept["depth"].items()}
    assert buffers[1] > buffers[2] >= 0
    assert costs(swept["density"][1.0])["balance"] == 0


def test_every_pattern_is_one_its_machine_runs() -> None:
    said: list[str] = []
    for machine in ("tc", "stc"):
        cases = list(zoo.cases(machine, quick=True))
        assert [case.name for case in cases].count("products") == len(zoo.MACHINES[machine]) * len(zoo.INPUTS)
    one = list(zoo.samples("stc", said.append, quick=True))
    assert {s.model for s in one} == set(MODELS)
    assert len([s for s in one if s.case == "products"]) == len(MODELS) * len(zoo.MACHINES["stc"]) * len(
        zoo.INPUTS
    )


def test_tables_and_figures(tmp_path: Path) -> None:
    text = page.tables(_made(), _swept())
    assert "| one | 1 | -20.0 (20.0; -20.0 .. -20.0) |" in text
    assert "| one | -10.0 | +5.0 | 0.0 | +3.0 | +12.0 | +6.0 | +4.0 |" in text
    drawing.errors(_made(), tmp_path / "a.svg")
    drawing.assumptions(_made(), tmp_path / "b.svg")
    drawing.sweeps(_swept(), tmp_path / "c.svg")
    assert all((tmp_path / f"{name}.svg").stat().st_size for name in "abc")


def test_the_page_has_the_tables_of_all_machines() -> None:
    text = DOCUMENT.read_text("utf-8")
    made = text[text.index(BEGIN) : text.index(END)]
    for machine in zoo.MACHINES:
        assert made.count(f"| {machine} |") == 2
