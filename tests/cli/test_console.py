from __future__ import annotations

import sys

import click.utils
import pytest

from simulator.cli.console import print_table, progress_bar

COLUMNS = [("layer", False), ("energy (uJ)", True), ("speed-up gain", True)]


def test_a_table_of_numbers_is_never_cut_however_narrow_the_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table("title", COLUMNS, [["a" * 30, "1,234,567.125", "2.00x"], ["total", "1.000", "1.00x"]])
    told = capsys.readouterr().out
    for cell in ("a" * 30, "1,234,567.125", "2.00x", "total"):
        assert cell in told


def test_units_stand_below_their_headers_and_no_line_ends_in_blanks(capsys) -> None:
    print_table("title", COLUMNS, [["x", "1.5", "2.00x"]])
    title, top, bottom, rule, row = capsys.readouterr().out.splitlines()
    assert title == "title"
    assert top.split() == ["energy", "speed-up"]
    assert bottom.split() == ["layer", "(uJ)", "gain"]
    assert set(rule.strip()) == {"─"}
    assert row == row.rstrip()
    assert bottom.index("(uJ)") + len("(uJ)") == row.index("1.5") + len("1.5")


@pytest.mark.parametrize(("terminal", "styled"), [("xterm", True), ("dumb", False)])
def test_headers_are_bold_where_a_terminal_can(capsys, monkeypatch, terminal: str, styled: bool) -> None:
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setattr(click.utils, "should_strip_ansi", lambda *_: False)
    print_table("title", COLUMNS, [["x", "1.5", "2.00x"]])
    assert ("\x1b[1m" in capsys.readouterr().out) is styled


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False), (True, False)])
def test_no_bar_when_nobody_watches(capsys, monkeypatch, quiet: bool, terminal: bool) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress_bar("work", quiet) as report:
        report(1, 2, "half")
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("work", quiet=False) as report:
        report(2, 4, "conv2 cycle 1,000")
    told = capsys.readouterr()
    assert told.out == ""
    assert "2/4" in told.err
    assert "conv2 cycle 1,000" in told.err
