"""The timeline's colours cover as much as the cycles they stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import simulator
from simulator.record.result import Result
from simulator.record.states import STATES
from simulator.report.colours import STATE
from simulator.report.timeline import timeline
from simulator.report.words import percent

Pair = tuple[Result, Result]


def test_areas_are_cycles(results: Pair, tmp_path: Path) -> None:
    """In the strip of each component the share of pixels of a colour is the share of cycles of its state."""
    result = results[0]
    layer = result.layers[1]
    timeline(result, layer.name, tmp_path / "a.png")
    pixels = imread(tmp_path / "a.png")[..., :3]
    palette = np.array([to_rgb(STATE[state]) for state in STATES])
    exact = (np.abs(pixels[:, :, None] - palette).max(axis=-1) < 0.01) & True
    in_strips = exact.any(axis=-1)[:, 250:-150].mean(axis=1) > 0.9
    starts = np.flatnonzero(np.diff(in_strips.astype(int)) == 1) + 1
    ends = np.flatnonzero(np.diff(in_strips.astype(int)) == -1) + 1
    assert len(starts) == len(layer.components)
    for part, start, end in zip(layer.components, starts, ends, strict=True):
        shown = exact[start:end, 195:-130].mean(axis=(0, 1))
        total = part.intervals.totals()
        for state, share in zip(STATES, shown, strict=True):
            assert share == pytest.approx(total[state] / layer.cycles, abs=0.03), (part.name, state)


def test_said_in_words(results: Pair, tmp_path: Path) -> None:
    result = results[0]
    timeline(result, None, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    for part in result.layers[0].components:
        assert f"{part.name}: busy" in text
    assert f"{result.cycles} cycles" in text


def test_idealised_rungs_are_drawn_too(tmp_path: Path) -> None:
    layer = simulator.gemm(np.ones((16, 32), dtype=bool), np.ones((32, 8), dtype=bool))
    for rung, name in (("totals", "S0: totals"), ("order", "S2: order")):
        result = simulator.simulate("tc", layer, engine="reference", rung=rung)
        timeline(result, None, tmp_path / "a.svg")
        assert name in (tmp_path / "a.svg").read_text()


def test_many_components_are_drawn_by_group(tmp_path: Path) -> None:
    layer = simulator.gemm(np.ones((6, 9), dtype=bool), np.ones((9, 5), dtype=bool))
    result = simulator.simulate("eyeriss_v2", layer, verify=False)
    timeline(result, None, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    found = result.layers[0]
    busy = [part.busy for part in found.components if part.group == "mac"]
    assert len(busy) == 192
    assert "mac (192)" in text
    assert f"mac: busy {percent(sum(busy) / 192 / found.cycles)}" in text
    assert "mac.r0c0.r0c0" not in text
