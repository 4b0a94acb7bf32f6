"""The host's own limits (bytes of masks beside a copy's, bits counted a second), and the pieces that must be stepped."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from simulator.hardware import load
from simulator.lowering import lower
from simulator.registry import resolve
from validation.benchmarks.speed.products import HSS, SIZE, product
from validation.benchmarks.speed.rows import Row, medians

WORDS = 1 << 23
"""64 MiB: beyond the caches."""


def limits() -> Iterator[Row]:
    """What a simulation reads and counts, beside what the core can."""
    source = np.random.default_rng(1).integers(0, 2**63, WORDS, dtype=np.uint64)
    target, small = np.empty_like(source), source[: 1 << 12]
    layer, machine, fast = product(SIZE, HSS, 0.5), load("highlight"), resolve("engine", "fast")
    masks = (layer.weights.size + layer.inputs.size) / 8
    copy, count, whole = medians(
        [
            lambda: np.copyto(target, source),
            lambda: [np.bitwise_count(small).sum(dtype=np.int64) for _ in range(256)],
            lambda: fast(lower(machine, layer).plan),
        ]
    )
    moved, counted = 2 * source.nbytes / copy / 1e9, 256 * small.size / count / 1e9
    read = masks / whole / 1e9
    yield Row("host", "copy of 64 MiB, bytes read and written", moved, "GB/s")
    yield Row("host", "numpy's bit counts of words in cache", counted, "G words/s")
    yield Row(
        "highlight, inputs 50%",
        "packed masks simulated",
        read,
        "GB/s",
        note=f"{100 * read / moved:.2g}% of the copy",
    )


def stepped() -> Iterator[Row]:
    """The rows of the benchmark of stepped pieces.

    Raises
    ------
    SystemExit
        It is not in this tree.
    """
    name = "validation.benchmarks.stepped"
    if find_spec(name) is None:
        raise SystemExit(f"{name} is not in this tree; name other rows")
    for piece in import_module(name).PIECES.values():
        for row in piece(3):
            note = f"{row.cycles:,} cycles of {row.components}"
            work = f"{row.piece}, {row.load}"
            yield Row(work, "stepping", row.rate / 1e6, "M component-cycles/s", 20, True, note)
