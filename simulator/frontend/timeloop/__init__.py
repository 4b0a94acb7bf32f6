"""Specifications of Timeloop and Sparseloop: v0.3 and v0.4 files to design points and back, and their results."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.frontend.timeloop.loading import load, load_told, loads
    from simulator.frontend.timeloop.reading import read_results
    from simulator.frontend.timeloop.writing import dump

_HOMES = {
    "dump": "writing",
    "load": "loading",
    "load_told": "loading",
    "loads": "loading",
    "read_results": "reading",
}
"""Where each is, imported when it is asked for: whether a name is a specification is a question of every run."""

__all__ = ["dump", "load", "load_told", "loads", "read_results"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator.frontend.timeloop' has no attribute {name!r}")
    return getattr(import_module(f"simulator.frontend.timeloop.{_HOMES[name]}"), name)
