"""Two cores beside one: the same command with one process and with two, in turn, and what else the machine did meanwhile.

Wall time counts what others do on the machine: how many of its processors they kept busy is told beside the figure (from
/proc/stat: time that processors worked, less that of the command and all its processes). Where fewer than two are left, two
processes never had two.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.workload import recipes
from validation.benchmarks.speed.commands import measured
from validation.benchmarks.speed.networks import RESNET
from validation.benchmarks.speed.rows import Row

TURNS = 3
GOAL, LONG = 1.8, 10.0
"""Times one process that two are to be, on work that takes one so many seconds at least."""
MACHINES = ("dstc", "extensor")
STAT = Path("/proc/stat")
IDLE = (3, 4)
"""Of the times in its first line those in which a processor has nothing to do: idle, and waiting for input or output."""


@dataclass(frozen=True)
class Turn:
    """A command: seconds of wall time, of CPU of all its processes, and how many processors others kept busy."""

    wall: float
    cpu: float
    others: float


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
        for machine in MACHINES:
            turns: list[tuple[Turn, Turn]] = []
            command = ["run", machine, str(path), "--quiet", "--force", "--out", str(Path(folder) / "out")]
            turn([*command, "--jobs", "1"])  # compiles what is not yet
            for _ in range(TURNS):
                one, two = (turn([*command, "--jobs", jobs]) for jobs in ("1", "2"))
                turns.append((one, two))
            yield row(f"ResNet-50, {machine}", turns)


def row(work: str, turns: Sequence[tuple[Turn, Turn]]) -> Row:
    """How many times faster two processes were: the middle of neighbouring runs."""
    faster = statistics.median(one.wall / two.wall for one, two in turns)
    one, two = ([side[k] for side in turns] for k in (0, 1))
    walls, cpus, others = (
        [statistics.median(getattr(each, what) for each in side) for side in (one, two)]
        for what in ("wall", "cpu", "others")
    )
    told = "; ".join(
        f"{name} {walls[k]:.1f} s of wall time, {cpus[k]:.1f} s of CPU, others kept {others[k]:.1f} of "
        f"{os.cpu_count()} processors busy"
        for k, name in enumerate(("one:", "two:"))
    )
    long = cpus[0] >= LONG
    return Row(
        work,
        "`sparsecycle run --jobs 2` beside 1, wall time",
        faster,
        "x",
        GOAL if long else None,
        True,
        told,
    )
