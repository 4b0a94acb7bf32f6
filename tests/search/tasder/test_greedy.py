"""Never infeasible, never better than trying everything, as good where moves do not compete; interrupted and continued."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator import InputError
from simulator.search.tasder import Choice, Choices, Cost, Journal, search
from validation.oracles.tasder import best

SERIES = ("1:8", "2:8", "4:8")


def network(
    seed: int, layers: int = 3
) -> tuple[dict[str, list[Choice]], dict[tuple[str, Choice | None], Cost]]:
    """Moves and costs; a cheaper series of a layer costs less of both."""
    rng = np.random.default_rng(seed)
    moves: dict[str, list[Choice]] = {}
    costs: dict[tuple[str, Choice | None], Cost] = {}
    for i in range(layers):
        name = f"l{i}"
        moves[name] = [(str(rng.choice(["weights", "inputs"])), series) for series in SERIES]
        cycles = int(rng.integers(100, 1000))
        costs[name, None] = Cost(cycles, float(rng.integers(100, 1000)))
        for choice, share in zip(moves[name], np.sort(rng.uniform(0.1, 0.9, 3)), strict=True):
            costs[name, choice] = Cost(int(cycles * share), costs[name, None].energy_pj * float(share))
    return moves, costs


class Quality:
    """Each choice loses a share; together a little more or less than one by one."""

    def __init__(self, moves: dict[str, list[Choice]], seed: int, spread: float = 0.0) -> None:
        rng = np.random.default_rng([seed, 1])
        self.lost = {
            (name, choice): float(loss)
            for name, some in moves.items()
            for choice, loss in zip(some, np.sort(rng.uniform(0, 0.012, len(some)))[::-1], strict=True)
        }
        self.spread, self.seed, self.calls = spread, seed, 0

    def __call__(self, choices: Choices) -> float:
        self.calls += 1
        lost = sum(self.lost[each] for each in choices.items())
        noise = np.random.default_rng([self.seed, len(choices), int(1e9 * lost)]).uniform(-1, 1)
        return 0.8 * (1 - lost + self.spread * float(noise) * bool(choices))


@pytest.mark.parametrize("objective", ["cycles", "energy", "edp"])
@pytest.mark.parametrize("seed", range(12))
def test_beside_trying_everything(seed: int, objective: str) -> None:
    moves, costs = network(seed)
    quality = Quality(moves, seed, spread=0.001 * (seed % 2))
    found = search(moves, lambda name, choice: costs[name, choice], quality, objective, least=0.99)
    exact, _ = best(moves, lambda name, choice: costs[name, choice], quality, objective, 0.99)
    assert quality(found.choices) == found.quality >= 0.99 * found.original
    assert exact <= found.cost.of(objective) <= found.plain.of(objective)
    assert found.cost.of(objective) <= 1.3 * exact  # the largest gap of these 36 is 1.29
    assert found.measured < 100


def test_greedy_is_exact_where_everything_fits() -> None:
    moves, costs = network(1, layers=4)
    found = search(moves, lambda name, choice: costs[name, choice], Quality(moves, 1), least=0.5)
    exact, choices = best(moves, lambda name, choice: costs[name, choice], Quality(moves, 1), "edp", 0.5)
    assert found.choices == choices
    assert found.cost.of("edp") == exact


def test_steps_fall_and_stay_good_enough() -> None:
    moves, costs = network(4, layers=6)
    found = search(moves, lambda name, choice: costs[name, choice], Quality(moves, 4), least=0.98)
    values = [found.plain.of("edp"), *(step.cost.of("edp") for step in found.steps)]
    assert values == sorted(values, reverse=True)
    assert all(step.quality >= 0.98 * found.original for step in found.steps)
    assert found.steps[-1].cost == found.cost


def test_what_gains_nothing_is_not_tried() -> None:
    asked: list[Choices] = []

    def quality(choices: Choices) -> float:
        asked.append(choices)
        return 1.0

    same = Cost(10, 10.0)
    found = search({"a": [("weights", "1:8")]}, lambda name, choice: same, quality)
    assert found.choices == {}
    assert asked == [{}]


@pytest.mark.parametrize(
    ("objective", "least", "quality", "rule"),
    [
        ("speed", 0.99, 1.0, "objective 'speed': choices: cycles, energy, edp"),
        ("edp", 0.0, 1.0, "share to keep must be above 0"),
        ("edp", 1.5, 1.0, "share to keep must be above 0"),
        ("edp", 0.99, 0.0, "must be above 0 to keep a share of it"),
    ],
)
def test_what_is_refused(objective: str, least: float, quality: float, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        search({"a": []}, lambda name, choice: Cost(1, 1.0), lambda choices: quality, objective, least)


def test_a_journal_keeps_what_was_measured(tmp_path: Path) -> None:
    path, subject = tmp_path / "s.yaml.unfinished", {"network": "n"}
    journal = Journal(path, subject)
    journal.put(["cost", "a", None], [3, 4.5])
    journal.put(["quality", []], 0.5)
    with path.open("a") as file:
        file.write('["half a li')  # interrupted
    again = Journal(path, subject)
    assert len(again) == 2
    assert again.get(["cost", "a", None]) == [3, 4.5]
    assert again.get(["quality", []]) == 0.5
    assert again.get(["quality", ["b"]]) is None
    again.put(["quality", ["b"]], 1)
    assert len(Journal(path, subject)) == 3
    with pytest.raises(InputError, match="measurements of another search"):
        Journal(path, {"network": "other"})
    path.write_text("no journal\n")
    with pytest.raises(InputError, match="measurements of another search"):
        Journal(path, subject)
    with pytest.raises(InputError, match="cannot be used"):
        Journal(tmp_path / "nowhere" / "x", subject)


def test_an_exchange_may_take_two_series_back() -> None:
    # Both trade energy for cycles; what C saves in cycles makes that a bad trade.
    trade = {None: Cost(10, 40.0), ("weights", "2:4"): Cost(11, 38.0)}
    costs = {"A": trade, "B": trade, "C": {None: Cost(80, 20.0), ("weights", "2:4"): Cost(1, 20.0)}}
    found = search(
        {name: [("weights", "2:4")] for name in costs},
        lambda name, choice: costs[name][choice],
        lambda choices: 1 - 0.005 * ("C" in choices),
    )
    assert set(found.choices) == {"C"}
    assert found.steps[-1].choice is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("3\n", "cannot be used"),
        ("[[1], 2]\n", "is no measurement"),
        ("{\n", "cannot be used"),
        ("[1]\n", "cannot be used"),
    ],
)
def test_a_damaged_journal_is_one_clear_error(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "journal"
    Journal(path, {"a": 1}).put("key", 2)
    path.write_text(path.read_text() + text)
    with pytest.raises(InputError, match=rule):
        Journal(path, {"a": 1})


def test_a_journal_whose_first_line_was_interrupted_is_new(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for text in ("", '{"tasder": {"a"'):
        path.write_text(text)
        assert len(Journal(path, {"a": 1})) == 0
    Journal(path, {"a": 1}).put("key", 2)
    assert Journal(path, {"a": 1}).get("key") == 2
