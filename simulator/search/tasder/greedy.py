"""Greedy search of a series per layer, by measured sensitivity.

With T and E the cycles and energy of all layers, the objective is T, E or E T. A move gives one layer a series. Every move is
first measured alone: the quality it loses. Moves are then tried in the order

    (quality lost alone) / (share of the objective gained alone),   least first, the larger gain of equals

and kept if the network, with all moves kept so far, is still as good as it must be and the objective falls; passes over the moves
are repeated until none is kept. What loses too much alone is not tried, nor what is cheaper of the same side of its layer. A layer
whose move is kept may move again, to what is cheaper.

A move kept early may stand in the way of better ones. So then two layers change at once, one of them back if need be: exchanges
that lower the objective are tried in the order of what their choices lose alone, added up over all layers, :data:`EXCHANGES` of
them at most between two that are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from simulator.errors import InputError

Choice = tuple[str, str]
"""Side and series of a layer."""

Choices = Mapping[str, Choice]
"""Of the layers that have one."""

OBJECTIVES = ("cycles", "energy", "edp")

EXCHANGES = 24
"""assumed: measurements that an improvement by an exchange is worth."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Cost:
    """Cycles, and energy in pJ."""

    cycles: int
    energy_pj: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cycles + other.cycles, self.energy_pj + other.energy_pj)

    def of(self, objective: str) -> float:
        """Cycles, pJ, or pJ x cycles.

        Raises
        ------
        InputError
            No such objective.
        """
        if objective not in OBJECTIVES:
            raise InputError(f"objective {objective!r}: choices: {', '.join(OBJECTIVES)}")
        parts = {"cycles": float(self.cycles), "energy": self.energy_pj, "edp": self.energy_pj * self.cycles}
        return parts[objective]


