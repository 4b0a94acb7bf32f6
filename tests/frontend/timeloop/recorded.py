"""Recorded specifications of others, where there are any."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.frontend.timeloop import load
from simulator.mapping.design_point import DesignPoint

DATA = Path(__file__).parents[4] / "shared" / "data"
LAYERS = ("L07", "L09", "L23", "L27")


def folder(*parts: str) -> Path:
    """A recorded folder; the test is skipped where there is none."""
    found = DATA.joinpath(*parts)
    if not found.exists():
        pytest.skip(f"no recorded specifications in {found}")
    return found


def folders() -> list[str]:
    """Every recorded folder that is one specification, relative to the data."""
    root = DATA / "sparseloop"
    names = {
        f.parent
        for pattern in ("problem.yaml", "prob.yaml", "input.yaml", "parsed*.yaml")
        for f in root.rglob(pattern)
    }
    return sorted(str(name.relative_to(DATA)) for name in names) or ["sparseloop"]


def point(name: str) -> DesignPoint:
    """The specification of a folder, or of a layer of the PE of Eyeriss v2."""
    if name in LAYERS:
        return load(folder("eyeriss_v2_pe"), problem=name)
    return load(folder(name))


CASES = [*LAYERS, *folders()]
