from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("suffix", [".pftrace", ".json", ".vcd", ".csv"])
def test_every_format(run, toy, tmp_path, suffix) -> None:
    target = tmp_path / f"run{suffix}"
    ran = run("events", "highlight", toy, "--layers", "s75/*", "--cycles", ":250", "-o", target)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"wrote {target}: cycles 0 to 250, 1 layer, ")
    assert ran.out.endswith("items; 1 cycle = 1 ns\n")
    assert target.stat().st_size > 5000
    assert list(tmp_path.iterdir()) == [target]


def test_engines_write_the_same(run, toy, tmp_path) -> None:
    for engine in ("fast", "reference"):
        options = ("--engine", engine, "--cycles", "200:500", "--set", "glb.read_bandwidth=21 B/cycle")
        assert run("events", "highlight", toy, *options, "-o", tmp_path / f"{engine}.json").code == 0
    texts = [(tmp_path / f"{engine}.json").read_text() for engine in ("fast", "reference")]
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["otherData"]["begin_cycle"] == 200


def test_a_design_point(run, tmp_path) -> None:
    assert run("events", "spmspm", "--cycles", "0:300", "-o", tmp_path / "x.csv").code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-o", "x.txt"), "x.txt: events end in one of .pftrace, .json, .vcd, .csv"),
        (("-o", "x.vcd", "--cycles", "5"), "--cycles '5': expected FIRST:BEYOND"),
        (("-o", "x.vcd", "--cycles", "9:5"), "--cycles '9:5': is empty: 9 must be below 5"),
        (("-o", "x.vcd", "--cycles", "-3:5"), "--cycles '-3:5': expected FIRST:BEYOND"),
        (
            ("-o", "x.vcd", "--most", "9"),
            "more than 9 items and intervals; choose fewer cycles, or allow more",
        ),
        (("-o", "x.vcd", "--layers", "zz"), "--layers 'zz': matches no layer"),
        (
            ("-o", "x.vcd", "--rung", "totals"),
            "rung S0: has totals only, no order of events; choices: S2, S3, S4",
        ),
        (("-o", "no/x.vcd", "--cycles", ":50"), "x.vcd: cannot be written"),
    ],
)
def test_refusals(run, toy, tmp_path, monkeypatch, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("events", "highlight", toy, *options)
    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_machine_needs_a_trace(run, tmp_path) -> None:
    assert "a machine needs a TRACE" in run("events", "tc", "-o", tmp_path / "x.vcd").err
