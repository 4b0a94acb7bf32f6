"""How fast tensors are decomposed: ``python -m validation.benchmarks.tasd``.

Elements per second of one core, CPU time, warm, the best of several runs: 4096 x 4096 values along the last axis. "labels" says
which term takes each element, "terms" also writes every term and what is left as tensors.
"""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from simulator.transform.tasd import decompose

SIZE, RUNS = 4096, 5
SERIES = ("2:4", "4:8", "1:8", "2:4+2:8", "4:8+1:8", "4:8+2:8+1:8")


def rates(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], series: str) -> tuple[float, float]:
    """Millions of elements a second: labels, and labels with all terms."""
    best = [float("inf"), float("inf")]
    for _ in range(RUNS):
        start = time.process_time()
        found = decompose(values, series)
        labelled = time.process_time()
        assert len(found.terms) == len(found.series.terms)
        assert found.residual.shape == values.shape
        best = [min(best[0], labelled - start), min(best[1], time.process_time() - start)]
    return values.size / best[0] / 1e6, values.size / best[1] / 1e6


def main() -> None:
    """Measure and print."""
    values = np.random.default_rng(0).standard_normal((SIZE, SIZE))
    table = Table(title="millions of elements per second, one core")
    for name in ("series", "type", "labels", "labels and terms"):
        table.add_column(name, justify="left" if name in ("series", "type") else "right")
    for kind, array in (
        ("float32", values.astype(np.float32)),
        ("int8", (values * 40).clip(-127, 127).astype(np.int8)),
    ):
        for series in SERIES:
            labels, terms = rates(array, series)
            table.add_row(series, kind, f"{labels:.0f}", f"{terms:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
