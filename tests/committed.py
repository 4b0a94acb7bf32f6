"""What the committed traces have in common: they are opened, are in a table of the docs, and the two of digits saw real images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from simulator.paths import data_path
from simulator.workload import trace_file
from simulator.workload.model import Trace

DOCS = Path(__file__).parents[1] / "docs" / "traces.md"


@contextmanager
def opened(name: str) -> Iterator[Trace]:
    with trace_file.load(data_path("traces", f"{name}.h5")) as found:
        yield found


def check_documented(trace: Trace, quality: str, places: int) -> None:
    """The section of a trace has a row per degree that ends with its quality, in floating point and in int8."""
    heading = f"## traces/{trace.name}"
    section = DOCS.read_text().partition(heading)[2].partition("\n## ")[0]
    assert section, f"no {heading}"
    floats, integers = (trace.attrs[quality.format(kind)] for kind in ("float", "int8"))
    for degree, single, integer in zip(trace.attrs["degrees"], floats, integers, strict=True):
        (row,) = [line for line in section.splitlines() if line.startswith(f"| `{degree}`")]
        assert row.endswith(f"| {single:.{places}f} | {integer:.{places}f} |")


def check_accuracies(trace: Trace) -> None:
    """Recorded on the 450 held-out images: dense at least 97 %, no degree more than 1.5 points below it."""
    assert trace.attrs["tested_images"] == 450
    for kind in ("float", "int8"):
        dense, *pruned = trace.attrs[f"accuracy_{kind}_percent"]
        assert dense >= 97
        assert all(value >= dense - 1.5 for value in pruned)


def check_images(trace: Trace, degrees: Iterable[str]) -> None:
    """Every degree saw the same eight images of the data set."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn (extra 'train') is not installed")
    known = {image.astype(np.int8).tobytes() for image in datasets.load_digits().images}
    first, *others = (trace.layer(f"{degree}/conv1").inputs.values for degree in degrees)
    assert first.shape == (8, 1, 8, 8)
    assert (first.min(), first.max()) == (0, 16)
    assert all(np.ascontiguousarray(image[0]).tobytes() in known for image in first)
    for other in others:
        np.testing.assert_array_equal(first, other)
