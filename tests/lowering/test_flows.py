"""Streams with the same bits are told once, and as they are when each is told."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import simulator
from simulator.hardware import load
from simulator.lowering import flows, lower
from simulator.plan import Plan
from simulator.sparsity.patterns import parse

CAUSAL = np.tril(np.ones((512, 512), dtype=bool)).T
HALVES = np.random.default_rng(3).random((512, 512)) < 0.5
MIXED = np.where(np.arange(512) < 128, CAUSAL, HALVES)
"""Columns that come again before columns that do not."""


def told(inputs: NDArray[np.bool_], machine: str) -> Plan:
    weights = parse("C1(4:8)->C0(2:4)").generate((64, len(inputs)), seed=1)
    return lower(load(machine), simulator.gemm(weights, inputs)).plan


def items(plan: Plan) -> list[list[tuple[int, ...]]]:
    return [[row for c in p.chunks() for row in c.items()] for part in plan.components for p in part.programs]


def values(plan: Plan) -> int:
    return sum(len(c.vectors) for part in plan.components for p in part.programs for c in p.chunks())


@pytest.mark.parametrize(
    ("machine", "inputs", "fewer"),
    [
        ("highlight", CAUSAL, True),
        ("stc_dual", CAUSAL, True),
        ("stc_dual", HALVES, False),
        ("stc_dual", MIXED, True),
    ],
)
def test_streams_that_are_alike_are_told_as_each_by_itself(
    monkeypatch: pytest.MonkeyPatch, machine: str, inputs: NDArray[np.bool_], fewer: bool
) -> None:
    plan = told(inputs, machine)
    monkeypatch.setattr(flows, "TRIED", 0)
    each = told(inputs, machine)
    assert items(plan) == items(each)
    assert (values(plan) < values(each)) == fewer
