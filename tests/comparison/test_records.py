"""Comparisons as records: steps telescope, errors have signs, units are in names."""

from __future__ import annotations

import json
from fractions import Fraction

from simulator.record.comparison import CAUSES, RUNGS, Comparison, Figure, LayerComparison, Step

FULL = LayerComparison(
    "one",
    dict(zip(RUNGS, (80, 70, 75, 75, 78, 90, 96, 100), strict=True)),
    (Figure("dram", "A", "reads", "words", 10, 8), Figure("compute", "", "gated", "multiplications", 3, 0)),
)
SHORT = LayerComparison("two", {"M0": 30, "S0": 20, "S4": 25}, (Figure("dram", "A", "reads", "words", 1, 2),))


def test_steps_telescope_with_sign() -> None:
    assert [step.cycles for step in FULL.steps] == [-10, 5, 0, 3, 12, 6, 4]
    assert [step.cause for step in FULL.steps] == list(CAUSES.values())
    assert sum(step.cycles for step in FULL.steps) == 100 - 80 == -FULL.error
    assert FULL.relative == -0.2


def test_a_step_over_rungs_that_are_not_known_is_named_by_all_its_causes() -> None:
    assert SHORT.steps == (
        Step("assumed occupancy + independence + description", "M0", "S0", -10),
        Step("balance + order + buffers + contention", "S0", "S4", 5),
    )


def test_all_layers_are_summed_at_the_rungs_all_know() -> None:
    total = Comparison("hw", "trace", "m", 0, (FULL, SHORT)).total
    assert total.cycles == {"M0": 110, "S0": 95, "S4": 125}
    assert total.figures[0] == Figure("dram", "A", "reads", "words", 11, 10)


def test_a_figure_without_truth_has_no_relative_error() -> None:
    assert FULL.figures[0].relative == 0.25
    assert (FULL.figures[1].error, FULL.figures[1].relative) == (3, None)


def test_layers_outside_a_tolerance_both_edges() -> None:
    found = Comparison("hw", "trace", "m", 0, (FULL, SHORT))
    assert found.outside(Fraction(20, 100)) == ()
    assert found.outside(Fraction(1999, 10000)) == (FULL, SHORT)


def test_json_has_units_in_its_names() -> None:
    document = json.loads(json.dumps(Comparison("hw", "trace", "m", 0, (FULL,)).summary()))
    layer = document["layers"][0]
    assert layer["rungs_cycles"]["M2"] == 75
    assert layer["steps"][0] == {
        "cause": "assumed occupancy",
        "from": "M0",
        "to": "M1",
        "difference_cycles": -10,
    }
    assert layer["figures"][0]["estimate_words"] == 10
    assert layer["figures"][0]["error_ratio"] == 0.25
