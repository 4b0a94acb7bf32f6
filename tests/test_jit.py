from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simulator
from simulator import jit

CALLER = """
import sys
from simulator import jit
jit.SOURCES = sys.argv[1]
from callee import CONSTANT, callee
@jit.kernel
def caller(x):
    return callee(x) + CONSTANT
print(caller(0))
"""
CALLEE = """
from simulator import jit
CONSTANT = {0}0
@jit.{1}
def callee(x):
    return x + {0}
"""


@pytest.mark.skipif(not jit.ENABLED, reason="nothing is compiled")
@pytest.mark.parametrize("door", ["kernel", "inlined"])
def test_a_change_in_another_file_compiles_its_callers_again(tmp_path: Path, door: str) -> None:
    (tmp_path / "caller.py").write_text(CALLER, encoding="utf-8")

    def told(number: int, sources: str) -> str:
        (tmp_path / "callee.py").write_text(CALLEE.format(number, door), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(tmp_path / "caller.py"), sources]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return run.stdout.strip()

    assert told(1, "before") == "11"
    assert list((tmp_path / "__pycache__").glob("*caller*.nbc"))
    assert told(2, "after") == "22"


def test_the_state_of_the_sources_covers_every_file_with_kernels(tmp_path: Path) -> None:
    root = Path(simulator.__file__).parent
    copy = tmp_path / "simulator"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = jit.sources(copy)
    assert before == jit.sources(root)
    kernels = [path for path in copy.rglob("*.py") if "from simulator.jit import" in path.read_text("utf-8")]
    assert kernels
    for path in [*kernels, copy / "record" / "states.py", copy / "plan" / "runs.py", copy / "jit.py"]:
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert jit.sources(copy) != before, path
        path.write_bytes(content)
