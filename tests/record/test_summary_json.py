"""A result as JSON says the same numbers, to the last bit, and names the unit of every one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import simulator
from simulator.cli.run import document
from simulator.record.result import Result

Pair = tuple[Result, Result]

UNITS = (
    "cycles",
    "pj",
    "ratio",
    "elements",
    "counts",
    "bytes",
    "hz",
    "multipliers",
    "units",
)
"""What names of numbers end in; below such a name all numbers are in that unit."""
WITHOUT = {"schema_version", "seed", "outputs", "of", "complete"}
"""Numbers that have none, or are counts of what their name says."""


def numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def test_json_and_back_are_the_same_numbers(results: Pair, tmp_path: Path) -> None:
    for result in results:
        result.save(tmp_path / "result.h5")
        again = simulator.load(tmp_path / "result.h5")
        assert isinstance(again, Result)
        told = json.loads(json.dumps(result.summary()))
        assert told == result.summary() == again.summary()
        assert told["digest"] == again.digest
        for layer, row in zip(again.layers, told["layers"], strict=True):
            assert row["cycles"] == layer.cycles
            assert row["energy_pj"] == layer.energy
            assert row["energy_by_component_pj"] == {n: sum(a.values()) for n, a in layer.energy_pj.items()}
            assert row["traffic_bytes"] == layer.traffic
            assert row["actions_counts"] == layer.actions
            assert row["busy_cycles"] == layer.busy
            assert row["stalls_cycles"] == layer.stalls
            assert row["macs_counts"] == layer.macs
            assert row["totals_cycles"] == layer.totals
            assert row["shape_elements"] == layer.shape
            assert row["lanes_multipliers"] == layer.lanes
            for part in layer.components:
                assert (
                    row["busy_cycles"][part.name] + sum(row["stalls_cycles"][part.name].values())
                    == layer.cycles
                )
                assert (row["work_units"][part.name], row["demand_units"][part.name]) == (
                    part.work,
                    part.demand,
                )


def test_every_number_is_named_with_its_unit(results: Pair) -> None:
    found = list(numbers(document(*results)))
    assert len(found) > 500
    for path, _ in found:
        named = any(key.rpartition("_")[2] in UNITS for key in path)
        assert named or path[-1] in WITHOUT, f"{'.'.join(path)}: no unit"


def test_every_column_of_the_table_is_named_with_its_unit(results: Pair, tmp_path: Path) -> None:
    import csv

    from simulator.report import layers_csv

    layers_csv(*results, tmp_path / "layers.csv")
    with (tmp_path / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    ends = (*UNITS, "seconds", "multiplications")
    checked = 0
    for name, text in rows[0].items():
        try:
            float(text)
        except ValueError:
            continue
        assert name.rpartition("_")[2] in ends, name
        checked += 1
    assert checked > 60
    for layer, row in zip(results[0].layers, rows, strict=True):
        assert float(row["energy_pj"]) == layer.energy
        assert int(row["cycles"]) == layer.cycles
