"""Code of modules of LLVM is kept: loaded without numba, made anew where it is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import jit

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
print("numba" in sys.modules)
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
    assert run("-c", IMPORTS) == ["False"]
