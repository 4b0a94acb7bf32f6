from __future__ import annotations

from pathlib import Path

import pytest

from simulator.hardware import dump, load, override


@pytest.fixture
def cramped(tmp_path: Path) -> Path:
    """HighLight with a buffer that holds nothing."""
    path = tmp_path / "cramped.yaml"
    path.write_text(dump(override(load("highlight"), {"glb.data_capacity": "64 B"})), encoding="utf-8")
    return path


def test_ok_lines(run, toy) -> None:
    ran = run("check", "highlight", "tc", toy)
    assert (ran.code, ran.err) == (0, "")
    *lines, first, second = ran.out.splitlines()
    assert lines == ["ok highlight", "ok tc", f"ok {toy}"]
    assert first.startswith(f"estimated: {toy} on highlight: about ")
    assert second.startswith(f"estimated: {toy} on tc: about ")


def test_all_files_are_reported(run, toy, tmp_path) -> None:
    bad, foreign = tmp_path / "bad.yaml", tmp_path / "foreign.h5"
    bad.write_text("name: x\nname: y\n", encoding="utf-8")
    foreign.write_bytes(b"no HDF5")
    ran = run("check", bad, toy, foreign, "nothing.yaml")
    assert ran.code == 2
    assert ran.out.splitlines() == [f"ok {toy}"]
    assert f"error: {bad}:2:1: name: duplicate key, first given in line 1" in ran.err
    assert f"error: {foreign}: " in ran.err
    assert "error: no machine called 'nothing.yaml'" in ran.err
    assert "Traceback" not in ran.err


def test_weights_that_break_their_pattern(run, faulty) -> None:
    ran = run("check", faulty)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        f"error: {faulty}: layer 'lies': its weights do not satisfy the declared pattern 2:4"
    )


def test_a_trace_that_does_not_fit_the_machine(run, cramped, toy) -> None:
    ran = run("check", cramped, toy)
    assert ran.code == 4
    assert ran.out.splitlines() == [f"ok {cramped}", f"ok {toy}"]
    assert f"error: {toy} on {cramped}: " in ran.err
    assert "mapping does not fit" in ran.err
