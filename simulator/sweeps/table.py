"""The tidy table: a row per point (or per layer of a point), columns named with their units.

A machine parameter whose values are all a number and one unit becomes a column of numbers, ``glb.read_bandwidth (B/cycle)``; any
other stays text under its own name. Columns that only failed points lack are empty there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.sweeps.points import Point
from simulator.sweeps.work import Row

_QUANTITY = re.compile(r"([-+]?\d+(?:\.\d+)?)\s+(\S.*)\Z")
SETTINGS = ("machine", "trace", "layers", "prune", "rung", "engine", "verify", "seed")
HIGHER = ("utilisation_ratio",)
"""Columns of which more is better; of all others less is."""


def rows_of(points: Sequence[Point], found: Mapping[int, Sequence[Row]]) -> list[Row]:
    """Rows of all finished points in order, settings first; every row has every column."""
    renamed = _units(points)
    told: list[Row] = []
    for point in points:
        for row in found.get(point.index, ()):
            axes = dict(_told(name, value, renamed) for name, value in point.axes().items())
            told.append({"point": point.index, **axes, **row})
    names = dict.fromkeys(name for row in told for name in row)
    last = [name for name in ("digest", "host_seconds", "exit_code", "error") if name in names]
    order = [name for name in names if name not in last] + last
    return [{name: row.get(name, "") for name in order} for row in told]


def _units(points: Sequence[Point]) -> dict[str, str]:
    """Of every parameter that has one unit throughout, the unit."""
    found: dict[str, set[str]] = {}
    for point in points:
        for path, value in point.set.items():
            match = _QUANTITY.match(value) if isinstance(value, str) else None
            found.setdefault(path, set()).add(match.group(2) if match else "")
    return {path: next(iter(units)) for path, units in found.items() if len(units) == 1 and "" not in units}


def _told(name: str, value: Any, units: Mapping[str, str]) -> tuple[str, Any]:
    if name not in units:
        return name, value
    match = _QUANTITY.match(value)
    assert match is not None
    number = float(match.group(1))
    return f"{name} ({units[name]})", int(number) if number.is_integer() else number


def front(rows: Sequence[Row], x: str, y: str) -> list[bool]:
    """Whether no other row of the same workload (trace, options, layers, layer) is at least as good in both and better in one.

    Rows without numbers there, as of points that failed, are not on the front.
    """
    marks = [False] * len(rows)
    for members in workloads(rows).values():
        some = [(i, _cost(rows[i], x), _cost(rows[i], y)) for i in members]
        known = [(i, a, b) for i, a, b in some if a is not None and b is not None]
        for i, a, b in known:
            marks[i] = not any(c <= a and d <= b and (c < a or d < b) for _, c, d in known)
    return marks


def workloads(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Places of the rows of each workload, by its name."""
    found: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        options = [
            f"{k.removeprefix('recipe.')} {v}" for k, v in row.items() if k.startswith("recipe.") and v != ""
        ]
        layers = str(row["layers"]) if row["layers"] != "*" else ""
        name = ", ".join(filter(None, (str(row["trace"]), *options, layers, str(row.get("layer", "")))))
        found.setdefault(name, []).append(i)
    return found


def _cost(row: Row, name: str) -> float | None:
    value = row.get(name, "")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return -value if name in HIGHER else value


def varied(rows: Sequence[Row]) -> list[str]:
    """Columns of settings whose values differ."""
    names = [name for name in rows[0] if name != "point"] if rows else []
    end = next((i for i, name in enumerate(names) if name in ("layer", "cycles", "exit_code")), len(names))
    return [name for name in names[:end] if len({repr(row[name]) for row in rows}) > 1]


def label(row: Row, names: Sequence[str]) -> str:
    """A row by what differs, short."""
    parts = []
    for name in names:
        value, (path, _, unit) = row[name], name.partition(" (")
        if value == "":
            continue
        bare = name in SETTINGS
        parts.append(str(value) if bare else f"{path} {value} {unit.rstrip(')')}".strip())
    return ", ".join(parts)


def text(rows: Sequence[Row]) -> str:
    """The table as comma-separated values."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()
