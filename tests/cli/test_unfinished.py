"""Runs that are killed or interrupted: the same command continues, no layer is lost or run twice, nothing stale is taken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import simulator
from simulator import Trace
from simulator.api import simulation
from simulator.record.journal import MAGIC
from simulator.record.result_file import load
from simulator.workload.trace_file import save

LAYERS = 8
COMMAND = "from simulator.cli.main import main; main()"
FIXED = ("--engine", "reference", "--no-plot", "--baseline", "none", "--verify", "off")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Layers that take the reference engine a moment each."""
    rng = np.random.default_rng(5)
    layers = tuple(
        simulator.gemm(rng.random((96, 64)) < 0.5, rng.random((64, 96 + i)) < 0.5, f"l{i}")
        for i in range(LAYERS)
    )
    path = tmp_path_factory.mktemp("long") / "long.h5"
    save(Trace("long", layers), path)
    return path


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the layers that are really simulated in this process."""
    names: list[str] = []
    real = simulation.layer_result

    def noted(machine, layer, *more):
        names.append(layer.name)
        return real(machine, layer, *more)

    monkeypatch.setattr(simulation, "layer_result", noted)
    return names


def _children(pid: int) -> list[int]:
    text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(line) for line in text.split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_is_continued(run, long, tmp_path, simulated, jobs) -> None:
    out = tmp_path / "out"
    words = ["run", "tc", str(long), "--out", str(out), *FIXED, "--jobs", str(jobs)]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *words], stdout=subprocess.DEVNULL)
    journal = out / "unfinished" / "result.journal"
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.stat().st_size > len(MAGIC) + 20_000):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    children = _children(process.pid)
    assert bool(children) == (jobs > 1)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert [path.name for path in out.iterdir()] == ["unfinished"]
    while any(map(_alive, children)):
        assert time.monotonic() < deadline
        time.sleep(0.01)

    ran = run("run", "tc", long, "--out", out, *FIXED)
    assert ran.code == 0
    kept = LAYERS - len(simulated)
    assert 0 < kept < LAYERS
    assert len(set(simulated)) == len(simulated)
    assert ran.err == f"continuing: {kept} of {LAYERS} layers of tc were finished before\n"
    assert not (out / "unfinished").exists()
    whole = simulator.simulate("tc", long, engine="reference", verify=False)
    found = load(out / "result.h5")
    assert found.digest == whole.digest
    assert found.summary() == whole.summary()


def _interrupted(run, trace, out, monkeypatch: pytest.MonkeyPatch, turn: int, *more: object) -> None:
    real, count = simulation.layer_result, iter(range(1000))

    def pressed(*args):
        if next(count) == turn:
            signal.raise_signal(signal.SIGINT)
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(simulation, "layer_result", pressed)
        assert run("run", "highlight", trace, "--out", out, "--engine", "reference", *more).code == 130


def test_ctrl_c_in_the_baseline(run, toy, tmp_path, monkeypatch, simulated) -> None:
    out = tmp_path / "out"
    _interrupted(run, toy, out, monkeypatch, 3)
    del simulated[:]
    assert not load(out / "baseline.h5").complete
    ran = run("run", "highlight", toy, "--out", out, "--engine", "reference")
    assert ran.code == 0
    assert simulated == ["s0/fc2"]
    assert "2 of 2 layers of highlight" in ran.err
    assert "1 of 2 layers of tc" in ran.err
    assert load(out / "baseline.h5").digest == simulator.simulate("tc", toy, engine="reference").digest
    assert sorted(path.name for path in out.iterdir()) == [
        "baseline.h5", "config.yaml", "layers.csv", "result.h5", "summary.json", "timeline.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seed", "1"], "seed 0 (now 1)"),
        (["--rung", "S0"], "rung S4 (now S0)"),
        (["--verify", "off"], "verify auto (now false)"),
        (["--set", "glb.read_bandwidth=64 B/cycle"], "another machine"),
        (["--layers", "s0/*"], "another trace"),
        (["--baseline", "stc"], "baseline.journal: is of another run, with another machine"),
    ],
)
def test_a_run_of_something_else_is_not_continued(run, toy, tmp_path, monkeypatch, more, message) -> None:
    out = tmp_path / "out"
    _interrupted(run, toy, out, monkeypatch, 3)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    ran = run("run", "highlight", toy, "--out", out, "--engine", "reference", *more)
    assert ran.code == 2
    assert message in ran.err
    assert "give --force to start anew, or another folder" in ran.err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_other_sources_are_another_run(run, toy, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    _interrupted(run, toy, out, monkeypatch, 1)
    monkeypatch.setattr("simulator.api.keeping.sources", lambda: "0" * 64)
    ran = run("run", "highlight", toy, "--out", out, "--engine", "reference")
    assert "with another state of the sources" in ran.err


def test_force_starts_anew(run, toy, tmp_path, monkeypatch, simulated) -> None:
    out = tmp_path / "out"
    _interrupted(run, toy, out, monkeypatch, 1)
    del simulated[:]
    ran = run("run", "highlight", toy, "--out", out, "--engine", "reference", "--seed", "1", "--force")
    assert (ran.code, ran.err) == (0, "")
    assert len(simulated) == 4


def test_layers_that_fail_leave_nothing_to_continue(run, toy, faulty, tmp_path) -> None:
    good, bad = simulator.load_trace(toy), simulator.load_trace(faulty)
    path = tmp_path / "mixed.h5"
    save(Trace("mixed", (*good.layers, *bad.layers)), path)
    ran = run("run", "highlight", path, "--out", tmp_path / "out", "--engine", "reference")
    assert ran.code == 2
    assert not (tmp_path / "out").exists()


def test_requests_are_not_continued(run, toy, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    _interrupted(run, toy, out, monkeypatch, 1, "--requests", "dram")
    assert not (out / "unfinished").exists()
    assert run("run", "highlight", toy, "--out", out, "--engine", "reference").code == 2


def test_kept_layers_from_python(tmp_path, toy, simulated) -> None:
    keep = tmp_path / "layers.journal"
    first = simulator.simulate("tc", toy, engine="reference", keep=keep)
    seen: list[str] = []
    again = simulator.simulate(
        "tc", toy, engine="reference", keep=keep, on_layer=lambda x: seen.append(x.name)
    )
    assert simulated == seen == ["s75/fc1", "s0/fc2"]
    assert again.digest == first.digest
    with pytest.raises(simulator.InputError, match="seed 0"):
        simulator.simulate("tc", toy, engine="reference", keep=keep, seed=1)
    with pytest.raises(simulator.InputError, match="keep: layers are kept of a trace on a machine"):
        simulator.simulate("spmspm", keep=keep)
