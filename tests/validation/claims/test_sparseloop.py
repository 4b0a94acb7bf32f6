"""The recorded specifications are met, in the mode of the version each was made with."""

from __future__ import annotations

from pathlib import Path

import pytest

from validation.claims import sparseloop
from validation.claims.sparseloop_reference import read_reference
from validation.registry import default_data

DATA = default_data()
recorded = pytest.mark.skipif(
    DATA is None or not (DATA / "sparseloop").is_dir(), reason="no recorded specifications (../shared/data)"
)


@recorded
def test_every_recorded_case_holds() -> None:
    assert DATA is not None
    claims = list(sparseloop.claims(DATA))
    assert len(claims) > 100
    assert [claim for claim in claims if not claim.holds] == []
    assert {claim.note for claim in claims if claim.name.startswith("cycles")} >= {
        mode.mimics for name, mode in sparseloop.MODES.items() if name != "default"
    }


@recorded
def test_a_count_that_is_off_is_seen() -> None:
    assert DATA is not None
    case = next(case for case in sparseloop.cases(DATA) if case.name.startswith("format_comparison"))
    found = sparseloop.estimate(sparseloop.point_of(case), case.mode)
    reference = read_reference(case.statistics)
    level, tensors = next(iter(reference.counts.items()))
    tensor, counts = next(iter(tensors.items()))
    assert sparseloop.deviation(found, reference)[0] <= 1e-3
    key = next(key for key, value in counts.items() if value > 1e4)
    counts[key] *= 1.01
    worst, where, number = sparseloop.deviation(found, reference)
    assert worst == pytest.approx(0.01, rel=0.05)
    assert where.startswith(f"{level} {tensor} {key}")
    assert number > 50


@recorded
@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("format_comparison / 0.01_coordinate_list", 15.0),
        ("format_comparison / 0.01_bitmask", 0.6),
        ("eyeriss_v2_pe / L27", -0.06),
    ],
)
def test_the_public_release_differs_from_the_private_build_as_it_was_measured_to(
    name: str, percent: float
) -> None:
    """Energy of the public release of 2022, run on the artifact's inputs, against what the artifact recorded."""
    assert DATA is not None
    case = next((case for case in sparseloop.cases(DATA) if case.name == name), None)
    if case is None:
        pytest.skip(f"{name} is not among the recorded cases")
    found = sparseloop.estimate(sparseloop.point_of(case), "timeloop-2022").energy
    expected = read_reference(case.statistics).energy_pj
    assert 100 * (found / expected - 1) == pytest.approx(percent, rel=0.1)


def test_statistics_that_cannot_be_read_fail_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "stats.txt").write_bytes(b"\xff no cycles here")
    found = list(sparseloop.claims(tmp_path))
    assert [(claim.name, claim.verdict) for claim in found] == [
        ("statistics: a", "fails"),
        ("statistics: b", "fails"),
    ]
    assert "has no line 'Cycles: <number>'" in found[0].note


def test_statistics_of_dense_models_are_read(tmp_path: Path) -> None:
    path = tmp_path / "stats.txt"
    path.write_text(
        "=== MAC ===\n    Computes (total)        : 8\n    Energy (total)          : 2.50 pJ\n"
        "=== Buffer ===\n    A:\n        Scalar reads (per-instance)              : 7\n"
        "        Energy (total)                           : 1.25 pJ\n"
        "Networks\n--------\n    A:\n        Scalar reads (per-instance) : 9\n\nCycles: 12\n",
        encoding="utf-8",
    )
    found = read_reference(path)
    assert (found.cycles, found.energy_pj) == (12, 3.75)
    assert found.computes == {"actual": 8}
    assert found.counts == {"Buffer": {"A": {"actual reads": 7}}}


def test_an_empty_folder_is_skipped(tmp_path: Path) -> None:
    assert [claim.verdict for claim in sparseloop.claims(tmp_path)] == ["skipped"]


def test_cases_are_found_wherever_they_lie(tmp_path: Path) -> None:
    layers, alone = tmp_path / "pe", tmp_path / "sparseloop" / "study" / "one"
    for path in (
        layers / "L02_sparseloop_stats.txt",
        layers / "L02_problem.yaml",
        layers / "L02_mapping.yaml",
        alone / "timeloop-model.stats.txt",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [(case.name, case.problem, case.mapping) for case in sparseloop.cases(tmp_path)] == [
        ("pe / L02", "L02_problem", "L02_mapping"),
        ("study / one", None, None),
    ]
    assert [case.name for case in sparseloop.cases(alone)] == ["one"]
    assert [case.name for case in sparseloop.cases(layers)] == ["L02"]
