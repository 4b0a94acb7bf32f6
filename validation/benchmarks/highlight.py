"""How fast HighLight is simulated: ``python -m validation.benchmarks.highlight [--big]``.

One layer of 1024 x 1024 x 1024 at 25% weight density, warm, median of several runs. Rows: what is timed on
its own. The engine span is plan in, outcome out; the whole call adds lowering, energy and the functional
check. The reference runs a smaller layer of the same kind, and the ratio is of simulated cycles per second.
``--big`` adds 16384 x 16384 x 4096 from a bit-packed trace, with the peak memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import simulator
from simulator import Layer
from simulator.hardware import override
from simulator.lowering import lower
from simulator.registry import resolve
from simulator.sparsity.patterns import parse
from simulator.workload.trace_file import save

PATTERN = "C1(4:8)->C0(2:4)"
FREE = dict.fromkeys(
    ("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth", "array.refill_bandwidth"), "unlimited"
)
CASES: dict[str, tuple[dict[str, str], float]] = {
    "as described (42 B/cycle), dense inputs": ({}, 1.0),
    "GLB reads at 64 B/cycle, dense inputs": ({"glb.read_bandwidth": "64 B/cycle"}, 1.0),
    "unlimited GLB, DRAM and refill, dense inputs": (FREE, 1.0),
    "as described, inputs 50% dense, compressed": ({}, 0.5),
}


def layer(m: int, k: int, n: int, density: float) -> Layer:
    """Random masks: weights of the pattern, inputs of the density."""
    weights = parse(PATTERN).generate((m, k), seed=1)
    inputs = np.random.default_rng(2).random((k, n), dtype=np.float32) < density
    return simulator.gemm(weights, inputs, pattern=PATTERN)


def median(call: Callable[[], object], runs: int) -> float:
    """Median CPU seconds of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--big", action="store_true", help="also 16384 x 16384 x 4096, with its peak memory")
    options.add_argument("--runs", type=int, default=7)
    chosen = options.parse_args()
    table = Table(title="highlight, C1(4:8)->C0(2:4), one core, CPU time, medians")
    for heading in ("layer", "machine", "what", "cycles", "ms", "M cycles/s"):
        table.add_column(heading, justify="left" if heading in ("layer", "machine", "what") else "right")
    fast = [small(table, name, chosen.runs) for name in CASES]
    reference(table, fast[0])
    if chosen.big:
        big(table)
    Console(width=140).print(table)


def small(table: Table, name: str, runs: int) -> float:
    """Engine span, lowering and the whole call on 1024 x 1024 x 1024; returns the engine's cycles per
    second.
    """
    changes, density = CASES[name]
    machine, case = override(simulator.load("highlight"), changes), layer(1024, 1024, 1024, density)
    plan, engine = lower(machine, case).plan, resolve("engine", "fast")
    cycles = engine(plan).cycles
    spans = {
        "engine": median(lambda: engine(plan), runs),
        "lowering, plan told": median(lambda: told(machine, case), runs),
        "whole call, verify off": median(lambda: simulator.simulate(machine, case, verify=False), runs),
        "whole call, sampled check": median(lambda: simulator.simulate(machine, case), 3),
    }
    for what, seconds in spans.items():
        table.add_row(
            "1024 x 1024 x 1024",
            name,
            what,
            f"{cycles:,}",
            f"{seconds * 1e3:.1f}",
            f"{cycles / seconds / 1e6:.1f}",
        )
    return cycles / spans["engine"]


def told(machine: simulator.Machine, case: Layer) -> int:
    """Lower and read every run; returns their number."""
    plan = lower(machine, case).plan
    return sum(c.told for part in plan.components for p in part.programs for c in p.chunks())


def reference(table: Table, fast: float) -> None:
    """The reference engine on a quarter of the layer each way."""
    case = layer(256, 256, 256, 1.0)
    plan = lower(simulator.load("highlight"), case).plan
    cycles = resolve("engine", "reference")(plan).cycles
    seconds = median(lambda: resolve("engine", "reference")(plan), 1)
    what = f"reference engine (fast is {fast * seconds / cycles:,.0f} times faster)"
    table.add_row(
        "256 x 256 x 256",
        "as described",
        what,
        f"{cycles:,}",
        f"{seconds * 1e3:.0f}",
        f"{cycles / seconds / 1e6:.4f}",
    )


def big(table: Table) -> None:
    """16384 x 16384 x 4096 from a file of packed masks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.h5"
        make(path)
        start = time.process_time()
        result = simulator.simulate("highlight", path, verify=False)
        seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    what = f"whole call, verify off; peak memory {peak:.2f} GiB"
    table.add_row(
        "16384 x 16384 x 4096", "as described, inputs 50% dense", what, f"{result.cycles:,}", f"{seconds * 1e3:.0f}",
        f"{result.cycles / seconds / 1e6:.1f}",
    )  # fmt: skip


def make(path: Path) -> None:
    """Write the big layer from a process of its own, so that its memory is not counted."""
    from multiprocessing import get_context

    process = get_context("spawn").Process(target=write, args=(str(path),))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def write(path: str) -> None:
    """Make the big layer and save it."""
    save(simulator.Trace("big", (layer(16384, 16384, 4096, 0.5),)), Path(path))


if __name__ == "__main__":
    main()