@dataclass(frozen=True)
class Step:
    """A move that was kept.

    Attributes
    ----------
    layer : str
    choice : (str, str), optional
        Without it the layer runs as it is again.
    quality : float
        Of the network with it and all before.
    cost : Cost
    """

    layer: str
    choice: Choice | None
    quality: float
    cost: Cost


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    choices : dict of str to (str, str)
    original : float
        Quality without any series.
    quality : float
    plain, cost : Cost
        Without any series, and with the choices.
    steps : tuple of Step
        Moves in the order they were kept: the curve of quality against cost.
    measured : int
        Networks whose quality was asked for.
    """

    choices: dict[str, Choice]
    original: float
    quality: float
    plain: Cost
    cost: Cost
    steps: tuple[Step, ...]
    measured: int


def search(
    moves: Mapping[str, Sequence[Choice]],
    cost: Callable[[str, Choice | None], Cost],
    quality: Callable[[Choices], float],
    objective: str = "edp",
    least: float = 0.99,
    tell: Tell | None = None,
) -> Found:
    """Search.

    Parameters
    ----------
    moves : mapping of str to sequence of (str, str)
        What may be tried, by layer; layers with nothing to try count for the cost.
    cost : callable
        Of a layer with a choice, or as it is (None).
    quality : callable
        Of the network, the higher the better, above 0.
    objective : str
        One of :data:`OBJECTIVES`.
    least : float
        Share of the original quality that must be kept, above 0.
    tell : callable, optional
        See :data:`Tell`.

    Raises
    ------
    InputError
        No such objective, a share that is none, or a quality that is not above 0.
    """
    run = _Search(moves, cost, quality, objective, least, tell or (lambda what, done, of: None))
    return run.found()


class _Search:
    def __init__(
        self,
        moves: Mapping[str, Sequence[Choice]],
        cost: Callable[[str, Choice | None], Cost],
        quality: Callable[[Choices], float],
        objective: str,
        least: float,
        tell: Tell,
    ) -> None:
        if not 0 < least <= 1:
            raise InputError(f"quality {least}: the share to keep must be above 0 and at most 1")
        Cost(0, 0.0).of(objective)
        self.moves, self.cost, self.objective, self.tell = moves, cost, objective, tell
        self.measure, self.measured = quality, 0
        self.known: dict[tuple[str, Choice | None], Cost] = {}
        self.lost: dict[tuple[str, Choice], float] = {}
        self.original = self.quality({})
        if not self.original > 0:
            raise InputError(
                f"the network's quality is {self.original}: must be above 0 to keep a share of it"
            )
        self.least = least * self.original
        self.plain = self.total({})

    def quality(self, choices: Choices) -> float:
        self.measured += 1
        return self.measure(dict(sorted(choices.items())))

    def total(self, choices: Choices) -> Cost:
        whole = Cost(0, 0.0)
        for layer in self.moves:
            whole += self.one(layer, choices.get(layer))
        return whole

    def one(self, layer: str, choice: Choice | None) -> Cost:
        key = layer, choice
        if key not in self.known:
            self.known[key] = self.cost(layer, choice)
        return self.known[key]

    def found(self) -> Found:
        ordered = self._ordered()
        choices: dict[str, Choice] = {}
        kept, steps = self.original, list[Step]()
        again, turn = True, 0
        while again:
            again, turn = False, turn + 1
            for place, (layer, choice) in enumerate(ordered):
                self.tell(f"pass {turn}", place, len(ordered))
                tried = {**choices, layer: choice}
                if choices.get(layer) == choice or not self._less(tried, choices):
                    continue
                quality = self.quality(tried)
                if quality >= self.least:
                    choices, kept, again = tried, quality, True
                    steps.append(Step(layer, choice, quality, self.total(choices)))
            self.tell(f"pass {turn}", len(ordered), len(ordered))
        while (better := self._exchanged(choices)) is not None:
            layer, choices, kept = better
            steps.append(Step(layer, choices.get(layer), kept, self.total(choices)))
        return Found(
            choices, self.original, kept, self.plain, self.total(choices), tuple(steps), self.measured
        )

    def _exchanged(self, choices: dict[str, Choice]) -> tuple[str, dict[str, Choice], float] | None:
        """(Layer, choices, quality) of an exchange that is good enough and costs less; None if none of those tried is."""
        now = self.total(choices).of(self.objective)
        options = {
            name: [None, *(c for c in some if (name, c) in self.lost)] for name, some in self.moves.items()
        }
        found: dict[tuple[Any, ...], tuple[float, float, str]] = {}
        for (one, mine), (other, its) in combinations(options.items(), 2):
            for first, second in product(mine, its):
                if first == choices.get(one) or second == choices.get(other):
                    continue
                tried = {**choices, one: first, other: second}
                some = {name: choice for name, choice in tried.items() if choice is not None}
                value = self.total(some).of(self.objective)
                if value < now and some:
                    lost = sum(self.lost[each] for each in some.items())
                    found[tuple(sorted(some.items()))] = lost, value, one if first is not None else other
        order = sorted(found, key=lambda key: found[key][:2])
        for place, key in enumerate(order[:EXCHANGES]):
            self.tell("exchanges", place, min(EXCHANGES, len(order)))
            quality = self.quality(dict(key))
            if quality >= self.least:
                return found[key][2], dict(key), quality
        return None

    def _less(self, tried: Choices, choices: Choices) -> bool:
        return self.total(tried).of(self.objective) < self.total(choices).of(self.objective)

    def _ordered(self) -> list[tuple[str, Choice]]:
        """Moves that gain something and lose little alone, in the order they are tried."""
        whole = self.plain.of(self.objective)
        every = [
            (layer, choice)
            for layer, some in self.moves.items()
            for choice in self._dearest_first(layer, some)
        ]
        told: list[tuple[float, float, Any]] = []
        failed: set[tuple[str, str]] = set()
        for place, (layer, choice) in enumerate(every):
            self.tell("sensitivity", place, len(every))
            gained = 1 - self.total({layer: choice}).of(self.objective) / whole
            if gained <= 0 or (layer, choice[0]) in failed:
                continue
            quality = self.quality({layer: choice})
            if quality < self.least:
                failed.add((layer, choice[0]))
                continue
            lost = self.lost[layer, choice] = max(0.0, 1 - quality / self.original)
            told.append((lost / gained, -gained, (layer, choice)))
        self.tell("sensitivity", len(every), len(every))
        return [move for _, _, move in sorted(told)]

    def _dearest_first(self, layer: str, some: Sequence[Choice]) -> list[Choice]:
        return sorted(some, key=lambda choice: -self.one(layer, choice).of(self.objective))
