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
from __future__ import annotations
import sys
from simulator import jit
jit.stamp = lambda file: sys.argv[1]
from callee import CONSTANT, callee
@jit.OWN
def caller(x: int) -> int:
    return callee(x) + CONSTANT
print(caller(0))
"""
CALLEE = """
from __future__ import annotations
from simulator import jit
CONSTANT = {0}0
@jit.{1}
def callee(x: int) -> int:
    return x + {0}
"""


@pytest.mark.skipif(not jit.ENABLED, reason="nothing is compiled")
@pytest.mark.parametrize(
    ("own", "door"),
    [
        ("kernel", "kernel"),
        ("kernel", "inlined"),
        ("kernel", "spliced"),
        ("apart", "kernel"),
        ("apart", "spliced"),
        ("apart", "apart"),
    ],
)
def test_a_change_in_another_file_compiles_its_callers_again(tmp_path: Path, own: str, door: str) -> None:
    (tmp_path / "caller.py").write_text(CALLER.replace("OWN", own), encoding="utf-8")

    def told(number: int, sources: str) -> str:
        (tmp_path / "callee.py").write_text(CALLEE.format(number, door), encoding="utf-8")
        environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
        environment |= {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(tmp_path / "caller.py"), sources]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return run.stdout.strip()

    assert told(1, "before") == "11"
    kept = "*.o" if own == "apart" else "*caller*.nbc"
    assert list((tmp_path / "__pycache__").glob(kept))
    assert told(2, "after") == "22"


def test_the_state_of_the_sources_is_that_of_all_a_kernel_may_be_made_of(tmp_path: Path) -> None:
    root = Path(simulator.__file__).parent
    copy = tmp_path / "simulator"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("__pycache__"))
    fast = copy / "engine" / "fast"
    kernels = [path for path in copy.rglob("*.py") if "from simulator.jit import" in path.read_text("utf-8")]
    assert fast / "advance.py" in kernels
    own = {path: jit.sources(copy, path) for path in kernels}
    assert own[fast / "advance.py"] == jit.sources(root, root / "engine" / "fast" / "advance.py")
    for changed in (
        fast / "lane.py",
        fast / "layout.py",
        copy / "record" / "states.py",
        copy / "jit" / "body.py",
    ):
        content = changed.read_bytes()
        changed.write_bytes(content + b"\n")
        assert jit.sources(copy, fast / "advance.py") != own[fast / "advance.py"], changed
        changed.write_bytes(content)
    (copy / "datapath" / "hss.py").write_bytes(b"")
    assert jit.sources(copy, fast / "advance.py") == own[fast / "advance.py"]


def test_every_room_with_kernels_is_looked_at() -> None:
    root = Path(simulator.__file__).parent
    rooms = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        if path.parent.name != "jit" and "from simulator.jit import" in path.read_text("utf-8")
    }
    assert rooms <= set(jit._ROOMS)
