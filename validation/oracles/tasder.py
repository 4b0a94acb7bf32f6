"""The best series of every layer, by trying all of them: what a search is held to on small networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from simulator.search.tasder import Choice, Choices, Cost


def best(
    moves: Mapping[str, Sequence[Choice]],
    cost: Callable[[str, Choice | None], Cost],
    quality: Callable[[Choices], float],
    objective: str,
    least: float,
) -> tuple[float, dict[str, Choice]]:
    """(Objective, choices) of the cheapest network that is good enough."""
    names = list(moves)
    original = quality({})
    found: tuple[float, dict[str, Choice]] | None = None
    for some in product(*([None, *moves[name]] for name in names)):
        whole = Cost(0, 0.0)
        for name, choice in zip(names, some, strict=True):
            whole += cost(name, choice)
        choices = {name: choice for name, choice in zip(names, some, strict=True) if choice is not None}
        value = whole.of(objective)
        if quality(choices) >= least * original and (found is None or value < found[0]):
            found = value, choices
    assert found is not None
    return found
