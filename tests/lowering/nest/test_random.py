"""Random design points: the lowering against the oracle of sets, its plan on both engines, and the rungs in order."""

from __future__ import annotations

import numpy as np
import pytest
from lowering.nest.points import random_point

from simulator.engine.fast import run as fast
from simulator.engine.reference import run as reference
from simulator.errors import InputError
from simulator.lowering.nest import NestLayer, lower
from simulator.plan.check import problems
from simulator.plan.rung import Rung
from validation.oracles.design_point import Oracle

SMALL = 1500
"""Multiplications the oracle takes in a fraction of a second."""


def lowered(seed: int) -> NestLayer:
    point, tensors = random_point(seed)
    if point.product.computes > SMALL:
        pytest.skip("too many multiplications for sets")
    try:
        return lower(point, tensors)
    except InputError:
        pytest.skip("two rules pack lanes, which is refused")


def plain(counts) -> dict[tuple[str, str, str, str], int]:
    return {
        (level, tensor, access, state): n
        for level, tensors in counts.items()
        for tensor, accesses in tensors.items()
        for access, told in accesses.items()
        for state, n in zip(("actual", "gated", "skipped"), told, strict=True)
        if n
    }


@pytest.mark.parametrize("seed", range(150))
def test_counts_products_and_outputs_are_those_of_the_oracle(seed):
    layer = lowered(seed)
    oracle = Oracle(layer.point, layer.tensors)
    told = oracle.run()
    assert plain(layer.counted.counts()) == {key: n for key, n in told.counts.items() if n}
    assert layer.counted.computes() == tuple(told.computes[s] for s in ("actual", "gated", "skipped"))
    assert layer.macs["slots"] == told.slots
    np.testing.assert_array_equal(layer.counted.outputs, told.outputs)
    layer.verify()
    if not oracle._packs():
        assert fast(layer.plan, Rung.S0).cycles == oracle.cycles()


@pytest.mark.parametrize("seed", range(0, 400, 5))
def test_engines_agree_and_rungs_are_in_order(seed):
    plan = lowered(seed).plan
    assert problems(plan) == []
    cycles = {}
    for rung in Rung:
        outcome = fast(plan, rung)
        assert outcome.digest == reference(plan, rung).digest
        cycles[rung] = outcome.cycles
    assert cycles[Rung.S0] <= cycles[Rung.S1] <= cycles[Rung.S2] <= cycles[Rung.S3]
    assert cycles[Rung.S4] >= cycles[Rung.S1]


@pytest.mark.parametrize("seed", range(0, 200, 4))
def test_actions_of_the_plan_are_the_counts(seed):
    layer = lowered(seed)
    told = {}
    for part in fast(layer.plan, Rung.S0).components:
        for name, n in part.actions.items():
            told[part.name.split(".")[0], name] = told.get((part.name.split(".")[0], name), 0) + n
    states = {"actual": "", "gated": "_gated", "skipped": "_skipped"}
    timed = {key: n for key, n in plain(layer.counted.counts()).items() if key[3] != "skipped"}
    for (level, tensor, access, state), n in timed.items():
        assert told[level, f"{tensor}.{access}{states[state]}"] == n


def test_random_points_meet_every_rule():
    met = dict.fromkeys(
        ("gated", "skipped", "metadata", "read back", "packed", "imperfect", "shared port"), 0
    )
    for seed in range(150):
        point, tensors = random_point(seed)
        if point.product.computes > SMALL:
            continue
        try:
            layer = lower(point, tensors)
        except InputError:
            continue
        counts = plain(layer.counted.counts())
        met["gated"] += any(key[3] == "gated" for key in counts)
        met["skipped"] += any(key[3] == "skipped" for key in counts)
        met["metadata"] += any(key[2].startswith("metadata") for key in counts)
        met["read back"] += any(feed.back and feed.record.any() for feed in layer.counted.feeds)
        met["packed"] += any(
            r.kind in ("spatial-skipping", "position-skipping")
            for f in point.features.levels.values()
            for r in f.rules
        )
        met["imperfect"] += any(
            np.prod([x.bound for _, x in point.nest.loops() if x.rank == r]) > n
            for r, n in point.product.ranks
        )
        met["shared port"] += any(s.shared_bandwidth is not None for s in point.hierarchy.storage)
    assert min(met.values()) >= 5, met
