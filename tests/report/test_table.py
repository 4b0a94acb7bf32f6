"""The table says what the result says."""

from __future__ import annotations

import dataclasses

import pytest

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.table import table

Pair = tuple[Result, Result]


def test_a_row_per_layer_and_one_for_all(results: Pair) -> None:
    result, _ = results
    columns, rows = table(result)
    assert [header for header, _ in columns][:3] == ["layer", "weights", "cycles"]
    assert [row[0] for row in rows] == [*(layer.name for layer in result.layers), "total"]
    assert {len(row) for row in rows} == {len(columns)}
    for row, layer in zip(rows, result.layers, strict=False):
        assert row[1] == layer.choices["weights_pattern"]
        assert int(row[2].replace(",", "")) == layer.cycles
        assert float(row[3]) == pytest.approx(100 * layer.utilisation, abs=0.05)
        assert row[4] == layer.bound
        assert float(row[5]) == pytest.approx(layer.energy / 1e6, abs=5e-4)
        assert float(row[6]) == pytest.approx(layer.edp, rel=1e-3)
    assert int(rows[-1][2].replace(",", "")) == result.cycles


def test_compared_with_a_baseline(results: Pair) -> None:
    result, baseline = results
    columns, rows = table(result, baseline)
    assert [header for header, _ in columns][-3:] == ["speed-up", "energy gain", "EDP gain"]
    for row, layer, other in zip(rows, result.layers, baseline.layers, strict=False):
        assert row[-3] == f"{other.cycles / layer.cycles:.2f}x"
        assert row[-2] == f"{other.energy / layer.energy:.2f}x"
        assert row[-1] == f"{other.edp / layer.edp:.2f}x"
    assert rows[-1][-3] == f"{baseline.cycles / result.cycles:.2f}x"
    assert all(row[-1] == row[-3] == "1.00x" for row in table(result, result)[1])


def test_totals_are_of_the_same_layers(results: Pair) -> None:
    result, baseline = results
    part = dataclasses.replace(result, layers=result.layers[:1])
    expected = baseline.layers[0].cycles / result.layers[0].cycles
    assert table(part, baseline)[1][-1][-3] == f"{expected:.2f}x"


def test_an_empty_result_is_a_row_of_nothing(results: Pair) -> None:
    nothing = dataclasses.replace(results[0], layers=())
    assert [row[:5] for row in table(nothing)[1]] == [["total", "", "0", "0.0", "none"]]
    assert table(nothing, nothing)[1][0][-1] == "-"


def test_no_counterpart(results: Pair) -> None:
    result, baseline = results
    with pytest.raises(InputError, match="has no layer"):
        table(result, dataclasses.replace(baseline, layers=()))
