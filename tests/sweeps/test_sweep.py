"""Sweeps: every point is in the table once, whatever happens to processes, and what is finished is not run again."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import simulator
from simulator import InputError, Trace
from simulator.errors import WorkerError
from simulator.sweeps import pools
from simulator.sweeps.log import FILE, Log
from simulator.sweeps.table import front, text, workloads
from simulator.workload.trace_file import save

NUMBERS = ("cycles", "energy_pj", "digest", "exit_code")


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers that take the reference engine a moment."""
    rng = np.random.default_rng(3)
    layers = tuple(
        simulator.gemm(rng.random((64, 64)) < 0.5, rng.random((64, 64 + 8 * i)) < 0.5, f"l{i}")
        for i in range(2)
    )
    path = tmp_path_factory.mktemp("sweep") / "t.h5"
    save(Trace("t", layers), path)
    return path


def spec(trace: Path, seeds: int = 6, **base: object) -> dict:
    """Points that differ by their seeds, as far as the simulator goes alike."""
    told = {"machine": "tc", "trace": str(trace), "engine": "reference", "verify": "off", **base}
    return {"base": told, "grid": {"seed": list(range(10, 10 + seeds))}}


def numbers(found: simulator.sweeps.Sweep) -> list[tuple]:
    return [(row["point"], row["seed"], *(row[name] for name in NUMBERS)) for row in found.rows]


@pytest.fixture(scope="module")
def alone(trace: Path) -> list[tuple]:
    """What the points come to in one process."""
    return numbers(simulator.sweep(spec(trace), jobs=1))


def test_rows_are_what_simulations_say(trace: Path) -> None:
    settings = {
        "base": {"machine": "tc", "trace": str(trace), "layers": "l1"},
        "grid": {"rung": ["S0", "truth"], "set": {"dram.bandwidth": ["8 B/cycle", "64 B/cycle"]}},
    }
    found = simulator.sweep(settings, jobs=1)
    assert len(found.rows) == 4
    with simulator.load_trace(trace) as whole:
        layer = whole.layer("l1")
        for row in found.rows:
            assert row["dram.bandwidth (B/cycle)"] in (8, 64)
            changes = {"dram.bandwidth": f"{row['dram.bandwidth (B/cycle)']} B/cycle"}
            truth = simulator.simulate("tc", layer, overrides=changes, rung=row["rung"])
            assert row["cycles"] == truth.cycles
            assert row["energy_pj"] == truth.energy
            assert row["dram_bytes"] == sum(truth.layers[0].traffic["dram"].values())
            assert row["runtime_seconds"] == truth.cycles / truth.clock_hz


def test_a_row_per_layer(trace: Path) -> None:
    found = simulator.sweep({**spec(trace, 1), "per": "layer"}, jobs=1)
    whole = simulator.simulate("tc", trace, verify=False)
    assert [(row["layer"], row["cycles"]) for row in found.rows] == [(x.name, x.cycles) for x in whole.layers]
    assert list(workloads(found.rows)) == [f"{trace}, l0", f"{trace}, l1"]


def test_recipes_and_pruning(tmp_path: Path) -> None:
    settings = {
        "base": {"machine": "stc", "recipe": "deit_small_shapes", "layers": "blocks.0.*proj"},
        "grid": {"prune": [None, "2:4"], "options": {"seed": [0, 1], "pattern": ["dense"]}},
    }
    found = simulator.sweep(settings, tmp_path, jobs=1)
    assert [row["exit_code"] for row in found.rows] == [0, 0, 0, 0], found.rows
    assert {(row["recipe.seed"], row["prune"]) for row in found.rows} == {
        (0, ""),
        (0, "2:4"),
        (1, ""),
        (1, "2:4"),
    }
    assert len(list((tmp_path / "traces").iterdir())) == 2
    dense, pruned = (
        next(r for r in found.rows if r["prune"] == p and r["recipe.seed"] == 0) for p in ("", "2:4")
    )
    assert pruned["cycles"] < dense["cycles"]


