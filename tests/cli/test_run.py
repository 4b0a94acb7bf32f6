from __future__ import annotations

import csv
import json
import signal

import pytest
import yaml

from simulator import api
from simulator.api import simulation
from simulator.cli.folder import FILES
from simulator.record.result_file import load


def _run(run, toy, out, *more: object):
    return run("run", "highlight", toy, "--out", out, "--engine", "reference", "--no-plot", *more)


@pytest.fixture(scope="module")
def result(toy):
    return api.simulate("highlight", toy, engine="reference")


def test_writes_everything_and_prints_a_table(run, toy, tmp_path, result) -> None:
    out = tmp_path / "deep" / "out"
    ran = run("run", "highlight", toy, "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert {path.name for path in out.iterdir()} == {*FILES} - {"requests.txt", "sample.json", "sample.png"}
    assert load(out / "result.h5").digest == result.digest
    assert load(out / "baseline.h5").machine == "tc"
    assert yaml.safe_load((out / "config.yaml").read_text(encoding="utf-8"))["name"] == "highlight"
    rows = list(csv.DictReader((out / "layers.csv").read_text(encoding="utf-8").splitlines()))
    assert [int(row["cycles"]) for row in rows] == [layer.cycles for layer in result.layers]
    for layer in result.layers:
        assert f" {layer.name} " in ran.out
    assert f"digest {result.digest}" in ran.out
    assert (out / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_summary_carries_the_speedup(run, toy, tmp_path) -> None:
    out = tmp_path / "out"
    ran = _run(run, toy, out, "--json")
    document = json.loads(ran.out)
    assert document == json.loads((out / "summary.json").read_text(encoding="utf-8"))
    slow, fast = document["baseline"]["cycles"], document["cycles"]
    assert document["speedup_ratio"] == slow / fast
    first = document["layers"][0]
    assert (
        document["speedup_by_layer_ratio"][first["name"]]
        == document["baseline"]["layers"][0]["cycles"] / first["cycles"]
    )


def test_choices_of_layers_baseline_and_parameters(run, toy, tmp_path) -> None:
    out = tmp_path / "out"
    ran = _run(
        run,
        toy,
        out,
        "--layers",
        "s0/*",
        "--baseline",
        "none",
        "--set",
        "dram.bandwidth=unlimited",
        "--verify",
        "off",
    )
    assert ran.code == 0
    found = load(out / "result.h5")
    assert [layer.name for layer in found.layers] == ["s0/fc2"]
    assert found.layers[0].verification.mode == "off"
    assert not (out / "baseline.h5").exists()
    written = yaml.safe_load(found.config)["components"]["dram"]["bandwidth"]
    assert written == {"value": "unlimited", "source": "override"}


def test_the_baseline_is_not_overridden_and_that_is_said(run, toy, tmp_path) -> None:
    ran = _run(run, toy, tmp_path / "out", "--set", "dram.bandwidth=64 B/cycle")
    assert "--set changed highlight only; tc is as described" in ran.out
    assert "32 B/cycle" in load(tmp_path / "out" / "baseline.h5").config


def test_tc_is_not_compared_with_itself(run, toy, tmp_path) -> None:
    ran = run("run", "tc", toy, "--out", tmp_path / "out", "--engine", "reference", "--no-plot")
    assert ran.code == 0
    assert "speed-up" not in ran.out
    assert not (tmp_path / "out" / "baseline.h5").exists()


def test_nothing_is_overwritten_unasked(run, toy, tmp_path) -> None:
    out = tmp_path / "out"
    assert _run(run, toy, out).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    ran = _run(run, toy, out, "--layers", "s0/*")
    assert ran.code == 2
    assert "is not empty; give --force" in ran.err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_force_replaces_a_run_and_leaves_other_files(run, toy, tmp_path) -> None:
    out = tmp_path / "out"
    assert _run(run, toy, out).code == 0
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    assert _run(run, toy, out, "--baseline", "none", "--layers", "s0/*", "--force").code == 0
    names = {path.name for path in out.iterdir()}
    assert names == {"notes.txt", "result.h5", "config.yaml", "summary.json", "layers.csv"}


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--layers", "s0/fc3"], 2, "--layers 's0/fc3': matches no layer"),
        (["--rung", "trut"], 2, "unknown rung 'trut'; did you mean 'truth'?"),
        (["--set", "glb.rwo=3"], 2, "override glb.rwo: unknown parameter; did you mean 'glb.row'?"),
        (["--set", "glb.row"], 2, "--set 'glb.row': expected KEY=VALUE"),
        (["--set", "glb.row=64 B", "--set", "glb.row=32 B"], 2, "--set glb.row: given twice"),
        (["--baseline", "tcc"], 2, "no machine called 'tcc'"),
        (["--set", "glb.data_capacity=64 B"], 4, "does not fit"),
    ],
)
def test_refusals_write_nothing(run, toy, tmp_path, options, code, message) -> None:
    ran = _run(run, toy, tmp_path / "out", *options)
    assert ran.code == code
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["no.h5", "highlight", "result"])
def test_only_traces_are_run(run, toy, tmp_path, what, result) -> None:
    path = tmp_path / "r.h5"
    result.save(path)
    ran = run("run", "highlight", path if what == "result" else what, "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_weights_that_break_their_pattern(run, faulty, tmp_path) -> None:
    ran = run("run", "highlight", faulty, "--out", tmp_path / "out", "--engine", "reference")
    assert ran.code == 2
    assert "layer 'lies'" in ran.err
    assert list(tmp_path.iterdir()) == []


def _interrupt_at(monkeypatch: pytest.MonkeyPatch, turn: int) -> None:
    """Press Ctrl-C at the start of the `turn`-th layer, counted over both machines."""
    layer, count = simulation.layer_result, iter(range(100))

    def pressed(*args):
        if next(count) == turn:
            signal.raise_signal(signal.SIGINT)
        return layer(*args)

    monkeypatch.setattr(simulation, "layer_result", pressed)


def test_interrupted_in_the_second_layer(run, toy, tmp_path, monkeypatch) -> None:
    _interrupt_at(monkeypatch, 1)
    out = tmp_path / "out"
    ran = _run(run, toy, out)
    assert ran.code == 130
    kept = f"finished layers of highlight are in {out}, marked incomplete; the same command continues"
    assert ran.err.strip() == f"interrupted: {kept}"
    found = load(out / "result.h5")
    assert not found.complete
    assert [layer.name for layer in found.layers] == ["s75/fc1"]
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["complete"] is False
    assert "incomplete: the run was interrupted" in run("show", out).out


def test_interrupted_in_the_baseline(run, toy, tmp_path, monkeypatch) -> None:
    _interrupt_at(monkeypatch, 3)
    out = tmp_path / "out"
    assert _run(run, toy, out).code == 130
    assert load(out / "result.h5").complete
    assert not load(out / "baseline.h5").complete


def test_interrupted_before_the_first_layer(run, toy, tmp_path, monkeypatch) -> None:
    _interrupt_at(monkeypatch, 0)
    ran = _run(run, toy, tmp_path / "out")
    assert (ran.code, list(tmp_path.iterdir())) == (130, [])
    assert ran.err.strip() == "interrupted: before the first layer was finished; nothing was written"


def test_requests_are_written_in_order_over_all_layers(run, toy, tmp_path) -> None:
    out = tmp_path / "out"
    ran = _run(run, toy, out, "--requests", "dram", "--baseline", "none")
    assert (ran.code, ran.err) == (0, "")
    told = [line.split(" ") for line in (out / "requests.txt").read_text(encoding="ascii").splitlines()]
    cycles = [int(cycle) for cycle, _, _ in told]
    assert cycles == sorted(set(cycles))
    assert {letter for _, letter, _ in told} == {"R", "W"}
    result = load(out / "result.h5")
    grants = [program.grants for layer in result.layers for program in layer.component("dram").programs]
    assert len(told) == sum(items for items, *_ in grants)
    first = result.layers[0].cycles
    assert sum(cycle < first for cycle in cycles) == sum(items for items, *_ in grants[:3])
    assert max(cycles) < result.cycles
    assert [int(address, 16) for cycle, _, address in told if int(cycle) in (0, first)] == [0, 0]
    assert not [path for path in tmp_path.iterdir() if path != out]
    _run(run, toy, out, "--force")
    assert not (out / "requests.txt").exists()


def test_requests_of_nothing_leave_nothing(run, toy, tmp_path) -> None:
    for more, says in (
        (("drm",), "did you mean 'dram'?"),
        (("dram", "--rung", "S3"), "are those of rung S4"),
    ):
        ran = _run(run, toy, tmp_path / "out", "--requests", *more)
        assert ran.code == 2
        assert says in ran.err
    assert not list(tmp_path.iterdir())


def test_both_engines_write_the_same_requests(run, toy, tmp_path) -> None:
    for component, change in (("dram", "dram.timing=DDR4"), ("glb.read", "glb.banks=3")):
        files = []
        for engine in ("fast", "reference"):
            out = tmp_path / f"{component}.{engine}"
            more = ["--requests", component, "--set", change, "--baseline", "none", "--engine", engine]
            assert run("run", "highlight", toy, "--out", out, "--no-plot", *more).code == 0
            files.append((out / "requests.txt").read_text(encoding="ascii"))
        assert files[0] == files[1]
        assert len(files[0].splitlines()) > 40
