"""What two processes are beside one: the middle of neighbouring runs, a goal for long work only, and what others did."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from validation.benchmarks.speed import commands, cores
from validation.benchmarks.speed.cores import Turn, row, turn, worked


def test_a_row_is_the_middle_of_neighbouring_runs() -> None:
    turns = [
        (Turn(20, 20, 0.1), Turn(10, 22, 0.2)),
        (Turn(30, 20, 1), Turn(20, 22, 1)),
        (Turn(21, 19, 0), Turn(12, 21, 0)),
    ]
    found = row("work", "what", turns)
    assert found.value == 21 / 12
    assert found.goal == cores.GOAL
    assert found.times == pytest.approx(21 / 12 / 1.8)
    assert "one: 21.0 s of wall time, 20.0 s of CPU, others kept 0.1 of" in found.note
    assert "two: 12.0 s of wall time, 22.0 s of CPU, others kept 0.2 of" in found.note


def test_where_all_time_counts_nobody_is_told_of() -> None:
    note = row("work", "what", [(Turn(20, 20, None), Turn(10, 22, None))]).note
    assert "two: 10.0 s of wall time, 22.0 s of CPU of all that ran" in note
    assert "others" not in note


@pytest.mark.parametrize(("cpu", "goal"), [(9.9, None), (10.0, cores.GOAL)])
def test_short_work_has_no_goal(cpu: float, goal: float | None) -> None:
    assert row("work", "what", [(Turn(50, cpu, 0), Turn(40, cpu, 0))]).goal == goal


def test_others_are_what_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 200 300 9999 9999 10 20 30 7 7\ncpu0 1 1 1\n")
    monkeypatch.setattr(cores, "STAT", stat)
    monkeypatch.setattr(cores.os, "sysconf", lambda name: {"SC_CLK_TCK": 10}[name])
    assert worked() == 66.0
    monkeypatch.setattr(cores, "STAT", tmp_path / "missing")
    with pytest.raises(SystemExit, match="on Linux alone"):
        worked()


@pytest.mark.skipif(not cores.STAT.exists(), reason="there is no /proc/stat")
def test_a_command_and_all_its_processes_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = "import os, time\nif os.fork() == 0:\n    while time.process_time() < 0.1: pass\n"
    monkeypatch.setattr(commands, "PROGRAM", work)
    begin = time.perf_counter()
    found = turn(["ignored"])
    assert found.cpu >= 0.1
    assert found.wall <= time.perf_counter() - begin
    assert found.others >= 0
    monkeypatch.setattr(commands, "PROGRAM", "raise SystemExit('no')")
    with pytest.raises(SystemExit, match="run failed: no"):
        turn(["run"])
