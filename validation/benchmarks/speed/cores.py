"""Two cores beside one: the same command, and the same call, with one process and with two in turn, and what else was done.

Wall time counts what others do on the machine: how many of its processors they kept busy is told beside the figure (from
/proc/stat: time that processors worked, less that of the command and all its processes). Where fewer than two are left, two
processes never had two.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import simulator
from simulator.workload import recipes
from validation.benchmarks.speed.commands import measured
from validation.benchmarks.speed.networks import RESNET
from validation.benchmarks.speed.rows import Row

TURNS = 3
GOAL, LONG = 1.8, 10.0
"""Times one process that two are to be, on work that takes one so many seconds at least."""
MACHINE = "scnn"
"""One that takes that long."""
STAT = Path("/proc/stat")
IDLE = (3, 4)
"""Of the times in its first line those in which a processor has nothing to do: idle, and waiting for input or output."""


@dataclass(frozen=True)
class Turn:
    """Seconds of wall time, of CPU of all its processes, and how many processors others kept busy; None where all CPU counts."""

    wall: float
    cpu: float
    others: float | None


def turn(command: Sequence[str]) -> Turn:
    """Run the command line interface.

    Raises
    ------
    SystemExit
        It failed.
    """
    before = worked()
    spent = measured(command)
    return Turn(spent.wall, spent.cpu, max(0.0, worked() - before - spent.cpu) / spent.wall)


def worked() -> float:
    """Seconds that all processors together worked since the machine was started, for whomever.

    Raises
    ------
    SystemExit
        There is no /proc/stat.
    """
    try:
        times = [int(text) for text in STAT.read_text("ascii").splitlines()[0].split()[1:9]]
    except OSError as error:
        raise SystemExit(
            f"two cores are measured on Linux alone, where {STAT} says what else is done: {error}"
        ) from None
    return sum(spent for place, spent in enumerate(times) if place not in IDLE) / os.sysconf("SC_CLK_TCK")


def cores() -> Iterator[Row]:
    """All layers of ResNet-50, with everything the command does: baseline, sampled check, files, picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resnet50.h5"
        recipes.make(RESNET, path)
        turns: list[tuple[Turn, Turn]] = []
        command = ["run", MACHINE, str(path), "--quiet", "--force", "--out", str(Path(folder) / "out")]
        turn([*command, "--jobs", "1"])  # compiles what is not yet
        for _ in range(TURNS):
            one, two = (turn([*command, "--jobs", jobs]) for jobs in ("1", "2"))
            turns.append((one, two))
        yield row(f"ResNet-50, {MACHINE}", "`sparsecycle run --jobs 2` beside 1, wall time", turns)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            calls = pool.submit(called, MACHINE, str(path)).result()
        yield row(f"ResNet-50, {MACHINE}", "`simulate(jobs=2)` beside 1, wall time", calls)


def called(machine: str, path: str) -> list[tuple[Turn, Turn]]:
    """Call ``simulate`` in this process, with one process and with two in turn: without start, files and picture."""
    trace = simulator.load_trace(path)
    simulator.simulate(machine, trace, jobs=2)  # whatever is done once
    turns = []
    for _ in range(TURNS):
        some = []
        for jobs in (1, 2):
            before, begin = worked(), time.perf_counter()
            simulator.simulate(machine, trace, jobs=jobs)
            some.append(Turn(time.perf_counter() - begin, worked() - before, None))
        turns.append((some[0], some[1]))
    return turns


def row(work: str, what: str, turns: Sequence[tuple[Turn, Turn]]) -> Row:
    """How many times faster two processes were: the middle of neighbouring runs."""
    faster = statistics.median(one.wall / two.wall for one, two in turns)
    sides = [[side[k] for side in turns] for k in (0, 1)]
    cpus = [statistics.median(each.cpu for each in side) for side in sides]
    told = "; ".join(f"{name} {_spent(side)}" for name, side in zip(("one:", "two:"), sides, strict=True))
    long = cpus[0] >= LONG
    return Row(
        work,
        what,
        faster,
        "x",
        GOAL if long else None,
        True,
        told,
    )


def _spent(side: Sequence[Turn]) -> str:
    wall, cpu = (statistics.median(getattr(each, what) for each in side) for what in ("wall", "cpu"))
    others = [each.others for each in side if each.others is not None]
    told = f"{wall:.1f} s of wall time, {cpu:.1f} s of CPU"
    if not others:
        return f"{told} of all that ran"
    return f"{told}, others kept {statistics.median(others):.1f} of {os.cpu_count()} processors busy"
