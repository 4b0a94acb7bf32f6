"""Every network at every degree on every machine: series searched for it, then simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import simulator
from simulator.api.series import layer_cost, series_moves
from simulator.hardware.organisations.stationary import Stationary
from simulator.search.tasder import Choice, Choices, Cost, search
from simulator.workload.layer import Layer
from validation.studies.tasd.networks import NETWORKS, Subject

BASELINES = ("tc", "dstc")
TTC = ("ttc_stc_m4", "ttc_stc_m8", "ttc_vegeta_m4", "ttc_vegeta_m8")
LEAST = 0.99
SIDES = ("weights", "inputs")


@dataclass(frozen=True)
class Point:
    """A network of a seed and a degree on a machine.

    Attributes
    ----------
    network, seed, degree, machine : str, int, str, str
    cycles : int
    energy_pj : float
    quality, unseen : (float, float)
        Without series and with them; on data the search did not see.
    choices : dict of str to (str, str)
        By layer, without the degree in its name; layers in order, None: as it is.
    curve : list of (float, float)
        EDP over that without series, and quality over the original, after every move that was kept.
    """

    network: str
    seed: int
    degree: str
    machine: str
    cycles: int
    energy_pj: float
    quality: tuple[float, float]
    unseen: tuple[float, float]
    choices: dict[str, Choice | None]
    curve: list[tuple[float, float]]

    @property
    def edp(self) -> float:
        """pJ x cycles."""
        return self.energy_pj * self.cycles

    @property
    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        return asdict(self)


def points(network: str, seed: int, quick: bool, tell: Callable[[str], None]) -> Iterator[Point]:
    """All points of a network and a seed."""
    known: dict[Any, Cost] = {}
    tell(f"{network}, seed {seed}: training")
    for degree, subject in NETWORKS[network](seed, quick, lambda done, of: None):
        tell(f"{network}, seed {seed}, {degree}: quality {subject.quality({}):.4f}")
        qualities: dict[Any, float] = {}

        def quality(
            choices: Choices, subject: Subject = subject, qualities: dict[Any, float] = qualities
        ) -> float:
            key = tuple(sorted(choices.items()))
            if key not in qualities:
                qualities[key] = subject.quality(choices)
            return qualities[key]

        unseen = subject.unseen({})
        for name in BASELINES:
            cost = total(name, subject, {})
            good = quality({})
            yield Point(
                network,
                seed,
                degree,
                name,
                cost.cycles,
                cost.energy_pj,
                (good, good),
                (unseen, unseen),
                {},
                [],
            )
        for name in TTC:
            yield _searched(network, seed, degree, name, subject, quality, unseen, known)
            tell(f"{network}, seed {seed}, {degree}: {name}")


def _searched(
    network: str,
    seed: int,
    degree: str,
    name: str,
    subject: Subject,
    quality: Callable[[Choices], float],
    unseen: float,
    known: dict[Any, Cost],
) -> Point:
    machine = simulator.load_machine(name, Stationary)
    layers = {layer.name: layer for layer in subject.layers}

    def cost(layer: str, choice: Choice | None) -> Cost:
        """Of a series as on the first network of these shapes; without one on this network."""
        key = name, _shape(layers[layer]), choice if choice is not None else (degree, layer)
        if key not in known:
            known[key] = layer_cost(machine, layers[layer], choice)
        return known[key]

    found = search(series_moves(machine, subject, SIDES), cost, quality, "edp", LEAST)
    whole = total(name, subject, found.choices)
    start = found.plain.of("edp")
    curve = [
        (1.0, 1.0),
        *((step.cost.of("edp") / start, step.quality / found.original) for step in found.steps),
    ]
    return Point(
        network,
        seed,
        degree,
        name,
        whole.cycles,
        whole.energy_pj,
        (found.original, found.quality),
        (unseen, subject.unseen(found.choices)),
        {key.partition("/")[2]: found.choices.get(key) for key in layers},
        curve,
    )


def _shape(layer: Layer) -> str:
    return f"{layer.einsum.text} {dict(layer.einsum.ranks)}"


def total(machine: str, subject: Subject, choices: Choices) -> Cost:
    """All layers of a network, simulated with their own operands."""
    hw = simulator.load(machine)
    whole = Cost(0, 0.0)
    for layer in subject.layers:
        whole += layer_cost(hw, layer, choices.get(layer.name))
    return whole
