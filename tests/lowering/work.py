"""What the tests of lowerings against their oracles share: random layers, small machines, and the comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
from differential.test_engines import differences

import simulator
from simulator import Layer, Machine
from simulator.lowering import Lowered
from simulator.plan import Plan
from simulator.plan.check import problems
from simulator.plan.rung import Rung
from simulator.registry import resolve

DENSITIES = (0.0, 0.03, 0.3, 0.8, 1.0)
M = TypeVar("M", bound=Machine)


class Work(Protocol):
    """What an oracle counts."""

    actions: Counter[tuple[str, str]]
    demand: Counter[str]
    traffic: Counter[str]


def layer(seed: int, product: tuple[int, int, int], convolution: tuple[int, int, int, int]) -> Layer:
    """A product with sizes below (M, K, N), or a convolution of two images below (channels, filters, height, width)."""
    rng = np.random.default_rng(seed)
    kept, density = rng.choice(DENSITIES, 2)
    if seed % 2:
        m, k, n = (int(x) for x in rng.integers(1, product))
        return simulator.gemm(rng.random((m, k)) < kept, rng.random((k, n)) < density)
    groups = int(rng.integers(1, 3))
    c, m, height, width = (int(x) for x in rng.integers((1, 1, 3, 3), convolution))
    weights = rng.random((m * groups, c, 3, 2)) < kept
    inputs = rng.random((2, c * groups, height, width)) < density
    return simulator.conv2d(weights, inputs, int(rng.integers(1, 3)), int(rng.integers(3)), groups=groups)


def small(name: str, organisation: type[M], choices: Mapping[str, Sequence[object]], seed: int) -> M:
    """The machine with one of the choices for each parameter."""
    rng = np.random.default_rng([seed, 1])
    changes = {path: str(rng.choice([str(value) for value in values])) for path, values in choices.items()}
    return simulator.load_machine(name, organisation, changes)


def check_work(found: Lowered, work: Work) -> None:
    """Every action, demand and byte of the plan is the oracle's."""
    assert problems(found.plan) == []
    outcome = resolve("engine", "fast")(found.plan, Rung.S0)
    actions = Counter({(p.name, action): n for p in outcome.components for action, n in p.actions.items()})
    wrong = {
        k: (actions[k], work.actions[k]) for k in actions | work.actions if actions[k] != work.actions[k]
    }
    assert wrong == {}
    assert {p.name: p.demand for p in outcome.components if p.demand} == dict(work.demand)
    assert found.traffic["dram"] == dict(work.traffic)


def check_engines(plan: Plan) -> None:
    """Both engines give the same outcome at every rung."""
    for rung in Rung:
        fast, reference = (resolve("engine", engine)(plan, rung) for engine in ("fast", "reference"))
        assert fast.digest == reference.digest, "\n".join(differences(reference, fast))
