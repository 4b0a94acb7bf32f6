"""Time left and speed of a run, by a clock that is told."""

from __future__ import annotations

import pytest

from simulator.cli.progress import Watch, size, span


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_before_anything_is_done_the_forecast_stands() -> None:
    clock = Clock()
    watch = Watch([2.0, 3.0, 5.0], clock)
    assert (watch.left(), watch.layers, watch.of) == (10.0, 0, 3)
    clock.now += 4
    assert watch.left() == 6.0
    clock.now += 100
    assert watch.left() == 0.0


def test_what_is_done_tells_how_fast_the_rest_is() -> None:
    clock = Clock()
    watch = Watch([2.0, 3.0, 5.0], clock)
    clock.now += 4  # twice as long as forecast
    watch.finished(2.0, 8_000)
    assert watch.left() == 2 * 8.0
    assert watch.rate() == 2_000
    clock.now += 1
    assert watch.left() == 15.0
    assert watch.rate(2_000) == 2_000
    assert watch.text(2_000) == "2.0 k cycles/s  about 15 s left"


def test_layers_of_a_run_before_are_no_measure() -> None:
    clock = Clock()
    watch = Watch([2.0, 3.0, 5.0], clock)
    clock.now += 0.5
    watch.kept(2.0)
    assert (watch.layers, watch.left(), watch.rate()) == (1, 8.0, 0.0)
    clock.now += 1
    watch.finished(3.0, 3_000_000)
    assert watch.left() == pytest.approx(5 / 3)
    assert watch.text() == "3.0 M cycles/s  about 1.7 s left"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (119, "119 s"),
        (150, "2 min"),
        (7140, "119 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_times_are_told_as_one_says_them(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_sizes() -> None:
    assert (size(2.5e8), size(1.26e9)) == ("250 MB", "1.3 GB")


def test_a_dry_run_says_what_it_will_take_and_writes_nothing(run, toy, tmp_path) -> None:
    ran = run("run", "highlight", toy, "--out", tmp_path / "out", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("estimated: toy on highlight, then tc: about ")
    assert " of memory (" in ran.out
    assert list(tmp_path.iterdir()) == []
    refused = run(
        "run", "highlight", toy, "--out", tmp_path / "out", "--dry-run", "--set", "glb.data_capacity=64 B"
    )
    assert (refused.code, refused.out) == (4, "")


def test_check_says_it_too(run, toy) -> None:
    ran = run("check", "highlight", toy)
    assert ran.code == 0
    assert f"estimated: {toy} on highlight: about " in ran.out


def test_a_long_run_says_so_where_nobody_watches(run, toy, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("simulator.cli.progress.LONG", 0.0)
    fixed = ("--engine", "reference", "--no-plot", "--baseline", "none")
    ran = run("run", "tc", toy, "--out", tmp_path / "out", *fixed)
    assert ran.err.startswith("estimated: about ")
    assert run("run", "tc", toy, "--out", tmp_path / "quiet", *fixed, "--quiet").err == ""


def test_a_bar_where_somebody_watches(run, toy, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ran = run("run", "tc", toy, "--out", tmp_path / "out", "--engine", "reference", "--no-plot")
    assert "2/2" in ran.err
    assert "cycles/s" in ran.err
    assert "left" in ran.err
