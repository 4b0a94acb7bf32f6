"""``sweep`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def spec(toy: Path, tmp_path: Path) -> Path:
    """Two points, one of which no machine can run."""
    path = tmp_path / "s.yaml"
    path.write_text(
        f"base: {{machine: tc, trace: {toy}, verify: 'off', engine: reference}}\n"
        "grid:\n  set: {glb.data_capacity: [64 B, 256 KiB]}\n  rung: [S0]\n"
    )
    return path


def test_table_pictures_and_what_failed(run, spec, tmp_path) -> None:
    out = tmp_path / "out"
    ran = run("sweep", spec, "--out", out, "--jobs", "1")
    assert ran.code == 0  # infeasible points are an answer
    assert "2 points, 1 failed; front of cycles and energy_pj" in ran.out
    assert "glb.data_capacity" in ran.out
    assert ran.err.startswith("failed: point 0 (glb.data_capacity 64 B), exit code 4: ")
    assert {path.name for path in out.iterdir()} == {"points.log", "points.csv", "points.json", "pareto.png"}
    assert (out / "pareto.png").read_bytes().startswith(b"\x89PNG")
    again = run("sweep", spec, "--out", out, "--jobs", "1", "--json")
    assert again.err.startswith("continuing: 2 of 2 points were finished before\n")
    assert json.loads(again.out) == json.loads((out / "points.json").read_text())
    assert "continuing" not in run("sweep", spec, "--out", out, "--jobs", "1", "--force").err


def test_a_dry_run_lists_points(run, spec, tmp_path) -> None:
    before = set(tmp_path.iterdir())
    ran = run("sweep", spec, "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "0: glb.data_capacity 64 B\n1: glb.data_capacity 256 KiB\n2 points\n"
    assert set(tmp_path.iterdir()) == before


def test_a_point_that_is_wrong_is_the_exit_code(run, spec, tmp_path) -> None:
    spec.write_text(spec.read_text().replace("64 B", "64 bits"))
    ran = run("sweep", spec, "--out", tmp_path / "out", "--jobs", "1")
    assert ran.code == 2
    assert "exit code 2: override glb.data_capacity:" in ran.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nothing.yaml", "--out", "x"], "nothing.yaml: No such file"),
        (["s.yaml"], "Missing option '--out'"),
        (
            ["s.yaml", "--out", "out", "--x", "cycle"],
            "pareto: 'cycle' is no column of numbers; did you mean 'cycles'?",
        ),
        (["s.yaml", "--out", "s.yaml"], "is a file, not a folder"),
    ],
)
def test_refusals(run, spec, monkeypatch, args, message) -> None:
    monkeypatch.chdir(spec.parent)
    ran = run("sweep", *args, *([] if "--out" not in args else ["--jobs", "1"]))
    assert ran.code == 2
    assert message in ran.err


def test_a_bar_where_somebody_watches(run, spec, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ran = run("sweep", spec, "--out", tmp_path / "out", "--jobs", "1")
    assert "2/2" in ran.err
    assert "1 failed" in ran.err
