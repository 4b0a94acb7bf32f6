"""Samples of layers whose truth is known, and that they never pass for it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulator
from simulator import InputError, Trace
from simulator.api.sampling import design, sample
from simulator.hardware import load, names
from simulator.lowering import lower
from simulator.lowering.cuts import cutting, fixed
from simulator.record.sample import NOTE
from simulator.record.sample import load as load_sample
from simulator.workload.trace_file import save
from validation.studies.sampling import CASES, study

SEEDS = 12


def even(rows: int = 2048) -> simulator.Layer:
    """All tiles alike."""
    return simulator.gemm(np.ones((rows, 64), bool), np.ones((64, 96), bool), "even")


def test_designs_stay_within_the_part_that_is_asked_for() -> None:
    for units in (*range(1, 300), 5000):
        for fraction in (0.01, 0.1, 0.25, 0.5, 0.9):
            found = design(units, fraction)
            if found is None:
                assert fraction * units < 13
            else:
                groups, each = found
                assert (groups + 2) * each <= fraction * units
                assert groups >= 4
                assert each >= 2


def test_tiles_that_are_alike_are_told_exactly() -> None:
    truth = simulator.simulate("tc", even(), verify=False)
    found = sample("tc", even(), 0.5, verify=False)
    assert found.layers[0].whole == ""
    assert found.simulated <= 0.5
    assert found.cycles.value == truth.cycles
    assert found.cycles.low == found.cycles.high == truth.cycles
    assert found.energy.value == pytest.approx(truth.energy)
    for part in truth.layers[0].components:
        for state, count in part.intervals.totals().items():
            assert found.of(f"cycles/{part.name}/{state}").value == pytest.approx(count), (part.name, state)
    for tensor, count in truth.layers[0].traffic["dram"].items():
        assert found.of(f"bytes/dram/{tensor}").value == pytest.approx(count)


@pytest.mark.parametrize("case", [each for each in CASES if each.machine in ("stc_dual", "eyeriss_v2_pe")])
def test_intervals_hold_the_truth_of_real_layers(case) -> None:
    small = replace(case, shape=(256, 64, 24)) if case.machine == "eyeriss_v2_pe" else case
    small = replace(small, fraction=0.9) if case.machine == "eyeriss_v2_pe" else small
    found = study(small, SEEDS)
    assert all(each.layers[0].whole == "" for each in found.samples)
    assert len({each.layers[0].groups for each in found.samples}) == SEEDS
    assert found.held(lambda x: x.cycles, found.truth.cycles) >= 0.75
    assert abs(found.errors.mean()) < 0.03
    assert found.errors.std() > 0


def test_seeds_decide_the_draw_and_nothing_else_does(tmp_path: Path) -> None:
    one, again, other = (sample("tc", even(), 0.5, seed=seed, verify=False) for seed in (1, 1, 2))
    assert one == again
    assert one.layers[0].groups != other.layers[0].groups
    assert sample("tc", even(), 0.5, seed=1, verify=False, jobs=2) == one
    one.save(tmp_path / "sample.json")
    assert load_sample(tmp_path / "sample.json") == one


def test_layers_with_few_tiles_are_simulated_whole_and_say_so() -> None:
    small = even(200)
    found = sample("tc", Trace("two", (small, replace(even(), name="many"))), 0.5, verify=False)
    whole, drawn = found.layers
    assert whole.whole == "too few tiles along N: 1; too few tiles along M: 7"
    assert (drawn.whole, drawn.rank) == ("", "M")
    assert found.layer("even").low == found.layer("even").high
    assert found.layer("even").value == simulator.simulate("tc", small, verify=False).cycles
    conv = simulator.conv2d(np.ones((8, 2, 3, 3), bool), np.ones((1, 4, 8, 8), bool), groups=2)
    assert "cannot be told apart" in sample("tc", conv, 0.5).layers[0].whole


def test_what_a_smaller_layer_is_held_to() -> None:
    """With nothing left out, the machine that smaller layers run on runs the whole layer as it was."""
    for name in names():
        machine = load(name)
        layer = simulator.gemm(np.eye(40, 64, dtype=bool), np.ones((64, 200), bool))
        how = cutting(machine, layer, lower(machine, layer))
        told = replace(layer, pattern=how.pattern)
        before, after = (
            simulator.simulate(m, x, verify=False) for m, x in ((machine, layer), (fixed(machine, how), told))
        )
        assert before.cycles == after.cycles, name
        assert before.actions == after.actions, name
        assert cutting(fixed(machine, how), told, lower(fixed(machine, how), told)).signature == how.signature


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2.0, True, "half", float("nan")])
def test_fractions_are_parts(fraction: object) -> None:
    with pytest.raises(InputError, match="fraction="):
        sample("tc", even(), fraction)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `run --sample` writes."""
    from simulator.cli.main import main

    root = tmp_path_factory.mktemp("sampled")
    save(Trace("mixed", (even(200), replace(even(), name="many"))), root / "t.h5")
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "run",
                "tc",
                str(root / "t.h5"),
                "--out",
                str(root / "out"),
                "--sample",
                "0.5",
                "--verify",
                "off",
            ]
        )
    assert not stop.value.code
    return root / "out"


def _main(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    from simulator.cli.main import main

    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


def test_a_sample_says_so_everywhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names == {"sample.json", "summary.json", "layers.csv", "config.yaml", "sample.png"}
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["kind"], summary["sampled"], summary["note"]) == ("sample", True, NOTE)
    assert set(summary["cycles"]) == {"estimate", "low", "high", "variance"}
    rows = list(csv.DictReader((folder / "layers.csv").read_text().splitlines()))
    assert [(row["layer"], row["sampled"]) for row in rows] == [
        ("even", "no"),
        ("many", "yes"),
        ("total", "yes"),
    ]
    assert "cycles" not in rows[0]
    assert {"estimated_cycles", "low_cycles", "high_cycles", "dram_weights_estimated_bytes"} <= set(rows[0])
    code, out, _ = _main(capsys, "show", folder)
    assert (code, NOTE in out) == (0, True)
    assert _main(capsys, "report", folder)[0] == 0
    page = (folder / "report.html").read_text()
    assert NOTE in page
    assert "http" not in page.replace("https://", "http").split("<pre>")[0]


def test_nothing_takes_a_sample_for_a_result(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="holds a sample, not a result"):
        simulator.load(folder)
    code, _, err = _main(capsys, "plot", folder)
    assert (code, "holds a sample, not a result" in err) == (2, True)


@pytest.mark.parametrize("more", [["--baseline", "tc"], ["--requests", "dram"], ["--dry-run"]])
def test_what_a_sample_cannot_have(folder: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _main(
        capsys, "run", "tc", folder.parent / "t.h5", "--out", folder.parent / "o", "--sample", "0.5", *more
    )
    assert (code, "--sample estimates HW alone" in err) == (2, True)
