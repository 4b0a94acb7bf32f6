"""Code of modules of LLVM is kept: loaded without numba, made anew where it is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import jit
from simulator.jit import native

PROGRAM = """
from __future__ import annotations
import sys
from simulator.jit import apart
@apart
def twice(x: int) -> int:
    return 2 * x
print(twice(21), "numba" in sys.modules)
"""
IMPORTS = """
import sys
import simulator.api, simulator.datapath.hss, simulator.engine.fast, simulator.lowering.stationary_layer
before = "numba" in sys.modules
from simulator.jit import kernel
@kernel
def twice(x):
    return 2 * x
print(before, twice(21), "numba" in sys.modules)
"""

pytestmark = pytest.mark.skipif(not jit.ENABLED, reason="nothing is compiled")


def run(*command: str, **environment: str) -> list[str]:
    told = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"} | environment
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True, env=told
    ).stdout.split()


@pytest.mark.parametrize("named", [True, False])
def test_what_is_kept_is_loaded_without_numba(tmp_path: Path, named: bool) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    place = tmp_path / ("cache" if named else "__pycache__")
    told = {"NUMBA_CACHE_DIR": str(place)} if named else {}
    assert run(str(program), **told) == ["42", "True"]
    (kept,) = place.rglob("*.o")
    assert run(str(program), **told) == ["42", "False"]
    kept.write_bytes(kept.read_bytes()[:-1])
    assert run(str(program), **told) == ["42", "True"]
    assert run(str(program), **told) == ["42", "False"]
    program.write_text(PROGRAM + "\n", encoding="utf-8")
    assert run(str(program), **told) == ["42", "True"]
    assert [path for path in place.rglob("*.o") if path != kept]
    assert len(list(place.rglob("*.o"))) == 1


def test_kernels_of_numba_are_loaded_when_they_are_called() -> None:
    assert run("-c", IMPORTS) == ["False", "42", "True"]


def test_what_is_kept_is_as_readable_as_other_files_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    (tmp_path / "other").touch()
    native._keep([tmp_path / "other" / "under", folder], "module-for-stamp.o", b"code")
    (file,) = folder.iterdir()
    assert native._kept([folder], file.name) == b"code"
    assert file.stat().st_mode == (tmp_path / "other").stat().st_mode
    native._keep([folder], "module-for-stamp2.o", b"more")
    native._keep([folder], "module-other-stamp.o", b"most")
    assert sorted(path.name for path in folder.iterdir()) == ["module-for-stamp2.o", "module-other-stamp.o"]


@pytest.mark.parametrize("home", ["~", "/home/me"])
def test_nothing_is_kept_in_a_home_nobody_has(monkeypatch, tmp_path: Path, home: str) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path.replace("~", home, 1))
    beside, *user = native._folders(tmp_path / "program.py")
    assert beside == tmp_path / "__pycache__"
    assert all(path.is_relative_to("/home/me/.cache/sparsecycle") for path in user)
    assert len(user) == (home != "~")


def test_kernels_of_numba_run_where_no_folder_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run("-c", IMPORTS, NUMBA_CACHE_DIR=str(tmp_path / "file" / "under")) == ["False", "42", "True"]
