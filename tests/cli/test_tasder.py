"""``tasder`` and ``run --series``: a series per layer searched, written, run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from simulator.api import series as api
from simulator.record.result_file import load as result
from simulator.search.tasder import read
from simulator.workload.layer import gemm
from simulator.workload.model import Trace
from simulator.workload.trace_file import save

HW = "ttc_stc_m4"


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers: weights of which 2:4 drops next to nothing, and dense ones."""
    rng = np.random.default_rng(4)
    sparse = rng.integers(99, 128, (96, 256)) * np.tile([1, 0, 0, 1], 64) + (rng.random((96, 256)) < 0.02)
    dense, inputs = rng.integers(1, 9, (96, 256)), rng.integers(1, 9, (256, 256))
    layers = [gemm(w.astype(np.int8), inputs.astype(np.int8), n) for n, w in (("a", sparse), ("b", dense))]
    path = tmp_path_factory.mktemp("traces") / "two.h5"
    save(Trace("two", tuple(layers)), path)
    return path


def test_a_search_is_written_told_and_run(run, trace: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "series.yaml", tmp_path / "out"
    ran = run("tasder", HW, trace, "-o", file)
    assert (ran.code, ran.err) == (0, "")
    assert read(file) == {"a": ("weights", "2:4")}
    notes = yaml.safe_load(file.read_text())
    assert (notes["machine"], notes["objective"], notes["cost_from"]) == (HW, "edp", "simulator")
    assert notes["asked"] == {
        "set": [],
        "layers": "*",
        "sides": "weights,inputs",
        "prune": None,
        "stand_in": False,
    }
    assert 0.999 < notes["quality_found"] <= notes["quality_original"] == 1.0
    assert notes["cycles"] < notes["cycles_plain"]
    assert 0 < notes["edp_ratio"] < 1
    assert "stand-in" in notes["quality"]
    assert [path.name for path in tmp_path.iterdir()] == ["series.yaml"]
    for told in ("│ a", "weights", "2:4", "as it is", f"wrote {file}"):
        assert told in ran.out or told.replace("│ ", " ") in ran.out

    ran = run("run", HW, trace, "--series", file, "--out", out, "--no-plot", "--verify", "full")
    assert (ran.code, ran.err) == (0, "")
    found, base = result(out / "result.h5"), result(out / "baseline.h5")
    assert [layer.choices.get("series") for layer in found.layers] == ["weights 2:4", None]
    assert all("series" not in layer.choices for layer in base.layers)
    assert found.cycles == notes["cycles"]
    assert all(layer.verification.outputs == 96 * 256 for layer in found.layers)
    ran = run("run", HW, trace, "--series", file, "--out", tmp_path / "other", "--dry-run")
    assert ran.code == 0
    assert "estimated" in ran.out


@pytest.mark.parametrize("objective", ["cycles", "energy"])
def test_objective_source_and_json(run, trace: Path, tmp_path: Path, objective: str) -> None:
    file = tmp_path / "s.yaml"
    ran = run("tasder", HW, trace, "-o", file, "--objective", objective, "--from", "formula", "--json")
    told = json.loads(ran.out)
    assert (told["objective"], told["cost_from"]) == (objective, "formula")
    assert told["layers"] == {"a": {"weights": "2:4"}} == yaml.safe_load(file.read_text())["layers"]


def test_sides_layers_and_quality(run, trace: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    options = "tasder", HW, trace, "-o", file, "--from", "formula", "--force", "--json"
    assert json.loads(run(*options, "--sides", "inputs").out)["layers"] == {}
    assert set(json.loads(run(*options, "--quality", "0.01").out)["layers"]) == {"a", "b"}
    assert json.loads(run(*options, "--layers", "b").out)["layers"] == {}


def test_an_interrupted_search_continues(run, trace: Path, tmp_path: Path, monkeypatch) -> None:
    """Nothing that was measured is measured again, and the result is that of a search in one go."""
    whole, parted = tmp_path / "whole.yaml", tmp_path / "parted.yaml"
    measured: list[tuple[str, object]] = []
    original = api.layer_cost

    def counted(machine, layer, choice, source):
        if len(measured) == limit:
            raise KeyboardInterrupt
        measured.append((layer.name, choice))
        return original(machine, layer, choice, source)

    monkeypatch.setattr(api, "layer_cost", counted)
    limit = -1
    run("tasder", HW, trace, "-o", whole)
    once = list(measured)
    assert len(once) == len(set(once)) > 3

    measured.clear()
    limit = 3
    ran = run("tasder", HW, trace, "-o", parted)
    assert ran.code == 130
    assert not parted.exists()
    assert (tmp_path / "parted.yaml.unfinished").exists()
    ran = run("tasder", "ttc_stc_m8", trace, "-o", parted)
    assert ran.code == 2
    assert "holds measurements of another search" in ran.err
    limit = -1
    assert run("tasder", HW, trace, "-o", parted).code == 0
    assert measured == once
    assert parted.read_text() == whole.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parted.yaml", "whole.yaml"]


def test_force_begins_anew(run, trace: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.with_name("s.yaml.unfinished").write_text('{"tasder": {}}\n')
    assert run("tasder", HW, trace, "-o", file).code == 2
    assert run("tasder", HW, trace, "-o", file, "--force").code == 0
    ran = run("tasder", HW, trace, "-o", file)
    assert ran.code == 2
    assert "exists; give --force" in ran.err


def test_progress_is_shown_on_a_terminal(run, trace: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    shown = run("tasder", HW, trace, "-o", tmp_path / "a.yaml", "--from", "formula").err
    assert any(
        step in shown for step in ("sensitivity", "pass", "exchanges")
    )  # a bar shows the last it was told
    assert run("tasder", HW, trace, "-o", tmp_path / "b.yaml", "--from", "formula", "--quiet").err == ""


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["tc", "TRACE"], "machine 'tc': runs no series of terms; choices: ttc_stc_m4"),
        (["none", "TRACE"], "none"),
        ([HW, "none.h5"], "none.h5"),
        ([HW, "none.npz"], "none.npz"),
        ([HW, "TRACE", "--layers", "zz*"], "matches no layer"),
        ([HW, "TRACE", "--sides", "outputs"], "sides outputs: choices: weights, inputs"),
        ([HW, "TRACE", "--prune", "2:4"], "--prune: is for the .npz file"),
        ([HW, "TRACE", "--quality", "1.5"], "--quality"),
        ([HW, "TRACE", "--set", "tasd.units=no"], "tasd.units"),
        ([HW, "TRACE", "--objective", "joy"], "--objective"),
    ],
)
def test_what_is_wrong_is_one_clear_error(
    run, trace: Path, tmp_path: Path, words: list[str], rule: str
) -> None:
    file = tmp_path / "s.yaml"
    ran = run("tasder", *[str(trace) if word == "TRACE" else word for word in words], "-o", file)
    assert ran.code == 2
    assert rule in ran.err
    assert "Traceback" not in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "cannot be read"),
        ("layers: {a: {weights: '2:x'}}", "layers.a.weights"),
        ("layers: {zz: {weights: '2:4'}}", "series for layer 'zz': 'two' has no such layer"),
        ("layers: {a: {weights: '1:4'}}", "has no term 1:4; choices: 2:4, 4:4"),
        ("layers: {a: {weights: '2:4+2:4+2:4'}}", "its terms keep 6 of every 4"),
    ],
)
def test_a_bad_series_file_is_one_clear_error(
    run, trace: Path, tmp_path: Path, text: str | None, rule: str
) -> None:
    file, out = tmp_path / "s.yaml", tmp_path / "out"
    if text is not None:
        file.write_text(text)
    ran = run("run", HW, trace, "--series", file, "--out", out, "--no-plot")
    assert ran.code == 2
    assert rule in ran.err
    assert ran.err.count("\n") == 1


