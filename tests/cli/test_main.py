from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import main as entry
from simulator.hardware import names

HEAVY = ("numba", "h5py", "matplotlib", "simpy", "pydantic", "numpy", "yaml", "rich")


@pytest.mark.parametrize(
    "args", [["--help"], ["run", "--help"], ["trace", "--help"], ["validate", "--help"], ["--version"]]
)
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    code = f"""
import sys
from simulator.cli.main import main
try:
    main({args!r})
except SystemExit as stop:
    assert not stop.code
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_help_lists_every_verb(run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for verb in entry.VERBS:
        assert re.search(rf"^  {verb} ", ran.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["rnu"],
            "error: unknown verb 'rnu'; did you mean 'run'? "
            "choices: run, estimate, compare, events, plot, report, show, check, trace, validate, import",
        ),
        (["show"], "error: Missing argument"),
        (["show", "tc", "--jsno"], "error: No such option '--jsno'"),
        (["run", "tc", "x.h5"], "error: Missing option '--out'"),
        (["plot", "x", "--kind", "pie"], "error: Invalid value for '--kind'"),
    ],
)
def test_wrong_usage_is_told_with_the_usage(run, args: list[str], message: str) -> None:
    ran = run(*args)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("Usage: sparsecycle")
    assert message in ran.err


def test_an_error_is_one_message_without_traceback(run) -> None:
    ran = run("show", "hihglight")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: no machine called 'hihglight', and no such file; did you mean 'highlight'? "
        f"choices: {', '.join(names())}\n"
    )


def test_what_nobody_expected_goes_to_a_log(run, monkeypatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("simulator.cli.show.show_machine", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = run("show", "tc")
    assert ran.code == 1
    (log,) = tmp_path.iterdir()
    assert ran.err == f"error: unexpected RuntimeError: first line; traceback in {log}\n"
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_an_interrupt_is_130(run, monkeypatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.cli.show.show_machine", stop)
    ran = run("show", "tc")
    assert (ran.code, ran.err.strip()) == (130, "interrupted")


def test_a_closed_pipe_is_no_error_message() -> None:
    command = (
        f"{sys.executable} -c 'from simulator.cli.main import main; main()' show highlight --json | head -c 1"
    )
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert run.stdout == "{"
    assert run.stderr == ""