def test_processes_give_the_same_table(trace: Path, alone: list[tuple]) -> None:
    assert numbers(simulator.sweep(spec(trace), jobs=2)) == alone
    assert not multiprocessing.active_children()


def test_a_killed_process_costs_no_point(trace: Path, alone: list[tuple], tmp_path: Path) -> None:
    seen: list[int] = []

    def kill(point, rows, before, of) -> None:
        seen.append(point.index)
        if len(seen) == 1:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    found = simulator.sweep(spec(trace), tmp_path, jobs=2, on_point=kill)
    assert numbers(found) == alone
    assert sorted(seen) == list(range(6))
    assert len((tmp_path / FILE).read_text().splitlines()) == 6


def test_a_point_that_ends_its_process_fails_alone(trace: Path, alone, tmp_path, monkeypatch) -> None:
    from sweeps import killer

    monkeypatch.setattr(pools, "work", killer.work)
    found = simulator.sweep(spec(trace), tmp_path, jobs=2)
    bad = [row for row in found.rows if row["exit_code"]]
    assert [(row["seed"], row["exit_code"], row["error"]) for row in bad] == [(13, 1, pools.DIED)]
    assert [each for each in numbers(found) if not each[-1]] == [each for each in alone if each[1] != 13]
    assert found.exit_code == 1
    monkeypatch.undo()  # a point that failed so is run again, the others are not
    seen: list[tuple[int, bool]] = []
    again = simulator.sweep(
        spec(trace), tmp_path, jobs=1, on_point=lambda p, _, before, of: seen.append((p.seed, before))
    )
    assert numbers(again) == alone
    assert [seed for seed, before in seen if not before] == [13]


def test_points_that_fail_are_named_and_the_others_go_on(trace: Path, tmp_path: Path) -> None:
    settings = spec(trace, 1)
    settings["list"] = [
        {},
        {"set": {"glb.data_capacity": "64 B"}},
        {"layers": "x*"},
        {"set": {"glb.row": "63 bits"}},
    ]
    found = simulator.sweep(settings, tmp_path, jobs=1)
    assert [row["exit_code"] for row in found.rows] == [0, 4, 2, 2]
    assert "does not fit" in found.rows[1]["error"]
    assert "match no layer" in found.rows[2]["error"]
    assert "glb.row" in found.rows[3]["error"]
    assert all(row["cycles"] == "" and not row["pareto_front"] for row in found.failed)
    assert found.exit_code == 2
    assert len({len(row) for row in found.rows}) == 1


def test_what_is_finished_is_not_run_again(trace: Path, alone, tmp_path: Path) -> None:
    def stop(point, rows, before, of) -> None:
        if point.index == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulator.sweep(spec(trace), tmp_path, jobs=1, on_point=stop)
    log = tmp_path / FILE
    log.write_bytes(log.read_bytes() + b'{"key": "cut')  # as a kill in the middle of a line leaves it
    told: list[tuple[int, bool]] = []
    found = simulator.sweep(
        spec(trace), tmp_path, jobs=1, on_point=lambda p, _, before, of: told.append((p.index, before))
    )
    assert numbers(found) == alone
    assert told == [(0, True), (1, True), (2, True), (3, False), (4, False), (5, False)]
    assert len(log.read_text().splitlines()) == 6
    more = simulator.sweep(
        spec(trace, 7), tmp_path, jobs=1, on_point=lambda p, _, b, of: told.append((p.index, b))
    )
    assert told[-7:] == [(i, True) for i in range(6)] + [(6, False)]
    assert len(more.rows) == 7


