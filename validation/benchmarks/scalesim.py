"""The same work on SCALE-Sim, where a user has it: ``python -m validation.benchmarks.scalesim --python VENV/bin/python``.

SCALE-Sim is installed in an environment of its own (``python -m venv VENV``, ``VENV/bin/pip install scalesim``) and told the array
and the memories of hwconfigs/systolic.yaml, output stationary; it is asked for no traces on disk. Both run the same dense products,
each in a process of its own, and what importing takes is in neither time: CPU seconds of the run itself, the quickest of a few.
SCALE-Sim has no energy and no DRAM latency and writes reports; ours has both, and the interval log.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

LAYERS = {
    "product, 64^3": (64, 64, 64),
    "product, 128^3": (128, 128, 128),
    "fc, 256 x 200 x 48": (256, 200, 48),
}
"""M filters, K, N columns."""

CONFIG = """[general]
run_name = compared
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: 64
FilterSramSzkB: 64
OfmapSramSzkB: 64
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: os
Bandwidth: 32
ReadRequestBuffer: 512
WriteRequestBuffer: 512
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 40
[run_presets]
InterfaceBandwidth: USER
UseRamulatorTrace: False
"""

THEIRS = """
import json, sys, time
from importlib.metadata import version
from scalesim.scale_sim import scalesim
config, topology, layout, out = sys.argv[1:]
start = time.process_time()
s = scalesim(save_disk_space=True, verbose=False, config=config, topology=topology, layout=layout, input_type_gemm=True)
s.run_scale(top_path=out)
print("MEASURED", json.dumps([time.process_time() - start, version("scalesim")]))
"""

OURS = """
import json, sys, time
import numpy as np
import simulator
m, k, n = map(int, sys.argv[1:])
layer = simulator.gemm(np.ones((m, k), dtype=bool), np.ones((k, n), dtype=bool))
times = []
for _ in range(4):
    start = time.process_time()
    result = simulator.simulate("systolic", layer, verify=False)
    times.append(time.process_time() - start)
print("MEASURED", json.dumps([min(times[1:]), result.cycles]))
"""


@dataclass(frozen=True)
class Compared:
    """One layer on both: CPU seconds and cycles."""

    layer: str
    theirs: float
    their_cycles: int
    ours: float
    our_cycles: int
    version: str


def compared(python: Path) -> Iterator[Compared]:
    """Every layer on both."""
    for name, (m, k, n) in LAYERS.items():
        seconds, cycles, version = theirs(python, m, k, n)
        ours, mine = run([sys.executable, "-c", OURS, str(m), str(k), str(n)])
        yield Compared(name, seconds, cycles, float(ours), int(mine), version)


def theirs(python: Path, m: int, k: int, n: int) -> tuple[float, int, str]:
    """CPU seconds, cycles with stalls, and the version."""
    from simulator.hardware import load

    machine = load("systolic")
    array = machine.components.array
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config, topology = place / "scale.cfg", place / "product.csv"
        layout = place / "layout.csv"
        config.write_text(CONFIG.format(rows=array.rows.value, columns=array.columns.value), encoding="utf-8")
        topology.write_text(f"Layer, M, N, K,\nproduct, {n}, {m}, {k},\n", encoding="utf-8")
        layout.write_text("Layer,\nproduct," + " 1," * 20 + "\n", encoding="utf-8")
        seconds, version = run(
            [str(python), "-c", THEIRS, *map(str, (config, topology, layout, place / "out"))]
        )
        report = next((place / "out").rglob("COMPUTE_REPORT.csv"))
        heading, first = (line.split(",") for line in report.read_text(encoding="utf-8").splitlines()[:2])
        titles = [title.strip() for title in heading]
        column = next(i for i, title in enumerate(titles) if re.fullmatch(r"Total Cycles", title))
        return float(seconds), int(float(first[column])), str(version)


def run(command: list[str]) -> list[float | str]:
    """What the program measured.

    Raises
    ------
    SystemExit
        It failed.
    """
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in ran.stdout.splitlines() if line.startswith("MEASURED ")]
    if ran.returncode or not told:
        raise SystemExit(f"{command[0]} failed: {(ran.stderr.strip().splitlines() or ['said nothing'])[-1]}")
    found: list[float | str] = json.loads(told[-1].removeprefix("MEASURED "))
    return found


def main(arguments: list[str] | None = None) -> None:
    """Run both and print; without SCALE-Sim, say how to get it."""
    options = argparse.ArgumentParser(prog="python -m validation.benchmarks.scalesim", description=__doc__)
    options.add_argument("--python", type=Path, help="Python of an environment that has SCALE-Sim")
    chosen = options.parse_args(arguments)
    if chosen.python is None or not has(chosen.python):
        sys.stdout.write(
            "skipped: no SCALE-Sim; pip install scalesim in an environment of its own, and name its --python\n"
        )
        return
    table = Table(
        title=f"the same dense products, systolic 16 x 16, output stationary; sparsecycle {metadata.version('sparsecycle')}"
    )
    for heading in (
        "layer",
        "SCALE-Sim",
        "its cycles",
        "its CPU s",
        "our cycles",
        "our CPU s",
        "times faster",
    ):
        table.add_column(heading)
    for row in compared(chosen.python):
        figures = (f"{row.their_cycles:,}", f"{row.theirs:.3g}", f"{row.our_cycles:,}", f"{row.ours:.3g}")
        table.add_row(row.layer, row.version, *figures, f"{row.theirs / row.ours:,.0f}")
    Console(width=130).print(table)


def has(python: Path) -> bool:
    """Whether this Python can import SCALE-Sim."""
    try:
        return (
            subprocess.run(
                [str(python), "-c", "import scalesim"], capture_output=True, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False


if __name__ == "__main__":
    main()