def test_design_points_have_no_series(run, tmp_path: Path) -> None:
    ran = run("run", "spmspm", "--series", tmp_path / "s.yaml", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "--series" in ran.err


def test_one_layer_of_a_searched_network_runs(run, trace: Path, tmp_path: Path) -> None:
    file = tmp_path / "series.yaml"
    file.write_text('layers: {a: {weights: "2:4"}, b: {weights: "2:4"}}')
    ran = run("run", HW, trace, "--layers", "b", "--series", file, "--out", tmp_path / "out", "--no-plot")
    assert (ran.code, ran.err) == (0, "")
    assert [layer.name for layer in result(tmp_path / "out" / "result.h5").layers] == ["b"]


def test_part_of_a_network_cannot_name_images(run, tmp_path: Path) -> None:
    ran = run("tasder", HW, "digits_cnn", "--layers", "s75/conv1", "-o", tmp_path / "series.yaml")
    assert ran.code != 0
    assert "all layers of 's75'" in ran.err


def test_what_the_formula_finds_is_simulated(run, trace: Path, tmp_path: Path) -> None:
    told = {}
    for source in ("formula", "simulator"):
        file = tmp_path / f"{source}.yaml"
        assert run("tasder", HW, trace, "--from", source, "-o", file).code == 0
        told[source] = yaml.safe_load(file.read_text())
    for key in ("cycles_plain", "energy_plain_uj"):
        assert told["formula"][key] == told["simulator"][key]
    assert read(tmp_path / "formula.yaml") == read(tmp_path / "simulator.yaml")
    assert told["formula"]["cycles"] == told["simulator"]["cycles"]


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        (("--set", "array.rows=1", "--from", "formula"), "a row of weights needs"),
        (("--set", "value_bits.inputs=16 b", "--from", "formula"), "is for values of 8 b"),
    ],
)
def test_machines_the_formula_cannot_tell(
    run, trace: Path, tmp_path: Path, more: tuple[str, ...], rule: str
) -> None:
    ran = run("tasder", HW, trace, *more, "-o", tmp_path / "series.yaml")
    assert ran.code != 0
    assert rule in ran.err
