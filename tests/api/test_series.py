"""What a layer costs with a series, and the search of a network: of a subject of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simulator
from simulator import InputError
from simulator.api.series import layer_cost, resources, search_series, series_machine, series_moves
from simulator.workload.layer import Layer, gemm

rng = np.random.default_rng(8)


class Small:
    """Two layers; quality falls by a tenth with every decomposed layer, but for weights of the first."""

    name, measure = "small", "made up"

    def __init__(self) -> None:
        self.layers = tuple(self._layer(name, 96) for name in ("first", "second", "fixed"))
        self.searched = ("first", "second")
        self.asked: list[dict[str, Any]] = []

    def _layer(self, name: str, m: int) -> Layer:
        weights, inputs = rng.integers(1, 99, (m, 256)), rng.integers(1, 99, (256, 200))
        return gemm(weights.astype(np.int8), inputs.astype(np.int8), name)

    @property
    def state(self) -> dict[str, Any]:
        return {"small": 1}

    def tensors(self, name: str) -> dict[str, Any]:
        layer = self.layers[self.searched.index(name)]
        weights, inputs = layer.weights.values, layer.inputs.values
        assert weights is not None
        assert inputs is not None
        return {"weights": weights, "inputs": inputs.T}

    def quality(self, choices: Any) -> float:
        self.asked.append(dict(choices))
        return float(
            0.9 ** sum(1 for each in choices.items() if each[0] != "first" or each[1][0] != "weights")
        )

    def unseen(self, choices: Any) -> float:
        return self.quality(choices)


def test_a_search_finds_what_costs_nothing() -> None:
    subject, told = Small(), []
    found = search_series("ttc_vegeta_m8", subject, tell=lambda *words: told.append(words))
    assert found.choices == {"first": ("weights", "1:8")}
    assert (found.original, found.quality) == (1.0, 1.0)
    assert found.cost.cycles < found.plain.cycles
    whole = layer_cost(series_machine("ttc_vegeta_m8"), subject.layers[0], ("weights", "1:8"))
    rest = [layer_cost(series_machine("ttc_vegeta_m8"), layer, None) for layer in subject.layers[1:]]
    assert found.cost == whole + rest[0] + rest[1]
    assert {what for what, _, _ in told} >= {"sensitivity", "pass 1"}
    assert all(0 <= done <= of for _, done, of in told)
    assert all("fixed" not in asked for asked in subject.asked)


def test_less_quality_may_be_asked_for_and_one_side() -> None:
    found = search_series("ttc_stc_m4", Small(), "cycles", "formula", 0.5, ("weights",))
    assert found.choices == {"first": ("weights", "2:4"), "second": ("weights", "2:4")}
    assert found.quality == 0.9


def test_a_journal_saves_what_is_asked_again(tmp_path: Path) -> None:
    first, second = Small(), Small()
    path = tmp_path / "j"
    one = search_series("ttc_stc_m4", first, source="formula", journal=path)
    two = search_series("ttc_stc_m4", second, source="formula", journal=path)
    assert one == two
    assert first.asked
    assert not second.asked
    with pytest.raises(InputError, match="another search"):
        search_series("ttc_stc_m4", Small(), source="simulator", journal=path)


def test_moves_are_of_the_machine_and_its_sides() -> None:
    machine = series_machine("ttc_vegeta_m4")
    moves = series_moves(machine, Small(), ("weights", "inputs"))
    assert moves["fixed"] == []
    assert set(moves["first"]) <= {(s, t) for s in ("weights", "inputs") for t in ("1:4", "2:4", "2:4+1:4")}
    assert {side for side, _ in moves["first"]} == {"weights", "inputs"}
    assert {side for side, _ in series_moves(machine, Small(), ("inputs",))["first"]} == {"inputs"}


@pytest.mark.parametrize("name", ["ttc_stc_m4", "ttc_stc_m8", "ttc_vegeta_m4", "ttc_vegeta_m8"])
def test_the_formula_is_never_above_the_simulator(name: str) -> None:
    machine = series_machine(name)
    menu = set(series_moves(machine, Small(), ("weights", "inputs"))["first"])
    for choice in (None, *sorted(menu)):
        for m, k, n in ((96, 256, 200), (130, 70, 33), (8, 512, 300)):
            weights, inputs = rng.integers(1, 99, (m, k)), rng.integers(1, 99, (k, n))
            case = gemm(weights.astype(np.int8), inputs.astype(np.int8), "x")
            formula, truth = (layer_cost(machine, case, choice, s) for s in ("formula", "simulator"))
            assert formula.cycles <= truth.cycles, (choice, m, k, n)


def test_resources_are_the_machine_s() -> None:
    told = resources(series_machine("ttc_vegeta_m8", {"tasd.units": "8", "dram.bandwidth": "unlimited"}))
    assert (told.multipliers, told.arrays, told.window, told.columns) == (1024, 4, 32, 128)
    assert (told.units, told.dram, told.glb, told.row) == (8, None, 42, 64)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"machine": "tc"}, "machine 'tc': runs no series of terms; choices: ttc_stc_m4"),
        ({"machine": "spmspm"}, "expected a machine"),
        ({"source": "guess"}, "cost from 'guess': choices: simulator, formula"),
        ({"objective": "joy"}, "objective 'joy': choices: cycles, energy, edp"),
        ({"sides": ("outputs",)}, "sides outputs: choices: weights, inputs"),
        ({"sides": ()}, "sides none"),
        ({"least": 0.0}, "must be above 0 and at most 1"),
        ({"overrides": {"tasd.unit": "3"}}, "tasd.unit"),
    ],
)
def test_what_is_wrong_is_one_clear_error(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InputError) as caught:
        search_series(**{"machine": "ttc_stc_m4", "subject": Small(), "source": "formula", **changes})
    assert rule in str(caught.value)


def test_a_machine_is_loaded_or_given() -> None:
    loaded = simulator.load_machine("ttc_stc_m4")
    assert series_machine(loaded) == series_machine("ttc_stc_m4")
