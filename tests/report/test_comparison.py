"""Tables and the picture of a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.record.comparison import CAUSES, RUNGS, Comparison, Figure, LayerComparison
from simulator.report import comparison as tables
from simulator.report.waterfall import COLOURS, waterfall

ONE = LayerComparison(
    "one",
    dict(zip(RUNGS, (80, 70, 75, 75, 78, 90, 96, 100), strict=True)),
    (Figure("dram", "A", "reads", "words", 1000, 800), Figure("all", "", "energy", "pj", 3, 0)),
)
TWO = LayerComparison("two", dict(zip(RUNGS, (130, 130, 120, 120, 120, 121, 100, 100), strict=True)))
SHORT = LayerComparison("short", {"M0": 30, "S0": 20, "S4": 25})


def test_a_column_for_every_cause_and_a_row_for_all() -> None:
    columns, rows = tables.ladder(Comparison("hw", "trace", "m", 0, (ONE, TWO)))
    assert [name for name, _ in columns][2:9] == list(CAUSES.values())
    assert rows[0] == ["one", "80", "-10", "+5", "0", "+3", "+12", "+6", "+4", "100", "-20", "-20.0"]
    assert rows[2][0] == "total"
    assert rows[2][-1] == "+5.0"


def test_columns_are_those_all_layers_can_tell() -> None:
    columns, rows = tables.ladder(Comparison("hw", "trace", "m", 0, (ONE, SHORT)))
    assert len(columns) == 7
    assert rows[0][2:4] == ["-5", "+25"]
    assert tables.missing(SHORT) == (
        "M1 (assumed occupancy)", "M2 (independence)", "S1 (balance)", "S2 (order)", "S3 (buffers)",
    )  # fmt: skip


def test_figures_have_signs() -> None:
    _, rows = tables.figures(ONE)
    assert rows[0] == ["dram", "A", "reads", "words", "1,000", "800", "+200", "+25.0"]
    assert rows[1][-1] == "-"
    assert (tables.percent(-0.0004), tables.percent(0.0), tables.percent(1.5)) == ("-0.04", "0", "+150.0")


def test_the_largest_step_either_way() -> None:
    step = tables.largest(TWO)
    assert step is not None
    assert (step.cause, step.cycles) == ("buffers", -21)
    assert tables.largest(LayerComparison("even", dict.fromkeys(RUNGS, 7))) is None


@pytest.mark.parametrize("layers", [(ONE,), (ONE, TWO), (SHORT,)])
def test_the_picture_is_drawn_the_same_twice(layers: tuple[LayerComparison, ...], tmp_path: Path) -> None:
    found = Comparison("hw", "trace", "m", 0, layers)
    for name in ("a.svg", "b.svg"):
        waterfall(found, tmp_path / name)
    text = (tmp_path / "a.svg").read_text("utf-8")
    assert text == (tmp_path / "b.svg").read_text("utf-8")
    assert f"error {tables.percent(found.total.relative)} %" in text


def test_every_cause_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(CAUSES.values())
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cycles to draw"):
        waterfall(Comparison("hw", "trace", "m", 0, ()), tmp_path / "a.png")
