"""The CSV holds the numbers of the result under names with units."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.layers_csv import layers_csv

Pair = tuple[Result, Result]
UNITS = ("_elements", "_cycles", "_ratio", "_name", "_pj", "_seconds", "_bytes", "_multiplications")


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_numbers_come_back_exactly(results: Pair, tmp_path: Path) -> None:
    result, baseline = results
    layers_csv(result, baseline, tmp_path / "l.csv")
    rows = read(tmp_path / "l.csv")
    assert [row["layer"] for row in rows] == [layer.name for layer in result.layers]
    for row, layer, other in zip(rows, result.layers, baseline.layers, strict=True):
        assert int(row["cycles"]) == layer.cycles
        assert float(row["energy_pj"]) == layer.energy
        assert float(row["edp_joule_seconds"]) == pytest.approx(layer.edp * 1e-12 / result.clock_hz)
        assert float(row["speedup_ratio"]) == other.cycles / layer.cycles
        assert int(row["dram_weights_bytes"]) == layer.traffic["dram"]["weights"]
        for part in layer.components:
            spent = [
                int(v) for k, v in row.items() if k.startswith(f"{part.name}_") and k.endswith("_cycles")
            ]
            assert sum(spent) == layer.cycles


def test_every_number_carries_its_unit(results: Pair, tmp_path: Path) -> None:
    layers_csv(*results, tmp_path / "l.csv")
    plain = {"layer", "cycles", *results[0].layers[0].choices}
    columns = set(read(tmp_path / "l.csv")[0]) - plain
    assert [name for name in columns if not name.endswith(UNITS)] == []


def test_without_a_baseline_nothing_is_compared(results: Pair, tmp_path: Path) -> None:
    layers_csv(results[0], None, tmp_path / "l.csv")
    assert not {"baseline_cycles", "speedup_ratio"} & set(read(tmp_path / "l.csv")[0])


def test_an_empty_result_is_a_header(results: Pair, tmp_path: Path) -> None:
    layers_csv(dataclasses.replace(results[0], layers=()), None, tmp_path / "l.csv")
    assert (tmp_path / "l.csv").read_text() == "layer\n"


def test_nothing_is_left_of_a_failed_write(results: Pair, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no layer"):
        layers_csv(results[0], dataclasses.replace(results[1], layers=()), tmp_path / "l.csv")
    with pytest.raises(InputError, match=r"l.csv: cannot be written: No such file"):
        layers_csv(results[0], None, tmp_path / "no" / "l.csv")
    assert list(tmp_path.iterdir()) == []