def test_one_process_writes_a_folder(trace: Path, tmp_path: Path) -> None:
    with Log(tmp_path / FILE), pytest.raises(InputError, match="another process is running this sweep"):
        simulator.sweep(spec(trace, 1), tmp_path, jobs=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        simulator.sweep(spec(trace, 1), tmp_path / "file", jobs=1)


def test_fronts_are_of_a_workload() -> None:
    def row(trace: str, x: float, y: float | str) -> dict:
        return {"trace": trace, "layers": "*", "cycles": x, "energy_pj": y, "utilisation_ratio": y}

    rows = [row("a", 1, 9), row("a", 2, 5), row("a", 3, 5), row("a", 2, 5), row("a", 9, ""), row("b", 99, 99)]
    assert front(rows, "cycles", "energy_pj") == [True, True, False, True, False, True]
    assert front(rows[:3], "cycles", "utilisation_ratio") == [True, False, False]
    assert text([]) == ""


def test_axes_are_columns_of_numbers(trace: Path) -> None:
    with pytest.raises(InputError, match="pareto: 'cylces' is no column of numbers; did you mean 'cycles'"):
        simulator.sweep(spec(trace, 1), jobs=1, x="cylces")


def test_what_is_saved(trace: Path, tmp_path: Path) -> None:
    settings = {**spec(trace, 1), "list": [{"rung": "S0"}, {}, {"set": {"glb.data_capacity": "64 B"}}]}
    found = simulator.sweep(settings, tmp_path, jobs=1)
    assert {path.name for path in tmp_path.iterdir()} == {FILE, "points.csv", "points.json", "pareto.png"}
    document = json.loads((tmp_path / "points.json").read_text())
    assert document["points"] == [dict(row) for row in found.rows]
    assert document["pareto"] == {"x": "cycles", "y": "energy_pj"}
    header = (tmp_path / "points.csv").read_text().splitlines()[0].split(",")
    assert header == list(found.rows[0])
    assert {"cycles", "energy_pj", "runtime_seconds", "dram_bytes", "error"} <= set(header)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A scheduler on loopback and two workers, each a process of its own that nobody restarts."""
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    started = [
        subprocess.Popen([*scheduler, "--host", "127.0.0.1", "--port", "0", *common], **quiet)
    ]  # fmt: skip
    try:
        _until(file.exists)
        worker = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            "--nthreads",
            "1",
            "--no-nanny",
            *common,
        ]
        started += [subprocess.Popen(worker, cwd=tmp_path, **quiet) for _ in range(2)]
        address = json.loads(file.read_text())["address"]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_cluster_one_of_whose_workers_is_killed(trace: Path, alone, tmp_path: Path, cluster) -> None:
    address, workers = cluster
    seen: list[int] = []

    def kill(point, rows, before, of) -> None:
        seen.append(point.index)
        if len(seen) == 1:
            workers[0].kill()

    found = simulator.sweep(spec(trace), tmp_path / "out", cluster=address, on_point=kill)
    assert workers[0].wait() == -signal.SIGKILL
    assert sorted(seen) == list(range(6))
    assert numbers(found) == alone
    assert len((tmp_path / "out" / FILE).read_text().splitlines()) == 6
    workers[1].kill()
    workers[1].wait()
    again = simulator.sweep(spec(trace), tmp_path / "out", cluster=address)  # nothing is left to run
    assert numbers(again) == alone


def test_a_cluster_that_is_not_there(monkeypatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "PATIENCE", "1s")
    with pytest.raises(InputError, match=r"--cluster tcp://127\.0\.0\.1:1: no scheduler answers"):
        list(pools.on_cluster([], "tcp://127.0.0.1:1"))


def test_workers_of_another_version_are_refused() -> None:
    with pytest.raises(InputError, match="has no workers"):
        pools._same({}, "a", "tcp://x")
    with pytest.raises(InputError, match="worker tcp://w has other sources"):
        pools._same({"tcp://v": "a", "tcp://w": "b"}, "a", "tcp://x")
    assert issubclass(WorkerError, simulator.SimulatorError)
