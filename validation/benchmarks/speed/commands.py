"""Commands as a user gives them, each in a process of its own: start-up, the first run ever, the second."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from validation.benchmarks.speed.rows import Row

PROGRAM = "from simulator.cli.main import main; main()"
# Processes may outlive the one that began them for a moment: on Linux they become ours (PR_SET_CHILD_SUBREAPER) and are waited for.
_SPENT = """
import ctypes, os, resource, subprocess, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""


@dataclass(frozen=True)
class Spent:
    """What a process and those it began took: seconds of wall time and of CPU, GiB of the largest."""

    wall: float
    cpu: float
    peak: float


LIBRARIES = "numpy, numba, h5py, yaml, click, rich.console, rich.progress, rich.table, pydantic, simpy, matplotlib.figure"
"""What a command imports of others."""


def measured(command: Sequence[str], cache: Path | None = None) -> Spent:
    """Run the command line interface, with a cache of compiled code of its own if one is named."""
    return python(["-c", PROGRAM, *command], cache)


def python(arguments: Sequence[str], cache: Path | None = None) -> Spent:
    """Run a Python program and see what it takes.

    Bytecode is kept, as Python does unless it is told not to; with a cache of its own there as well.

    Raises
    ------
    SystemExit
        It failed.
    """
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache is not None:
        environment |= {
            "NUMBA_CACHE_DIR": str(cache / "kernels"),
            "PYTHONPYCACHEPREFIX": str(cache / "modules"),
        }
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", _SPENT, sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    wall = time.perf_counter() - start
    if ran.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed: {ran.stderr.strip()}")
    cpu, peak = ran.stdout.split()
    return Spent(wall, float(cpu), float(peak) / 2**20)


def quickstart() -> Iterator[Row]:
    """The first command of the README: with an empty cache, then again; and what importing takes of it.

    Installing compiles the modules of others but not ours, which are run where they are: so is it here.
    """
    with tempfile.TemporaryDirectory() as folder:
        place, cache = Path(folder), Path(folder) / "cache"
        command = ["run", "highlight", "digits_cnn", "--quiet", "--out"]
        python(["-c", f"import {LIBRARIES}, matplotlib.backends.backend_agg, matplotlib.projections"], cache)
        first = measured([*command, str(place / "first")], cache)
        second = measured([*command, str(place / "second")], cache)
        modules = "simulator.cli.main, simulator.cli.run, simulator.engine.fast, simulator.lowering"
        imports = python(["-c", f"import {modules}"], cache)
    for what, spent, goal in (
        ("first run ever", first, 15),
        ("second run", second, 3),
        ("imports", imports, 1.5),
    ):
        note = f"{spent.cpu:.2f} s of CPU; wall time counts whatever else the machine does"
        yield Row("quickstart", f"{what}, wall time", spent.wall, "s", goal, note=note)
