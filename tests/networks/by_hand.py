"""Programs and components told run by run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.plan import Access, Component, Program, RunWriter


def run_of(count: int, demand: Any = 1, **fields: Any) -> dict[str, Any]:
    """Arguments of a run, for :func:`program`."""
    return {"count": count, "demand": demand, **fields}


def program(
    name: str,
    *runs: dict[str, Any],
    inputs: Sequence[int] = (),
    outputs: Sequence[int] = (),
    actions: Sequence[str] = (),
    access: Access | None = None,
) -> Program:
    """A program of one chunk."""
    writer = RunWriter(len(inputs), len(outputs), len(actions))
    for run in runs:
        writer.add(**run)
    chunk = writer.chunk()
    return Program(name, tuple(inputs), tuple(outputs), tuple(actions), lambda: iter([chunk]), access)


def server(name: str, *programs: Program, rate: tuple[int, int] = (1, 1), **fields: Any) -> Component:
    """A component; its group is its name unless given."""
    given = {"group": name, "kind": "server", "lanes": 1, "arbiter": None, **fields}
    return Component(name=name, rate=rate, programs=programs, **given)
